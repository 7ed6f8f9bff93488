import { CompactSign, decodeJwt, decodeProtectedHeader } from 'jose'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { RefreshAnswer } from '../../src/contracts/login.ts'
import { CurrentSession } from '../../src/contracts/sessions.ts'
import { openSession } from '../../src/services/sessions/opening.ts'
import { NO_SESSION_COOKIES } from '../../src/services/sessions/replaced.ts'
import { findSigningKey } from '../../src/services/signing-keys/signing-keys.ts'
import { findCredentials } from '../../src/storage/accounts/credentials.ts'
import { administrator, verified } from '../support/accounts.ts'
import { answerOf } from '../support/answers.ts'
import { callWorker } from '../support/call-worker.ts'
import { bearer, logIn, type SignedIn } from '../support/client.ts'
import { rows } from '../support/database.ts'
import { change, createDeployment, holdClock, pass, read } from '../support/locations.ts'
import { jobPlatform } from '../support/outbox.ts'
import { countEndedSessions } from '../support/shards.ts'

/** By then every isolate knows what has changed (docs/security.md, "How fast a token dies"). */
const WORST_LAG_MS = 105_000

beforeEach(holdClock)
afterEach(() => {
  vi.useRealTimers()
})

type Admin = Awaited<ReturnType<typeof administrator>>
/** Sends a request of an administrator. `to` is the method and the path. */
const act = (isolate: Env, { tokens }: Admin, to: string, body: unknown) => {
  const [method = '', path = ''] = to.split(' ')
  return callWorker(isolate, method, path, { body, headers: bearer(tokens.accessToken) })
}

/** Makes a role, and somebody who has it and is signed in a number of times. */
async function member({ sessions = 1 }: { sessions?: number } = {}) {
  const role = `role-${crypto.randomUUID().slice(0, 8)}`
  await rows("insert into roles (name, description) values (?, 'Made for a test.')", role)
  const account = await verified()
  await rows('insert into user_roles (user_id, role) values (?, ?)', account.id, role)
  const holders: SignedIn[] = []
  for (let count = 0; count < sessions; count += 1) holders.push(await logIn(account.email))
  const [first] = holders
  if (!first) throw new Error('no session')
  return { ...account, role, holders, first }
}

/** Goes on as a client does that was refused: with a new token of the same session. */
async function refresh(isolate: Env, { session, tokens }: SignedIn): Promise<SignedIn['tokens']> {
  const answer = await callWorker(isolate, 'POST', '/auth/refresh', { body: { refreshToken: tokens.refreshToken } })
  const renewed = await answerOf(answer, RefreshAnswer)
  if (!('accessToken' in renewed)) throw new Error('no tokens')
  expect(decodeJwt(renewed.accessToken).sid).toBe(session.id)
  return renewed
}

const rightsNow = async (isolate: Env, { accessToken }: Pick<SignedIn['tokens'], 'accessToken'>) => {
  const response = await callWorker(isolate, 'GET', '/auth/session', { headers: bearer(accessToken) })
  const { roles, permissions } = await answerOf(response, CurrentSession)
  return { roles, permissions }
}

/** All that changes what a user may do, while their sessions go on. */
const CHANGES: [
  string,
  (isolate: Env, admin: Admin, user: { id: string; role: string }) => Promise<Response>,
  (user: { role: string }) => { roles: string[]; permissions: string[] },
][] = [
  [
    'a role is taken from its user',
    (isolate, admin, { id }) => act(isolate, admin, `PUT /users/${id}/roles`, { roles: [] }),
    () => ({ roles: ['user'], permissions: [] }),
  ],
  [
    'the permissions of a role change',
    (isolate, admin, { role }) => act(isolate, admin, `PATCH /roles/${role}`, { permissions: ['users:read'] }),
    ({ role }) => ({ roles: [role, 'user'], permissions: ['users:read'] }),
  ],
  [
    'a role gets another name',
    (isolate, admin, { role }) => act(isolate, admin, `PATCH /roles/${role}`, { name: `${role}-x` }),
    ({ role }) => ({ roles: [`${role}-x`, 'user'], permissions: [] }),
  ],
]

describe('a token that names rights which have changed', () => {
  it.each(CHANGES)('is refused here at once and everywhere within 105 s, when %s', async (_, make, expected) => {
    const { here, there, shards } = createDeployment()
    const admin = await administrator()
    const user = await member({ sessions: 3 })
    expect([await read(here, user.first), await read(there, user.first)]).toEqual([200, 200])
    expect((await make(here, admin, user)).status).toBe(200)
    for (const holder of user.holders) expect(await read(here, holder)).toBe(401)
    expect(await read(there, user.first)).toBe(200)
    await shards.publish()
    pass(WORST_LAG_MS)
    for (const holder of user.holders) expect(await read(there, holder)).toBe(401)
    // The sessions live: what asks the database goes on, and so does a client that refreshes.
    expect([await change(here, user.first), await change(there, user.first)]).toEqual([200, 200])
    for (const holder of user.holders)
      expect(await rightsNow(there, await refresh(there, holder))).toEqual(expected(user))
    expect(await read(there, admin)).toBe(200)
  })

  it('is refused where a role now requires a factor that the session has not shown', async () => {
    const { here } = createDeployment()
    const admin = await administrator()
    const { first, role } = await member()
    expect((await act(here, admin, `PATCH /roles/${role}`, { mfaRequired: true })).status).toBe(200)
    expect(await read(here, first)).toBe(401)
    expect(await read(here, { tokens: await refresh(here, first) })).toBe(403)
  })

  it('is refused also where its session was opened while the roles changed', async () => {
    const { here } = createDeployment()
    const admin = await administrator()
    const { id, email } = await member()
    const platform = jobPlatform(here)
    const before = await findCredentials(platform.db, { email })
    expect((await act(here, admin, `PUT /users/${id}/roles`, { roles: [] })).status).toBe(200)
    if (before === null) throw new Error('no account')
    const login = { methods: ['pwd'], deviceId: null, replaces: NO_SESSION_COOKIES }
    expect(await read(here, await openSession(platform, before.account, login))).toBe(401)
  })

  it('is not left over by any of the refreshes and logins that race the change', async () => {
    const { here } = createDeployment()
    const admin = await administrator()
    const user = await member({ sessions: 8 })
    const body = { identifier: user.email, password: user.password }
    const logIns = Array.from({ length: 4 }, async () => {
      const answer: SignedIn = await (await callWorker(here, 'POST', '/auth/login', { body })).json()
      return answer.tokens
    })
    const refreshes = user.holders.map((holder) => refresh(here, holder))
    const changed = act(here, admin, `PATCH /roles/${user.role}`, { permissions: ['users:read'] })
    const taken = act(here, admin, `PUT /users/${user.id}/roles`, { roles: [] })
    const minted = await Promise.all([...logIns, ...refreshes])
    expect([(await changed).status, (await taken).status]).toEqual([200, 200])
    for (const tokens of minted) {
      const isGood = (await read(here, { tokens })) === 200
      expect(decodeJwt(tokens.accessToken).roles).toEqual(isGood ? ['user'] : [user.role, 'user'])
    }
    for (const holder of user.holders) expect(await read(here, { tokens: await refresh(here, holder) })).toBe(200)
  })

  it('costs one entry however many sessions its user has, and no call where nobody has the role', async () => {
    const admin = await administrator()
    const { id, role } = await member({ sessions: 5 })
    const before = await countEndedSessions()
    expect((await admin.send('PUT', `/users/${id}/roles`, { roles: [] })).status).toBe(200)
    expect((await admin.send('PATCH', `/roles/${role}`, { permissions: ['users:read'] })).status).toBe(200)
    expect(await countEndedSessions()).toBe(before + 1)
  })
})

describe('a token whose rights have not changed', () => {
  it('is not refused because a description changed, or another role, or the roles of somebody else', async () => {
    const { here } = createDeployment()
    const admin = await administrator()
    const [user, other] = [await member(), await member()]
    await act(here, admin, `PATCH /roles/${user.role}`, { description: 'What it is for.' })
    await act(here, admin, `PATCH /roles/${other.role}`, { permissions: ['users:read'] })
    await act(here, admin, `PUT /users/${other.id}/roles`, { roles: [user.role] })
    expect([await read(here, user.first), await read(here, other.first)]).toEqual([200, 401])
  })

  it('is good where its role was deleted and made again under the old name', async () => {
    const { here } = createDeployment()
    const admin = await administrator()
    const { id, role, email } = await member()
    await act(here, admin, `PATCH /roles/${role}`, { permissions: ['users:read'] })
    await act(here, admin, `PUT /users/${id}/roles`, { roles: [] })
    await callWorker(here, 'DELETE', `/roles/${role}`, { headers: bearer(admin.tokens.accessToken) })
    await act(here, admin, 'POST /roles', { name: role, description: 'Made again.', permissions: ['users:read'] })
    await act(here, admin, `PUT /users/${id}/roles`, { roles: [role] })
    expect(await read(here, await logIn(email))).toBe(200)
  })

  it('is good without the claim, as it was before the claim came', async () => {
    const { here } = createDeployment()
    const { first } = await member()
    const { accessToken } = first.tokens
    const { rights_version: version, ...claims } = decodeJwt(accessToken)
    expect(version).toMatch(/^[0-9a-z]+(\.[0-9a-z]+){2}$/)
    const { privateKey } = await findSigningKey(jobPlatform(here))
    const { kid, typ } = decodeProtectedHeader(accessToken)
    const old = await new CompactSign(new TextEncoder().encode(JSON.stringify(claims)))
      .setProtectedHeader({ alg: 'ES256', ...(kid ? { kid } : {}), ...(typ ? { typ } : {}) })
      .sign(privateKey)
    expect(await read(here, { tokens: { ...first.tokens, accessToken: old } })).toBe(200)
  })

  it('costs a new isolate one read of KV, as it did before', async () => {
    const { at, kv } = createDeployment()
    const { holders } = await member({ sessions: 3 })
    const isolate = at('FRA')
    kv.take()
    for (const holder of holders) expect(await read(isolate, holder)).toBe(200)
    expect(kv.take().reads).toBe(1)
  })
})

describe('the id of a session', () => {
  it('chooses the shard of its user, so that one list tells all about a token', async () => {
    const { id, holders } = await member({ sessions: 3 })
    for (const { session } of holders) {
      expect(session.id.charAt(21)).toBe(id.charAt(21))
      expect(session.id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    }
  })
})
