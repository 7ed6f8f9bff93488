import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import { listOf } from '../../../src/contracts/lists.ts'
import { SessionView } from '../../../src/contracts/sessions.ts'
import { User } from '../../../src/contracts/users.ts'
import { administrator, giveSecondFactor, signedIn, verified } from '../../support/accounts.ts'
import { answerOf, expectNoContent, expectRefusal } from '../../support/answers.ts'
import { callWorker } from '../../support/call-worker.ts'
import { bearer, get, logIn, post } from '../../support/client.ts'
import { auditOf, countRows, rows } from '../../support/database.ts'
import { changedBefore } from '../../support/intercept-env.ts'

type Person = Awaited<ReturnType<typeof administrator>>
let admin: Person
beforeAll(async () => {
  admin = await administrator()
})

const search = async (query: string) => (await answerOf(await admin.send('GET', `/users?${query}`), listOf(User))).items
const emailsOf = async (query: string) => (await search(query)).map(({ email }) => email)

describe('GET /users', () => {
  it('finds people by the beginning of address, username and name, whatever case and accents (ASVS 8.2.1)', async () => {
    const { email } = await verified({
      email: 'zorro.find@example.com',
      username: 'Fuchs77',
      name: 'Ève Łąkowska-Müller',
    })
    for (const q of ['zorro', 'ZORRO.F', 'fuchs', 'FUCHS7', 'eve', 'Éve ', 'eve lak'.slice(0, 4)])
      expect(await emailsOf(`q=${encodeURIComponent(q)}`), q).toEqual([email])
    expect(await emailsOf('q=muller')).toEqual([])
    expect(await emailsOf('q=%25')).toEqual([])
    expect(await emailsOf('q=zorro_')).toEqual([])
  })

  it('filters by role, status, verified address, factor, provider and times, also together', async () => {
    const { id, email } = await verified({ email: 'filter.one@example.com' })
    const other = await verified({ email: 'filter.two@example.com' })
    await giveSecondFactor(id)
    await rows("insert into user_roles (user_id, role) values (?, 'admin')", id)
    await rows(
      'update users set email_verified_at = null, created_at = 1000, last_seen_at = 5000 where id = ?',
      other.id,
    )
    await rows(
      "insert into identities (id, user_id, provider, issuer, subject, how, created_at, last_used_at) values (?, ?, 'github', 'https://github.com', ?, 'linked', 1, 1)",
      crypto.randomUUID(),
      id,
      crypto.randomUUID(),
    )
    const inTest = async (query: string) => await emailsOf(`q=filter.&${query}`)
    expect(await inTest('role=admin')).toEqual([email])
    expect(await inTest('factor=totp')).toEqual([email])
    expect(await inTest('factor=none')).toEqual([other.email])
    expect(await inTest('factor=passkey')).toEqual([])
    expect(await inTest('provider=github')).toEqual([email])
    expect(await inTest('verified=false')).toEqual([other.email])
    expect(await inTest('verified=true&status=active&role=admin&factor=totp')).toEqual([email])
    expect(await inTest('status=deactivated')).toEqual([])
    expect(await inTest('createdTo=1970-01-01T00:00:02.000Z')).toEqual([other.email])
    expect(await inTest('createdFrom=1970-01-01T00:00:01.001Z')).toEqual([email])
    expect(await inTest('lastSeenFrom=1970-01-01T00:00:05.000Z&lastSeenTo=1970-01-01T00:00:05.001Z')).toEqual([
      other.email,
    ])
  })

  it('pages through everybody once, though accounts come and go meanwhile', async () => {
    for (let index = 0; index < 7; index += 1) await verified({ email: `paged.${index}@example.com` })
    const seen: string[] = []
    let cursor: string | null = ''
    while (cursor !== null) {
      const page: { items: { email: string }[]; nextCursor: string | null } = await answerOf(
        await admin.send('GET', `/users?q=paged.&limit=3${cursor === '' ? '' : `&cursor=${cursor}`}`),
        listOf(User),
      )
      seen.push(...page.items.map(({ email }) => email))
      cursor = page.nextCursor
      await verified({ email: `paged.new${seen.length}@example.com` })
      await rows("delete from users where email = 'paged.5@example.com'")
    }
    expect(seen.filter((email) => !email.includes('new')).sort()).toEqual(
      [0, 1, 2, 3, 4, 5, 6].map((index) => `paged.${index}@example.com`),
    )
    expect(new Set(seen).size).toBe(seen.length)
  })

  it('answers one user, and 404 for an id that nobody has', async () => {
    const { id, email } = await verified()
    expect(await answerOf(await admin.send('GET', `/users/${id}`), User)).toMatchObject({ id, email })
    await expectRefusal(await admin.send('GET', `/users/${crypto.randomUUID()}`), 404, 'not_found')
  })
})

describe('the routes of administrators', () => {
  it.each(['/users', '/users/somebody', '/roles', '/permissions'])(
    'refuse a read by somebody without the permission: %s (ASVS 8.2.1)',
    async (path) => {
      const { tokens } = await signedIn()
      await expectRefusal(await get(path, bearer(tokens.accessToken)), 403, 'forbidden')
      await expectRefusal(await get(path), 401, 'unauthenticated')
    },
  )

  it.each([
    ['PUT', '/users/somebody/roles', { roles: [] }],
    ['DELETE', '/users/somebody', undefined],
    ['POST', '/roles', { name: 'team', description: 'x', permissions: [] }],
    ['PATCH', '/roles/team', { description: 'x' }],
    ['DELETE', '/roles/team', undefined],
  ])('ask for a recent login before they change rights or delete: %s %s (ASVS 7.5.1)', async (method, path, body) => {
    const person = await administrator()
    await rows('update sessions set authenticated_at = ? where user_id = ?', Date.now() - 11 * 60_000, person.id)
    await expectRefusal(await person.send(method, path, body), 403, 'step_up_required')
  })
})

describe('PATCH /users/{id}', () => {
  it('deactivates: every session ends at once, on all routes, and the owner is told (ASVS 7.4.2)', async () => {
    const person = await signedIn()
    const user = await answerOf(await admin.send('PATCH', `/users/${person.id}`, { status: 'deactivated' }), User)
    expect(user.status).toBe('deactivated')
    for (const path of ['/auth/me', '/auth/session', '/auth/sessions'])
      await expectRefusal(await get(path, bearer(person.tokens.accessToken)), 401, 'unauthenticated')
    const { refreshToken } = person.tokens
    await expectRefusal(await post('/auth/refresh', { refreshToken }), 401, 'invalid_refresh_token')
    const login = await post('/auth/login', { identifier: person.email, password: person.password })
    await expectRefusal(login, 403, 'account_deactivated')
    expect(await countRows('outbox', "kind = 'account_deactivated' and user_id = ?", person.id)).toBe(1)
    const [event] = await auditOf('user.updated', person.id)
    expect(event).toMatchObject({ actor_id: admin.id, details: { status: 'deactivated' } })
  })

  it('lets a deactivated account back in', async () => {
    const person = await verified()
    await admin.send('PATCH', `/users/${person.id}`, { status: 'deactivated' })
    await admin.send('PATCH', `/users/${person.id}`, { status: 'active' })
    expect((await post('/auth/login', { identifier: person.email, password: person.password })).status).toBe(200)
  })

  it('changes name and username, and the new name is found', async () => {
    const { id } = await verified({ name: 'Before' })
    const changes = { name: 'Änderung Nach', username: `ren${Date.now() % 1e9}` }
    expect(await answerOf(await admin.send('PATCH', `/users/${id}`, changes), User)).toMatchObject(changes)
    expect((await search('q=anderung')).map((user) => user.id)).toEqual([id])
    const other = await verified()
    const taken = await admin.send('PATCH', `/users/${other.id}`, { username: changes.username.toUpperCase() })
    await expectRefusal(taken, 409, 'username_taken')
  })

  it('refuses to act upon somebody who may do more than the caller (ASVS 8.2.2)', async () => {
    const helper = await administrator(['users:read', 'users:write', 'users:delete', 'roles:assign'])
    const refused = [
      await helper.send('PATCH', `/users/${admin.id}`, { status: 'deactivated' }),
      await helper.send('DELETE', `/users/${admin.id}`),
      await helper.send('DELETE', `/users/${admin.id}/sessions`),
      await helper.send('PUT', `/users/${admin.id}/roles`, { roles: [] }),
      await helper.send('PUT', `/users/${helper.id}/roles`, { roles: ['admin'] }),
    ]
    for (const response of refused) await expectRefusal(response, 403, 'permission_not_held')
    expect((await admin.send('GET', '/users')).status).toBe(200)
  })
})

describe('PUT /users/{id}/roles', () => {
  it('sets the roles at once, keeps "user", tells the owner and names the administrator in the trail', async () => {
    const person = await signedIn()
    const ask = () => get('/users', bearer(person.tokens.accessToken))
    await expectRefusal(await ask(), 403, 'forbidden')
    const user = await answerOf(await admin.send('PUT', `/users/${person.id}/roles`, { roles: ['admin'] }), User)
    expect(user.roles).toEqual(['admin', 'user'])
    expect((await ask()).status).toBe(200)
    await admin.send('PUT', `/users/${person.id}/roles`, { roles: [] })
    await expectRefusal(await ask(), 403, 'forbidden')
    const events = await auditOf('roles.assigned', person.id)
    expect(events.map(({ actor_id, details }: Record<string, unknown>) => ({ actor_id, details }))).toEqual([
      { actor_id: admin.id, details: { roles: ['admin', 'user'], before: ['user'] } },
      { actor_id: admin.id, details: { roles: ['user'], before: ['admin', 'user'] } },
    ])
    expect(await countRows('outbox', "kind = 'roles_changed' and user_id = ?", person.id)).toBe(2)
  })

  it('refuses a role that does not exist, and a user who does not', async () => {
    const { id } = await verified()
    const unknown = await expectRefusal(
      await admin.send('PUT', `/users/${id}/roles`, { roles: ['user', 'ghost'] }),
      400,
      'invalid_request',
    )
    expect(unknown.errors).toEqual([{ path: 'roles', message: 'There is no role "ghost".' }])
    await expectRefusal(await admin.send('PUT', '/users/nobody/roles', { roles: [] }), 404, 'not_found')
  })
})

describe('GET /users/{id}/sessions', () => {
  const read = async (id: string, query = '') =>
    await answerOf(await admin.send('GET', `/users/${id}/sessions${query}`), listOf(SessionView))

  it('lists the live sessions of that user, newest first, page by page', async () => {
    const person = await signedIn()
    const newer = await logIn(person.email)
    const { items, nextCursor } = await read(person.id, '?limit=1')
    expect(items).toMatchObject([{ id: newer.session.id, current: false }])
    expect((await read(person.id, `?limit=1&cursor=${nextCursor}`)).items).toMatchObject([{ id: person.session.id }])
    expect((await read(admin.id)).items).toMatchObject([{ id: admin.session.id, current: true }])
  })

  it('is empty for somebody who is not signed in, and 404 for an id that nobody has', async () => {
    const { id } = await verified()
    expect(await read(id)).toEqual({ items: [], nextCursor: null })
    await expectRefusal(await admin.send('GET', '/users/nobody/sessions'), 404, 'not_found')
  })

  it('asks for the permission to end them', async () => {
    const reader = await administrator(['users:read'])
    await expectRefusal(await reader.send('GET', `/users/${admin.id}/sessions`), 403, 'forbidden')
  })
})

describe('an administrator who loses the role while their request is under way', () => {
  it.each([
    ['PATCH', (id: string) => `/users/${id}`, { status: 'deactivated' }],
    ['DELETE', (id: string) => `/users/${id}`, undefined],
    ['DELETE', (id: string) => `/users/${id}/sessions`, undefined],
    ['PUT', (id: string) => `/users/${id}/roles`, { roles: ['user'] }],
    ['POST', () => '/roles', { name: 'late', description: 'Too late.', permissions: [] }],
  ])('changes nothing: %s (ASVS 8.3.2)', async (method, pathOf, body) => {
    const [former, user] = [await administrator(), await signedIn()]
    const demote = () => rows("delete from user_roles where user_id = ? and role = 'admin'", former.id)
    const meanwhile = changedBefore(env, /^insert into "audit_events"/i, demote)
    const headers = bearer(former.tokens.accessToken)
    const response = await callWorker(meanwhile, method, pathOf(user.id), { headers, ...(body ? { body } : {}) })
    expect(response.status).toBeGreaterThanOrEqual(400)
    expect(response.status).toBeLessThan(500)
    expect(await countRows('users', "id = ? and status = 'active'", user.id)).toBe(1)
    expect(await countRows('sessions', 'user_id = ?', user.id)).toBe(1)
    expect(await countRows('roles', "name = 'late'")).toBe(0)
    expect(await countRows('audit_events', 'actor_id = ? and user_id is not actor_id', former.id)).toBe(0)
  })
})

describe('DELETE /users/{id} and its sessions', () => {
  it('signs somebody out everywhere', async () => {
    const person = await signedIn()
    await expectNoContent(await admin.send('DELETE', `/users/${person.id}/sessions`))
    await expectRefusal(await get('/auth/me', bearer(person.tokens.accessToken)), 401, 'unauthenticated')
    expect(await countRows('sessions', 'user_id = ?', person.id)).toBe(0)
  })

  it('deletes the account, ends its sessions and tells its owner', async () => {
    const person = await signedIn()
    await expectNoContent(await admin.send('DELETE', `/users/${person.id}`))
    await expectRefusal(await get('/auth/session', bearer(person.tokens.accessToken)), 401, 'unauthenticated')
    expect(await countRows('users', 'id = ?', person.id)).toBe(0)
    expect(await countRows('outbox', "kind = 'account_deleted' and recipient = ?", person.email)).toBe(1)
    expect(await auditOf('user.deleted', person.id)).toMatchObject([{ actor_id: admin.id }])
    await expectRefusal(await admin.send('DELETE', `/users/${person.id}`), 404, 'not_found')
  })
})

describe('the last active administrator', () => {
  it('stays one, though fifty demotions, deactivations and deletions of administrators race', async () => {
    await rows("delete from user_roles where role = 'admin'")
    const people = await Promise.all(Array.from({ length: 10 }, () => administrator()))
    const [first] = people
    const acts = [
      (from: Person, to: Person) => from.send('PUT', `/users/${to.id}/roles`, { roles: [] }),
      (from: Person, to: Person) => from.send('PATCH', `/users/${to.id}`, { status: 'deactivated' }),
      (from: Person, to: Person) => from.send('DELETE', `/users/${to.id}`),
      (from: Person) => from.send('DELETE', '/auth/me', {}),
      (from: Person) => from.send('PUT', `/users/${from.id}/roles`, { roles: [] }),
    ]
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, index) => {
        const from = people[index % 10] ?? first
        const to = people[(index * 7 + 3) % 10] ?? first
        return from && to ? acts[Math.floor(index / 10)]?.(from, to) : undefined
      }),
    )
    expect(answers.every((answer) => answer !== undefined && answer.status < 500)).toBe(true)
    const left = await countRows('user_roles join users on id = user_id', "role = 'admin' and status = 'active'")
    expect(left).toBeGreaterThanOrEqual(1)
    admin = await administrator()
  })

  it('is told so, whatever they try', async () => {
    await rows("delete from user_roles where role = 'admin'")
    const last = await administrator()
    await expectRefusal(await last.send('PUT', `/users/${last.id}/roles`, { roles: [] }), 409, 'last_admin')
    await expectRefusal(await last.send('PATCH', `/users/${last.id}`, { status: 'deactivated' }), 409, 'last_admin')
    await expectRefusal(await last.send('DELETE', `/users/${last.id}`), 409, 'last_admin')
    await expectRefusal(await last.send('DELETE', '/auth/me', {}), 409, 'last_admin')
    expect((await last.send('GET', '/users')).status).toBe(200)
  })
})
