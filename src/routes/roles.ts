import { listOf } from '../contracts/lists.ts'
import { NewRole, PermissionView, Role, RoleChanges, RoleParam } from '../contracts/roles.ts'
import { PERMISSIONS, type Permission } from '../domain/permissions.ts'
import { json } from '../http/body.ts'
import { permission, reader } from '../http/guards.ts'
import { answer, route } from '../http/route.ts'
import { createRouter } from '../http/router.ts'
import { changeRole, createRole, deleteRole, readRoles } from '../services/roles/roles.ts'

const tags = ['Administration']

const permissionsRoute = route({
  method: 'get',
  path: '/permissions',
  tags,
  summary: 'All permissions',
  description: 'Needs the permission `roles:read`.',
  guard: permission('roles:read'),
  answers: { 200: answer(listOf(PermissionView), 'The fixed list.') },
})

const listRoute = route({
  method: 'get',
  path: '/roles',
  tags,
  summary: 'All roles',
  description: 'Needs the permission `roles:read`.',
  guard: reader({ permission: 'roles:read' }),
  answers: { 200: answer(listOf(Role), 'By name.') },
})

const createRoleRoute = route({
  method: 'post',
  path: '/roles',
  tags,
  summary: 'Make a role',
  description: 'Needs the permission `roles:write`, and every permission that the role gives.',
  guard: permission('roles:write', { isRecent: true }),
  body: json(NewRole),
  answers: { 201: answer(Role, 'The role.') },
  refuses: ['role_exists', 'role_limit_reached', 'permission_not_held'],
})

const changeRoute = route({
  method: 'patch',
  path: '/roles/{name}',
  tags,
  summary: 'Change a role',
  description:
    'Needs the permission `roles:write`, and every permission that the role gives or is to give. Of a built-in role, the description and `mfaRequired` can be changed.',
  guard: permission('roles:write', { isRecent: true }),
  params: RoleParam,
  body: json(RoleChanges),
  answers: { 200: answer(Role, 'The role as it is now.') },
  refuses: ['not_found', 'built_in_role', 'permission_not_held', 'role_exists'],
})

const deleteRoute = route({
  method: 'delete',
  path: '/roles/{name}',
  tags,
  summary: 'Delete a role that nobody has',
  description: 'Needs the permission `roles:write`, and every permission that the role gives.',
  guard: permission('roles:write', { isRecent: true }),
  params: RoleParam,
  answers: { 204: { description: 'It is gone.' } },
  refuses: ['not_found', 'built_in_role', 'role_in_use', 'permission_not_held'],
})

const permissionList = Object.entries(PERMISSIONS).map(([name, description]) => ({
  name: name as Permission,
  description,
}))

export const roleRoutes = createRouter()
  .openapi(permissionsRoute, (c) => c.json({ items: permissionList, nextCursor: null }, 200))
  .openapi(listRoute, async (c) =>
    c.json({ items: await readRoles(c.get('platform'), c.get('readAsCaller')), nextCursor: null }, 200),
  )
  .openapi(createRoleRoute, async (c) =>
    c.json(await createRole(c.get('platform'), c.get('caller').account, c.req.valid('json')), 201),
  )
  .openapi(changeRoute, async (c) => {
    const { name } = c.req.valid('param')
    return c.json(await changeRole(c.get('platform'), c.get('caller').account, name, c.req.valid('json')), 200)
  })
  .openapi(deleteRoute, async (c) => {
    await deleteRole(c.get('platform'), c.get('caller').account, c.req.valid('param').name)
    return c.body(null, 204)
  })
