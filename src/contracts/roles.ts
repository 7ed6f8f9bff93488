import * as z from 'zod'
import { onDemand } from '../domain/on-demand.ts'
import { PERMISSIONS, type Permission } from '../domain/permissions.ts'
import { named } from './common.ts'

export const roleName = () =>
  z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,31}$/, 'Use up to 32 lower-case letters, digits and hyphens, and begin with a letter.')
    .meta({ example: 'support' })

const PermissionName = named('PermissionName', () =>
  z.enum(Object.keys(PERMISSIONS) as [Permission, ...Permission[]]).meta({ example: 'users:read' }),
)

const roleDescription = () => z.string().trim().min(1).max(200)

const permissionList = () => z.array(PermissionName).max(Object.keys(PERMISSIONS).length)

export const Role = named('Role', () =>
  z.object({
    name: z.string(),
    description: z.string(),
    permissions: z.array(z.string()),
    mfaRequired: z.boolean(),
    builtIn: z.boolean(),
  }),
)

export type Role = z.infer<typeof Role>

export const NewRole = named('NewRole', () =>
  z.strictObject({
    name: roleName(),
    description: roleDescription(),
    permissions: permissionList(),
    mfaRequired: z.boolean().default(false),
  }),
)

export type NewRole = z.infer<typeof NewRole>

export const RoleChanges = named('RoleChanges', () =>
  z.strictObject({
    name: roleName().optional(),
    description: roleDescription().optional(),
    permissions: permissionList().optional(),
    mfaRequired: z.boolean().optional(),
  }),
)

export type RoleChanges = z.infer<typeof RoleChanges>

export const RoleAssignment = named('RoleAssignment', () => z.strictObject({ roles: z.array(roleName()).max(32) }))

export const PermissionView = named('Permission', () => z.object({ name: PermissionName, description: z.string() }))

export const RoleParam = onDemand(() => z.object({ name: z.string().max(32) }))
