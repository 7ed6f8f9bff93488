import { createLocalJWKSet, errors, type JSONWebKeySet, jwtVerify } from 'jose'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { ISSUER, PASSWORD, type SignedIn, startWorkers, type Tokens, type Workers } from './support/harness.ts'

const AUTH = 'postern-development'
/** An offline verifier is this late at most (docs/security.md, "How fast a token dies"). */
const ACCESS_TOKEN_TTL_SECONDS = 900

let workers: Workers
let admin: SignedIn
let verifyOffline: (token: string, atMs?: number) => Promise<{ roles: unknown }>

beforeAll(async () => {
  workers = await startWorkers('test/support/other-service/wrangler.toml')
  admin = await workers.signedIn()
  await workers.sql("insert into user_roles (user_id, role) values (?, 'admin')", admin.id)
  await workers.sql("insert into roles (name, description) values ('support', 'Made for a test.')")
  await workers.sql("insert into role_permissions (role, permission) values ('support', 'users:read')")
  const published = await workers.ask(AUTH, '/.well-known/jwks.json')
  const keys = createLocalJWKSet((await published.json()) as JSONWebKeySet)
  verifyOffline = async (token, atMs = Date.now()) => {
    const expected = { issuer: ISSUER, audience: ISSUER, typ: 'at+jwt', currentDate: new Date(atMs) }
    return { roles: (await jwtVerify(token, keys, expected)).payload.roles }
  }
})
afterAll(async () => {
  await workers?.close()
})

const bearer = (accessToken: string) => ({ Authorization: `Bearer ${accessToken}` })
const act = (to: string, body?: object) => {
  const [method = '', path = ''] = to.split(' ')
  const headers = { ...bearer(admin.tokens.accessToken), 'Content-Type': 'application/json' }
  return workers.ask(AUTH, path, { method, headers, ...(body ? { body: JSON.stringify(body) } : {}) })
}

const leave = ({ tokens }: SignedIn) =>
  workers.ask(AUTH, '/auth/me', { method: 'DELETE', headers: bearer(tokens.accessToken) })

/** Signs somebody in who has a role, twice, and answers both sessions. */
async function memberTwice(): Promise<[SignedIn, Tokens]> {
  const person = await workers.signedIn()
  await workers.sql("insert into user_roles (user_id, role) values (?, 'support')", person.id)
  const logIn = async () => {
    const response = await workers.post('/auth/login', { identifier: person.email, password: PASSWORD })
    return ((await response.json()) as { tokens: Tokens }).tokens
  }
  return [{ ...person, tokens: await logIn() }, await logIn()]
}

/** Asks what reads by the token alone: a route, and AuthRpc over the binding of another Worker. */
const readsOf = async ({ accessToken }: Tokens): Promise<number[]> => {
  const headers = bearer(accessToken)
  const own = await workers.ask(AUTH, '/auth/session', { headers })
  const other = await workers.ask('orders', '/?permission=users:read', { headers })
  return [own.status, other.status]
}

const refresh = (tokens: Tokens) => workers.post('/auth/refresh', { refreshToken: tokens.refreshToken })

const EVENTS: [string, (user: SignedIn) => Promise<Response>][] = [
  ['deactivation', ({ id }) => act(`PATCH /users/${id}`, { status: 'deactivated' })],
  ['a change of roles', ({ id }) => act(`PUT /users/${id}/roles`, { roles: [] })],
  ['the deletion of the account', ({ id }) => act(`DELETE /users/${id}`)],
  ['the deletion of the account by its owner', (user) => leave(user)],
]

describe('who learns of deactivation, a change of roles and deletion, and when (ASVS 7.4.1, 7.4.2, 8.3.2)', () => {
  const changed: Tokens[] = []

  it.each(EVENTS)(
    '%s: other sessions and AuthRpc at once, offline verifiers when the token expires',
    async (_, make) => {
      const [user, other] = await memberTwice()
      const sessions = [user.tokens, other]
      for (const tokens of sessions) expect(await readsOf(tokens)).toEqual([200, 200])
      expect((await make(user)).ok).toBe(true)
      const madeAt = Date.now()
      for (const tokens of sessions) {
        expect(await readsOf(tokens)).toEqual([401, 401])
        expect(await verifyOffline(tokens.accessToken)).toEqual({ roles: ['support', 'user'] })
        const late = verifyOffline(tokens.accessToken, madeAt + ACCESS_TOKEN_TTL_SECONDS * 1000)
        await expect(late).rejects.toThrow(errors.JWTExpired)
      }
      changed.push(...sessions)
    },
  )

  it('after deactivation and deletion nobody gets another token, and after a change of roles one of the new roles', async () => {
    const answers = await Promise.all(changed.map(refresh))
    expect(answers.map(({ status }) => status)).toEqual([401, 401, 200, 200, 401, 401, 401, 401])
    for (const response of answers.slice(2, 4)) {
      const tokens = (await response.json()) as Tokens
      expect(await verifyOffline(tokens.accessToken)).toEqual({ roles: ['user'] })
      expect(await readsOf(tokens)).toEqual([200, 403])
    }
  })

  it('an isolate that has no memory of it learns it from the published lists', { timeout: 120_000 }, async () => {
    await workers.redeploy()
    expect(changed).toHaveLength(8)
    for (const tokens of changed)
      await vi.waitUntil(async () => (await readsOf(tokens)).every((status) => status === 401), {
        timeout: 100_000,
        interval: 200,
      })
    expect(await readsOf(admin.tokens)).not.toContain(401)
  })
})
