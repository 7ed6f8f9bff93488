import { beforeAll, describe, expect, it } from 'vitest'
import { MAX_ROLES } from '../../../src/config.ts'
import { listOf } from '../../../src/contracts/lists.ts'
import { PermissionView, Role } from '../../../src/contracts/roles.ts'
import { PERMISSIONS } from '../../../src/domain/permissions.ts'
import { administrator, verified } from '../../support/accounts.ts'
import { answerOf, expectNoContent, expectRefusal } from '../../support/answers.ts'
import { countRows, rows } from '../../support/database.ts'

type Person = Awaited<ReturnType<typeof administrator>>
let admin: Person
/** Somebody who may change roles, but holds few of the permissions that roles can give. */
let clerk: Person
let made = 0

const newName = () => {
  made += 1
  return `team-${made}`
}
const create = (person: Person, role: Record<string, unknown>) =>
  person.send('POST', '/roles', { description: 'For a test.', permissions: [], ...role })
const permissionsIn = async (role: string) =>
  (await rows('select permission from role_permissions where role = ? order by permission', role)).map(
    ({ permission }) => permission,
  )

beforeAll(async () => {
  admin = await administrator()
  clerk = await administrator(['roles:write', 'roles:read', 'users:read'])
})

describe('GET /permissions', () => {
  it('lists every permission with what it lets its holder do', async () => {
    const { items, nextCursor } = await answerOf(await clerk.send('GET', '/permissions'), listOf(PermissionView))
    expect(nextCursor).toBeNull()
    expect(Object.fromEntries(items.map(({ name, description }) => [name, description]))).toEqual(PERMISSIONS)
  })

  it('names what the built-in administrator may do: all of it', async () => {
    expect(await permissionsIn('admin')).toEqual(Object.keys(PERMISSIONS).sort())
  })
})

describe('POST /roles', () => {
  it('makes a role, and the trail names who made it', async () => {
    const name = newName()
    const wanted = { name, description: 'Answers questions.', permissions: ['audit:read', 'users:read'] as const }
    const role = await answerOf(await create(admin, wanted), Role, 201)
    expect(role).toEqual({ ...wanted, mfaRequired: false, builtIn: false })
    expect((await answerOf(await admin.send('GET', '/roles'), listOf(Role))).items).toContainEqual(role)
    const [event] = await rows(
      "select actor_id, user_id from audit_events where type = 'role.created' and details like ?",
      `%${name}%`,
    )
    expect(event).toEqual({ actor_id: admin.id, user_id: null })
  })

  it('refuses a permission that the maker lacks, and makes nothing (ASVS 8.3.3)', async () => {
    const name = newName()
    await expectRefusal(await create(clerk, { name, permissions: ['users:delete'] }), 403, 'permission_not_held')
    expect(await countRows('roles', 'name = ?', name)).toBe(0)
    expect(await countRows('role_permissions', 'role = ?', name)).toBe(0)
  })

  it.each([
    ['a name that is taken', { name: 'user' }, 409, 'role_exists'],
    ['a name with capitals', { name: 'Team' }, 400, 'invalid_request'],
    ['a permission that does not exist', { permissions: ['users:own'] }, 400, 'invalid_request'],
    ['an unknown member', { builtIn: true }, 400, 'invalid_request'],
  ])('refuses %s', async (_, body, status, code) => {
    await expectRefusal(await create(admin, { name: newName(), ...body }), status, code)
  })

  it('makes no more roles than there may be, also when fifty are made at once', async () => {
    const [{ count } = {}] = await rows('select count(*) as count from roles')
    const filler = MAX_ROLES - Number(count) - 5
    for (let index = 0; index < filler; index += 1)
      await rows('insert into roles (name, description) values (?, ?)', `filler-${index}`, 'A filler.')
    const answers = await Promise.all(Array.from({ length: 50 }, () => create(admin, { name: newName() })))
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(5)
    const refused = answers.find(({ status }) => status !== 201)
    if (refused) await expectRefusal(refused, 409, 'role_limit_reached')
    await rows("delete from roles where name like 'filler-%'")
  })
})

describe('PATCH /roles/{name}', () => {
  it('changes its name, its permissions and whether it needs a factor; its members keep it', async () => {
    const name = newName()
    const { id } = await verified()
    await create(admin, { name, permissions: ['audit:read', 'stats:read'] })
    await rows('insert into user_roles (user_id, role) values (?, ?)', id, name)
    const changes = { name: `${name}-new`, permissions: ['stats:read', 'users:read'], mfaRequired: true }
    const role = await answerOf(await admin.send('PATCH', `/roles/${name}`, changes), Role)
    expect(role).toMatchObject(changes)
    expect(await permissionsIn(`${name}-new`)).toEqual(['stats:read', 'users:read'])
    expect(await permissionsIn(name)).toEqual([])
    expect(await countRows('user_roles', 'user_id = ? and role = ?', id, `${name}-new`)).toBe(1)
  })

  it('takes effect at once for whoever has the role', async () => {
    const reader = await administrator(['users:read'])
    expect((await reader.send('GET', '/users')).status).toBe(200)
    await admin.send('PATCH', `/roles/${reader.role}`, { permissions: [] })
    await expectRefusal(await reader.send('GET', '/users'), 403, 'forbidden')
  })

  it('refuses to give what the caller lacks, and to touch a role that permits more than the caller may', async () => {
    const [weak, strong] = [newName(), newName()]
    await create(admin, { name: weak, permissions: ['users:read'] })
    await create(admin, { name: strong, permissions: ['users:delete'] })
    const give = { permissions: ['users:read', 'users:delete'] }
    await expectRefusal(await clerk.send('PATCH', `/roles/${weak}`, give), 403, 'permission_not_held')
    await expectRefusal(await clerk.send('PATCH', `/roles/${strong}`, { permissions: [] }), 403, 'permission_not_held')
    await expectRefusal(
      await clerk.send('PATCH', `/roles/${strong}`, { mfaRequired: true }),
      403,
      'permission_not_held',
    )
    expect([await permissionsIn(weak), await permissionsIn(strong)]).toEqual([['users:read'], ['users:delete']])
  })

  it('leaves name and permissions of a built-in role alone, and lets the rest be changed', async () => {
    await expectRefusal(await admin.send('PATCH', '/roles/admin', { permissions: [] }), 409, 'built_in_role')
    await expectRefusal(await admin.send('PATCH', '/roles/user', { name: 'people' }), 409, 'built_in_role')
    const role = await answerOf(await admin.send('PATCH', '/roles/user', { description: 'Everybody.' }), Role)
    expect(role).toMatchObject({ name: 'user', description: 'Everybody.', builtIn: true })
  })

  it('refuses a name that another role has, and a role that is not there', async () => {
    const [first, second] = [newName(), newName()]
    for (const name of [first, second]) await create(admin, { name })
    await expectRefusal(await admin.send('PATCH', `/roles/${first}`, { name: second }), 409, 'role_exists')
    await expectRefusal(await admin.send('PATCH', '/roles/nobody-has-this', { description: 'x' }), 404, 'not_found')
  })
})

describe('DELETE /roles/{name}', () => {
  it('deletes a role that nobody has, with its permissions', async () => {
    const name = newName()
    await create(admin, { name, permissions: ['users:read'] })
    await expectNoContent(await admin.send('DELETE', `/roles/${name}`))
    expect(await permissionsIn(name)).toEqual([])
    await expectRefusal(await admin.send('DELETE', `/roles/${name}`), 404, 'not_found')
    expect(await countRows('audit_events', "type = 'role.deleted' and details like ?", `%"${name}"%`)).toBe(1)
  })

  it('refuses one that somebody has, a built-in one, and one that permits more than the caller may', async () => {
    const name = newName()
    const { id } = await verified()
    await create(admin, { name, permissions: ['users:delete'] })
    await expectRefusal(await clerk.send('DELETE', `/roles/${name}`), 403, 'permission_not_held')
    await rows('insert into user_roles (user_id, role) values (?, ?)', id, name)
    await expectRefusal(await admin.send('DELETE', `/roles/${name}`), 409, 'role_in_use')
    await expectRefusal(await admin.send('DELETE', '/roles/user'), 409, 'built_in_role')
    expect(await countRows('roles', "name in (?, 'user')", name)).toBe(2)
  })
})

describe('the trail', () => {
  it('records nothing of a change that was refused', async () => {
    const before = await countRows('audit_events', "type = 'role.changed'")
    await admin.send('PATCH', '/roles/admin', { permissions: [] })
    expect(await countRows('audit_events', "type = 'role.changed'")).toBe(before)
  })
})
