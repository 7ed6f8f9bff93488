import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { deactivate, SAME_ORIGIN, signedIn, signedInByCookie } from '../../support/accounts.ts'
import { expectRefusal } from '../../support/answers.ts'
import { bearer, get, logIn, post, send } from '../../support/client.ts'
import { rows } from '../../support/database.ts'
import { type ForgedToken, forgeTokens } from '../../support/forged-tokens.ts'
import { OPENAPI_DOCUMENT } from '../../support/openapi.ts'
import { isOnBlocklist } from '../../support/shards.ts'
import { accountState } from '../../support/stored-state.ts'

interface Operation {
  method: string
  path: string
  security: 'none' | 'user' | 'client'
}

const OPERATIONS: Operation[] = Object.entries(OPENAPI_DOCUMENT.paths ?? {}).flatMap(([path, methods]) =>
  Object.entries(methods as Record<string, { security?: Record<string, unknown>[] }>).map(([method, { security }]) => ({
    method: method.toUpperCase(),
    path: path.replaceAll(/\{\w+\}/g, 'github'),
    security: !security ? 'none' : security.some((scheme) => 'client' in scheme) ? 'client' : 'user',
  })),
)
const GUARDED = OPERATIONS.filter(({ security }) => security === 'user').map(
  ({ method, path }) => [method, path] as const,
)

/** These routes are public. Whoever adds a route decides here whether it is one of them. */
const PUBLIC = [
  'POST /auth/register',
  'POST /auth/verify-email',
  'POST /auth/resend-verification',
  'POST /auth/login',
  'POST /auth/login/mfa',
  'POST /auth/login/mfa/email',
  'POST /auth/refresh',
  'POST /auth/logout',
  'POST /auth/forgot-password',
  'POST /auth/reset-password',
  'POST /auth/confirm-email-change',
  'POST /auth/not-me',
  'POST /auth/keep-factors',
  'POST /auth/accept-invitation',
  'POST /auth/passkeys/authentication/options',
  'POST /auth/passkeys/authentication',
  'GET /auth/oauth/providers',
  'GET /users/github/picture',
  'GET /auth/oauth/github',
  'GET /auth/oauth/github/callback',
  'GET /auth/oauth/github/link',
  'POST /auth/oauth/exchange',
  'GET /health',
  'GET /health/ready',
  'GET /.well-known/jwks.json',
  'GET /.well-known/oauth-authorization-server',
  'GET /.well-known/passkey-endpoints',
  'GET /.well-known/webauthn',
  'GET /.well-known/change-password',
]

afterEach(() => vi.useRealTimers())

describe('the routes', () => {
  it('are guarded, unless they are known to be public (ASVS 8.2.1)', () => {
    const open = OPERATIONS.filter(({ security }) => security === 'none').map(({ method, path }) => `${method} ${path}`)
    expect(open.filter((route) => !PUBLIC.includes(route))).toEqual([])
    expect(GUARDED.length).toBeGreaterThanOrEqual(9)
  })
})

describe.each(GUARDED)('%s %s', (method, path) => {
  const ask = (headers: Record<string, string> = {}) => send(method, path, { headers })

  it.each([
    ['nothing', {}],
    ['an empty header', { Authorization: '' }],
    ['Bearer and nothing', { Authorization: 'Bearer ' }],
    ['Basic', { Authorization: `Basic ${btoa('user:password')}` }],
    ['no token', bearer('nonsense')],
    ['a token without its scheme', { Authorization: 'eyJhbGciOiJFUzI1NiJ9.e30.AA' }],
    ['an empty cookie', { Cookie: '__Host-access=', ...SAME_ORIGIN }],
    ['a cookie of another name', { Cookie: 'access=nonsense; __Secure-access=nonsense', ...SAME_ORIGIN }],
  ])('refuses %s with 401 (ASVS 8.2.1)', async (_, headers) => {
    const response = await ask(headers)
    expect(response.headers.get('WWW-Authenticate')).toMatch(/^Bearer/)
    await expectRefusal(response, 401, 'unauthenticated')
  })

  it('refuses a refresh token, a device token, and a token that has expired', async () => {
    const { tokens, session } = await signedIn()
    for (const token of [tokens.refreshToken, session.deviceToken])
      await expectRefusal(await ask(bearer(token)), 401, 'unauthenticated')
    vi.setSystemTime(Date.now() + 901_000)
    await expectRefusal(await ask(bearer(tokens.accessToken)), 401, 'unauthenticated')
  })

  it('refuses the access token of a session that was logged out', async () => {
    const { tokens } = await signedIn()
    await send('POST', '/auth/logout', { headers: bearer(tokens.accessToken) })
    await expectRefusal(await ask(bearer(tokens.accessToken)), 401, 'unauthenticated')
  })

  it('refuses a bearer token beside a cookie', async () => {
    const { tokens } = await signedIn()
    const { cookies, cookie } = await signedInByCookie()
    const before = await accountState()
    const headers = { ...bearer(tokens.accessToken), ...SAME_ORIGIN }
    await expectRefusal(await ask({ ...headers, Cookie: cookie }), 400, 'ambiguous_credentials')
    const refresh = `__Secure-refresh=${cookies['__Secure-refresh']?.value}`
    await expectRefusal(await ask({ ...headers, Cookie: refresh }), 400, 'ambiguous_credentials')
    expect(await accountState()).toEqual(before)
  })
})

describe.each(GUARDED.filter(([method]) => method !== 'GET'))('%s %s, which changes something', (method, path) => {
  it('refuses at once when the session ended or the account was deactivated by another request (ASVS 8.3.2)', async () => {
    const ask = (accessToken: string) => send(method, path, { headers: bearer(accessToken) })
    const { id, email, session, tokens } = await signedIn()
    const other = await logIn(email)
    await rows('delete from sessions where id = ?', session.id)
    await expectRefusal(await ask(tokens.accessToken), 401, 'unauthenticated')
    await deactivate(id)
    const before = await accountState()
    await expectRefusal(await ask(other.tokens.accessToken), 401, 'unauthenticated')
    expect(await accountState()).toEqual(before)
  })
})

describe('a forged access token (hono CVE-2026-22817; ASVS 9.1.1-9.1.3 9.2.1-9.2.4, RFC 8725 §3)', () => {
  let forged: ForgedToken[] = []
  let genuine = ''

  beforeAll(async () => {
    genuine = (await signedIn()).tokens.accessToken
    forged = await forgeTokens(genuine)
  })

  it('is refused, whatever was forged, for reading and for writing', async () => {
    expect(forged.length).toBeGreaterThan(45)
    const believed: string[] = []
    for (const { flaw, token } of forged) {
      const [read, write] = [
        await get('/auth/session', bearer(token)),
        await send('DELETE', '/auth/sessions', { headers: bearer(token) }),
      ]
      if (read.status !== 401 || write.status !== 401) believed.push(`${flaw}: ${read.status} ${write.status}`)
    }
    expect(believed).toEqual([])
    expect((await get('/auth/session', bearer(genuine))).status).toBe(200)
  })

  it('is refused as a cookie too, and ends nobody’s session by logout', async () => {
    const before = await accountState()
    for (const { flaw, token } of forged) {
      const headers = { Cookie: `__Host-access=${token}`, ...SAME_ORIGIN }
      expect((await get('/auth/session', headers)).status).toBe(401)
      // A token that has only expired is genuine, so its session is ended.
      if (!flaw.startsWith('expire')) expect((await send('POST', '/auth/logout', { headers })).status).toBe(204)
    }
    expect(await accountState()).toEqual(before)
    expect((await get('/auth/session', bearer(genuine))).status).toBe(200)
  })

  it('is refused with any one bit of its signature or its claims turned over', async () => {
    const [head = '', body = '', signature = ''] = genuine.split('.')
    for (const [at, part] of [body, signature].entries()) {
      const bytes = Buffer.from(part, 'base64url')
      for (let position = 0; position < bytes.length; position += 7) {
        const turned = Buffer.from(bytes)
        turned[position] = (turned[position] ?? 0) ^ (1 << (position % 8))
        const parts =
          at === 0 ? [head, turned.toString('base64url'), signature] : [head, body, turned.toString('base64url')]
        expect((await get('/auth/session', bearer(parts.join('.')))).status).toBe(401)
      }
    }
  })
})

describe('the session of one person (ASVS 8.2.2, 8.2.3)', () => {
  it('never answers with anything of another', async () => {
    const [mine, theirs] = [await signedIn({ name: 'Mine' }), await signedIn({ name: 'Theirs' })]
    for (const path of ['/auth/session', '/auth/me', '/auth/sessions']) {
      const text = await (await get(path, bearer(mine.tokens.accessToken))).text()
      for (const foreign of [theirs.id, theirs.email, theirs.session.id, 'Theirs']) expect(text).not.toContain(foreign)
    }
  })

  it('cannot be ended by the token of another: logout ends its own', async () => {
    const [mine, theirs] = [await signedIn(), await signedIn()]
    await post('/auth/logout', {}, bearer(mine.tokens.accessToken))
    expect((await get('/auth/session', bearer(theirs.tokens.accessToken))).status).toBe(200)
    expect(await isOnBlocklist(theirs.session.id)).toBe(false)
  })
})
