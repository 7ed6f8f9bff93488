import { env } from 'cloudflare:workers'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { JSON_BODY_MAX_BYTES, JSON_MAX_DEPTH } from '../../src/config.ts'
import { REFUSALS } from '../../src/errors.ts'
import { SAME_ORIGIN, signedIn, signedInByCookie } from '../support/accounts.ts'
import { expectNoContent, expectRefusal } from '../support/answers.ts'
import { callWorker } from '../support/call-worker.ts'
import { bearer, get, newEmail, ORIGIN, PASSWORD, post, send } from '../support/client.ts'
import { interceptEnv } from '../support/intercept-env.ts'
import { accountState } from '../support/stored-state.ts'

const SPA = 'https://app.example.com'
const withOrigins = { ...env, ALLOWED_ORIGINS: `${SPA},https://other.example.com` } as unknown as Env
const raw = (body: BodyInit | null, headers: Record<string, string> = { 'Content-Type': 'application/json' }) =>
  callRaw(new Request(`${ORIGIN}/auth/login`, { method: 'POST', body, headers }))
async function callRaw(request: Request): Promise<Response> {
  const { exports } = await import('cloudflare:workers')
  return await exports.default.fetch(request)
}

afterEach(() => vi.restoreAllMocks())

describe('every answer', () => {
  it.each([
    ['GET', '/health'],
    ['GET', '/auth/session'],
    ['POST', '/auth/login'],
    ['GET', '/nothing/here'],
    ['PUT', '/auth/login'],
    ['OPTIONS', '/auth/login'],
    ['GET', '/openapi.json'],
    ['GET', '/.well-known/jwks.json'],
    ['GET', '/docs'],
    ['HEAD', '/health'],
  ])('to %s %s has an id of its own, and never one that the client chose', async (method, path) => {
    const ids = await Promise.all(
      [1, 2].map(async () =>
        (await send(method, path, { headers: { 'X-Request-Id': 'mine' } })).headers.get('X-Request-Id'),
      ),
    )
    for (const id of ids) expect(id).toMatch(/^[0-9a-f-]{36}$/)
    expect(ids[0]).not.toBe(ids[1])
  })

  it('under /auth is never stored: successes and every kind of refusal (ASVS 14.3.2)', async () => {
    const { tokens } = await signedIn()
    const { cookie } = await signedInByCookie()
    const answers = {
      success: await get('/auth/session', bearer(tokens.accessToken)),
      'no content': await send('DELETE', '/auth/sessions', { headers: bearer(tokens.accessToken) }),
      invalid: await post('/auth/login', {}),
      unauthenticated: await get('/auth/me'),
      'wrong method': await send('PUT', '/auth/login'),
      unknown: await get('/auth/nothing'),
      'foreign origin': await post('/auth/login', {}, { Origin: 'https://evil.example' }),
      'cookie without origin': await send('POST', '/auth/logout', { headers: { Cookie: cookie } }),
      'not configured': await callWorker({ ...env, AUTH_SECRET: '' } as unknown as Env, 'GET', '/auth/me'),
    }
    for (const [what, { headers }] of Object.entries(answers))
      expect(headers.get('Cache-Control'), what).toBe('no-store')
  })

  it('has headers that forbid to run, frame or sniff it (ASVS 3.4)', async () => {
    for (const response of [await get('/health'), await get('/auth/me'), await get('/auth/nothing')]) {
      const header = (name: string) => response.headers.get(name)
      expect(header('Content-Security-Policy')).toContain("default-src 'none'")
      expect(header('Content-Security-Policy')).toContain("frame-ancestors 'none'")
      expect(header('X-Content-Type-Options')).toBe('nosniff')
      expect(header('Strict-Transport-Security')).toMatch(/max-age=\d{8,}/)
      expect(header('Referrer-Policy')).toBe('no-referrer')
      expect(header('Server')).toBeNull()
      expect(header('X-Powered-By')).toBeNull()
    }
  })
})

describe('errors (RFC 9457)', () => {
  it('have a stable code and the id of the request', async () => {
    const problem = await expectRefusal(await get('/auth/me'), 401, 'unauthenticated')
    expect(Object.keys(problem).sort()).toEqual(['code', 'requestId', 'status', 'title', 'type'])
    expect(problem.title).toBe(REFUSALS.unauthenticated.title)
  })

  it('point at each member that is invalid', async () => {
    const problem = await expectRefusal(await post('/auth/login', { identifier: 7 }), 400, 'invalid_request')
    expect(problem.errors).toEqual([
      { path: 'identifier', message: expect.any(String) },
      { path: 'password', message: expect.any(String) },
    ])
  })

  it.each(['/nothing', '/auth/nothing', '/auth', '/users/', '/auth/login/', '/AUTH/LOGIN', '//auth/login'])(
    'answer 404 for what is not there: %s',
    async (path) => {
      await expectRefusal(await post(path, {}), 404, 'not_found')
    },
  )

  it.each([
    ['GET', '/auth/login', ['POST']],
    ['PUT', '/auth/me', ['DELETE', 'GET', 'HEAD', 'PATCH']],
    ['POST', '/auth/sessions', ['DELETE', 'GET', 'HEAD']],
    ['PATCH', '/auth/sessions/some-id', ['DELETE']],
    ['POST', '/health', ['GET', 'HEAD']],
    ['DELETE', '/.well-known/jwks.json', ['GET', 'HEAD']],
  ])('answer 405 with Allow for %s %s', async (method, path, allowed) => {
    const response = await send(method, path)
    expect(response.headers.get('Allow')?.split(', ').sort()).toEqual(allowed)
    await expectRefusal(response, 405, 'method_not_allowed')
  })

  it.each([
    ['no JSON', '{'],
    ['text', 'identifier=ada'],
    ['broken UTF-8', new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x7d])],
    ['a byte order mark', '\ufeff{}'],
    ['a member twice', '{"identifier":"a","identifier":"b","password":"c"}'],
    ['a lone surrogate', '{"identifier":"\\ud800","password":"c"}'],
    ['a lone surrogate in a name', '{"\\ud800":"a","password":"c"}'],
    ['nesting without end', `${'['.repeat(JSON_MAX_DEPTH + 2)}${']'.repeat(JSON_MAX_DEPTH + 2)}`],
    ['null', 'null'],
    ['a list', '[]'],
    ['a string', '"x"'],
    ['nothing at all', ''],
  ])('answer 400 for a body that is %s', async (_, body) => {
    await expectRefusal(await raw(body), 400, 'invalid_request')
  })

  it.each([
    undefined,
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/jsonp',
    'application/json; charset=iso-8859-1',
  ])('answer 415 for the media type %s', async (type) => {
    const body = new TextEncoder().encode('{"identifier":"ada","password":"x"}')
    await expectRefusal(
      await raw(body, type === undefined ? {} : { 'Content-Type': type }),
      415,
      'unsupported_media_type',
    )
  })

  it.each(['application/json', 'application/json; charset=utf-8', 'Application/JSON;charset="UTF-8"'])(
    'take JSON as %s',
    async (type) => {
      const body = JSON.stringify({ identifier: 'nobody', password: 'x' })
      await expectRefusal(await raw(body, { 'Content-Type': type }), 401, 'invalid_credentials')
    },
  )

  it('answer 413 for a body that is too large, also where its length is not said', async () => {
    const large = JSON.stringify({ identifier: 'x'.repeat(JSON_BODY_MAX_BYTES), password: 'x' })
    await expectRefusal(await raw(large), 413, 'body_too_large')
    const stream = new ReadableStream({
      start(controller) {
        controller.enqueue(new TextEncoder().encode(large))
        controller.close()
      },
    })
    await expectRefusal(await raw(stream), 413, 'body_too_large')
  })

  it('answer 503 with Retry-After when a dependency is down, and do not say which', async () => {
    const broken = interceptEnv(env, async (call, proceed) => {
      if (call.kind === 'd1') throw new Error('D1_ERROR: inner detail')
      return await proceed()
    })
    const response = await callWorker(broken, 'POST', '/auth/forgot-password', { body: { email: newEmail() } })
    expect(Number(response.headers.get('Retry-After'))).toBeGreaterThan(0)
    expect(await response.clone().text()).not.toContain('inner')
    await expectRefusal(response, 503, 'dependency_unavailable')
  })

  it('answer 500 and nothing else where the Worker is not configured; the log names the variable and the rule, not the value', async () => {
    const lines: string[] = []
    vi.spyOn(console, 'error').mockImplementation((line: string) => void lines.push(line))
    const misconfigured = { ...env, AUTH_SECRET: 'v1:c2hvcnQ', RATE_LIMITS: 'sometimes' } as unknown as Env
    const response = await callWorker(misconfigured, 'GET', '/health')
    const problem = await expectRefusal(response, 500, 'internal_error')
    expect(Object.keys(problem).sort()).toEqual(['code', 'requestId', 'status', 'title', 'type'])
    expect(lines.join('\n')).toContain('AUTH_SECRET')
    expect(lines.join('\n')).toContain('RATE_LIMITS')
    expect(lines.join('\n')).not.toContain('c2hvcnQ')
  })
})

describe('a request that changes something and is authenticated by cookies (ASVS 3.5.1-3.5.3)', () => {
  const logout = (on: Env, headers: Record<string, string>) => callWorker(on, 'POST', '/auth/logout', { headers })

  it.each([
    ['no header at all', {}],
    ['a foreign origin', { Origin: 'https://evil.example' }],
    ['an origin that begins like an allowed one', { Origin: `${SPA}.evil.example` }],
    ['an allowed host by http', { Origin: SPA.replace('https', 'http') }],
    ['another port', { Origin: `${SPA}:8443` }],
    ['the origin null', { Origin: 'null' }],
    ['a foreign site', { 'Sec-Fetch-Site': 'cross-site' }],
    ['a sibling site', { 'Sec-Fetch-Site': 'same-site' }],
    ['an address that somebody typed', { 'Sec-Fetch-Site': 'none' }],
    ['a Referer alone', { Referer: `${SPA}/` }],
  ])('is refused with %s, and changes nothing', async (_, headers) => {
    const { cookie } = await signedInByCookie()
    const before = await accountState()
    for (const path of ['/auth/logout', '/auth/refresh'])
      await expectRefusal(
        await callWorker(withOrigins, 'POST', path, { headers: { Cookie: cookie, ...headers } }),
        403,
        'csrf_refused',
      )
    const patch = await callWorker(withOrigins, 'PATCH', '/auth/me', {
      body: { name: 'Mallory' },
      headers: { Cookie: cookie, ...headers },
    })
    await expectRefusal(patch, 403, 'csrf_refused')
    expect(await accountState()).toEqual(before)
  })

  it.each([
    ['a page of our own', SAME_ORIGIN],
    ['the issuer', { Origin: ORIGIN }],
    ['an origin that is listed', { Origin: SPA }],
    ['an origin that is listed, of another site', { Origin: SPA, 'Sec-Fetch-Site': 'cross-site' }],
  ])('is served from %s', async (_, headers) => {
    const { cookie } = await signedInByCookie()
    await expectNoContent(await logout(withOrigins, { Cookie: cookie, ...headers }))
  })

  it('needs no such header for reading, nor with a bearer token', async () => {
    const { cookie } = await signedInByCookie()
    expect((await get('/auth/session', { Cookie: cookie })).status).toBe(200)
    const { tokens } = await signedIn()
    await expectNoContent(await logout(withOrigins, bearer(tokens.accessToken)))
  })

  it('is refused from a foreign page even without cookies, so that no page can log a visitor in to its own account (login CSRF)', async () => {
    const { email } = await signedIn()
    const body = { identifier: email, password: PASSWORD, delivery: 'cookie' }
    const response = await callWorker(withOrigins, 'POST', '/auth/login', {
      body,
      headers: { Origin: 'https://evil.example' },
    })
    expect(response.headers.getSetCookie()).toEqual([])
    await expectRefusal(response, 403, 'csrf_refused')
  })
})
