import { z } from '@hono/zod-openapi'
import { PERMISSIONS, type Permission } from '../domain/permissions.ts'

export const RoleName = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,31}$/, 'Use up to 32 lower-case letters, digits and hyphens, and begin with a letter.')
  .openapi({ example: 'support' })

export const PermissionName = z
  .enum(Object.keys(PERMISSIONS) as [Permission, ...Permission[]])
  .openapi('PermissionName', { example: 'users:read' })

const Description = z.string().trim().min(1).max(200)
const Permissions = z.array(PermissionName).max(Object.keys(PERMISSIONS).length)

export const Role = z
  .object({
    name: z.string(),
    description: z.string(),
    permissions: z.array(z.string()),
    mfaRequired: z.boolean(),
    builtIn: z.boolean(),
  })
  .openapi('Role')
export type Role = z.infer<typeof Role>

export const NewRole = z
  .strictObject({
    name: RoleName,
    description: Description,
    permissions: Permissions,
    mfaRequired: z.boolean().default(false),
  })
  .openapi('NewRole')
export type NewRole = z.infer<typeof NewRole>

export const RoleChanges = z
  .strictObject({
    name: RoleName.optional(),
    description: Description.optional(),
    permissions: Permissions.optional(),
    mfaRequired: z.boolean().optional(),
  })
  .openapi('RoleChanges')
export type RoleChanges = z.infer<typeof RoleChanges>

export const RoleAssignment = z.strictObject({ roles: z.array(RoleName).max(32) }).openapi('RoleAssignment')

export const PermissionView = z.object({ name: PermissionName, description: z.string() }).openapi('Permission')
