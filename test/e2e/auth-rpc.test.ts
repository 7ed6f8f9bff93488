import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { type SignedIn, startWorkers, type Workers } from './support/harness.ts'

let workers: Workers
beforeAll(async () => {
  workers = await startWorkers('test/support/other-service/wrangler.toml')
})
afterAll(async () => {
  await workers?.close()
})

/** Asks the other service as a user does. That service then asks Postern over its binding. */
async function ask(accessToken: string, search = ''): Promise<{ status: number; body: unknown }> {
  const headers = { Authorization: `Bearer ${accessToken}` }
  const response = await workers.ask('orders', `/${search}`, { headers })
  return { status: response.status, body: await response.json() }
}

/** Makes the other service call `verify` with exactly these arguments. */
async function verifyWith(...args: unknown[]): Promise<unknown> {
  const response = await workers.ask('orders', '/arguments', { method: 'POST', body: JSON.stringify(args) })
  return { status: response.status, answer: await response.json() }
}

const UNAUTHENTICATED = { status: 401, body: { code: 'unauthenticated' } }
const FORBIDDEN = { status: 403, body: { code: 'forbidden' } }
const logOut = ({ tokens }: SignedIn) => workers.post('/auth/logout', { refreshToken: tokens.refreshToken })
const makeAdmin = ({ id }: SignedIn) => workers.sql("insert into user_roles (user_id, role) values (?, 'admin')", id)

describe('AuthRpc, asked by another Worker over a service binding', () => {
  it.each(['', '?fresh'])('tells who is calling%s', async (search) => {
    const { id, sessionId, tokens } = await workers.signedIn()
    const { status, body } = await ask(tokens.accessToken, search)
    expect(status).toBe(200)
    expect(body).toEqual({
      userId: id,
      sessionId,
      roles: ['user'],
      permissions: [],
      methods: ['pwd'],
      acr: 'urn:postern:acr:single-factor',
      authenticatedAt: expect.any(Number),
    })
    const { authenticatedAt } = body as { authenticatedAt: number }
    expect(Math.abs(authenticatedAt - Date.now() / 1000)).toBeLessThan(60)
  })

  it('refuses a permission that the user lacks, and grants it once the role is there, at once when asked with fresh', async () => {
    const user = await workers.signedIn()
    expect(await ask(user.tokens.accessToken, '?permission=users:read')).toEqual(FORBIDDEN)
    expect(await ask(user.tokens.accessToken, '?permission=users:read&fresh')).toEqual(FORBIDDEN)
    await makeAdmin(user)
    expect((await ask(user.tokens.accessToken, '?permission=users:read&fresh')).status).toBe(200)
    // This token still has the former permissions, and only the next one has the new permission.
    expect(await ask(user.tokens.accessToken, '?permission=users:read')).toEqual(FORBIDDEN)
    const refreshed = await workers.post('/auth/refresh', { refreshToken: user.tokens.refreshToken })
    const { accessToken } = (await refreshed.json()) as SignedIn['tokens']
    expect((await ask(accessToken, '?permission=users:read')).status).toBe(200)
    expect(await ask(accessToken, '?permission=no:such')).toEqual(FORBIDDEN)
  })

  it('refuses text that is not an access token, or no longer a valid one', async () => {
    const { tokens } = await workers.signedIn()
    const [header = '', payload = '', signature = ''] = tokens.accessToken.split('.')
    const forge = (change: object) => Buffer.from(JSON.stringify(change)).toString('base64url')
    for (const token of [
      '',
      'nonsense',
      tokens.refreshToken,
      `${header}.${payload}.`,
      `${forge({ alg: 'none', typ: 'at+jwt' })}.${payload}.`,
      `${header}.${forge({ ...JSON.parse(atob(payload)), roles: ['admin'] })}.${signature}`,
    ])
      for (const search of ['', '?fresh', '?permission=users:read'])
        expect(await ask(token, search)).toEqual(UNAUTHENTICATED)
  })

  it('refuses after logout, also where the isolate has read the list of ended sessions before', async () => {
    const user = await workers.signedIn()
    expect((await ask(user.tokens.accessToken)).status).toBe(200)
    await logOut(user)
    expect(await ask(user.tokens.accessToken)).toEqual(UNAUTHENTICATED)
    expect(await ask(user.tokens.accessToken, '?fresh')).toEqual(UNAUTHENTICATED)
  })

  it('refuses at once when asked with fresh, although no list of ended sessions shows the end yet', async () => {
    const user = await workers.signedIn()
    await workers.sql('delete from grants where session_id = ?', user.sessionId)
    await workers.sql('delete from sessions where id = ?', user.sessionId)
    expect((await ask(user.tokens.accessToken)).status).toBe(200)
    expect(await ask(user.tokens.accessToken, '?fresh')).toEqual(UNAUTHENTICATED)
  })

  it('refuses a deactivated user at once when asked with fresh', async () => {
    const user = await workers.signedIn()
    await workers.sql("update users set status = 'deactivated' where id = ?", user.id)
    expect(await ask(user.tokens.accessToken, '?fresh')).toEqual(UNAUTHENTICATED)
  })

  it('counts as use of the session', async () => {
    const { sessionId, tokens } = await workers.signedIn()
    await workers.sql('update sessions set last_seen_at = 1000 where id = ?', sessionId)
    await ask(tokens.accessToken)
    await vi.waitUntil(
      async () => {
        const [row] = await workers.sql('select last_seen_at from sessions where id = ?', sessionId)
        return Number(row?.last_seen_at) > 1000
      },
      { timeout: 20_000, interval: 200 },
    )
  })
})

describe('AuthRpc, asked without types', () => {
  it.each([[null], [7], [['a', 'b']], [{ token: 'x' }], [], ['x', null], ['x', 'fresh'], ['x'.repeat(100_000)]])(
    'refuses %j',
    async (...args) => {
      expect(await verifyWith(...args)).toEqual({ status: 200, answer: { ok: false, code: 'unauthenticated' } })
    },
  )

  it.each([
    { permission: 5 },
    { permission: '' },
    { permission: null },
    { permission: ['users:read'] },
    { permission: '__proto__' },
    { permission: 'length' },
  ])('grants nothing for %j', async (options) => {
    const user = await workers.signedIn()
    await makeAdmin(user)
    for (const fresh of [false, true]) {
      const answer = await verifyWith(user.tokens.accessToken, { ...options, fresh: fresh || 'no' })
      expect(answer).toEqual({ status: 200, answer: { ok: false, code: 'forbidden' } })
    }
  })
})

describe('AuthRpc, when the database is down', () => {
  it('answers that it is unavailable and not why, and still answers what does not need the database', async () => {
    const { tokens } = await workers.signedIn()
    expect((await ask(tokens.accessToken)).status).toBe(200)
    await workers.sql('alter table sessions rename to sessions_elsewhere')
    try {
      expect(await ask(tokens.accessToken, '?fresh')).toEqual({ status: 503, body: { code: 'unavailable' } })
      expect((await ask(tokens.accessToken)).status).toBe(200)
      expect(workers.logs()).toContain('verification for a service failed')
    } finally {
      await workers.sql('alter table sessions_elsewhere rename to sessions')
    }
    expect((await ask(tokens.accessToken, '?fresh')).status).toBe(200)
  })
})
