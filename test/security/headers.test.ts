import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import wranglerConfig from '../../wrangler.toml?raw'
import { verified } from '../support/accounts.ts'
import { cookieHeader, expectRefusal } from '../support/answers.ts'
import { callWorker } from '../support/call-worker.ts'
import { ORIGIN, PASSWORD, post } from '../support/client.ts'
import { countingEnv } from '../support/counting-env.ts'
import { interceptEnv } from '../support/intercept-env.ts'
import { listOperations } from '../support/openapi.ts'

const development = env as unknown as Env
const ISSUER = 'https://auth.example.com'
const PRODUCTION = {
  ENVIRONMENT: 'production',
  ISSUER,
  MAIL_TRANSPORT: 'binding',
  MAIL_FROM: 'auth@example.com',
  DEV_MAILBOX: undefined,
}
const production = { ...env, ...PRODUCTION } as unknown as Env

/** Every answer of this service has these headers. */
const EVERYWHERE = {
  'strict-transport-security': 'max-age=63072000',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
}
const ON_DATA = {
  ...EVERYWHERE,
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'; sandbox",
  'permissions-policy': 'camera=(), geolocation=(), microphone=()',
}
const pick = (response: Response, names: object) =>
  Object.fromEntries(Object.keys(names).map((name) => [name, response.headers.get(name)]))

function expectDataHeaders(response: Response): void {
  expect(pick(response, ON_DATA)).toEqual(ON_DATA)
  expect(response.headers.get('X-Request-Id')).toMatch(/^[0-9a-f-]{36}$/)
  expect(response.headers.get('X-Powered-By')).toBeNull()
  expect(response.headers.get('Server')).toBeNull()
}

const operations = listOperations().map(({ method, path }) => ({
  method,
  path: path.replace(/\{\w+\}/g, crypto.randomUUID()),
}))

describe('headers of data (ASVS 3.4.1, 3.4.3-3.4.6, 3.5.8)', () => {
  it.each(operations)('$method $path', async ({ method, path }) => {
    const response = await callWorker(development, method, path)
    expectDataHeaders(response)
    if (/^\/(auth|users|roles|audit-events|stats)\b/.test(path))
      expect(response.headers.get('Cache-Control')).toBe('no-store')
  })

  const broken = interceptEnv(development, () => Promise.reject(new Error('D1_ERROR: down')))
  const limited = { ...development, RATE_LIMIT_PER_MINUTE: '10' } as unknown as Env
  const misconfigured = { ...development, AUTH_SECRET: 'short' } as unknown as Env
  const faulty = { ...development, ASSETS: null } as unknown as Env
  const failing: Record<number, () => Promise<Response>> = {
    400: () => callWorker(development, 'POST', '/auth/login', { body: {} }),
    401: () => callWorker(development, 'GET', '/auth/me'),
    403: () =>
      callWorker(development, 'POST', '/auth/login', { body: {}, headers: { Origin: 'https://evil.example' } }),
    404: () => callWorker(development, 'GET', '/nowhere'),
    405: () => callWorker(development, 'PUT', '/auth/login'),
    413: () => callWorker(development, 'POST', '/auth/login', { body: 'x'.repeat(70_000) }),
    415: () => callWorker(development, 'POST', '/auth/login', { body: {}, headers: { 'Content-Type': 'text/plain' } }),
    429: async () => {
      const headers = { 'CF-Connecting-IP': '192.0.2.99' }
      for (let requests = 0; requests < 10; requests += 1) await callWorker(limited, 'GET', '/health', { headers })
      return await callWorker(limited, 'GET', '/health', { headers })
    },
    500: () => callWorker(faulty, 'GET', '/nowhere'),
    503: () => callWorker(broken, 'POST', '/auth/login', { body: { identifier: 'a@example.com', password: PASSWORD } }),
  }
  it.each(Object.keys(failing).map(Number))('an answer of %d', async (status) => {
    const response = await failing[status]?.()
    expect(response?.status).toBe(status)
    if (response) expectDataHeaders(response)
    expect(response?.headers.get('Content-Type')).toBe('application/problem+json')
  })

  it('are on the answer of a Worker whose configuration is broken', async () => {
    const response = await callWorker(misconfigured, 'GET', '/health')
    expect(response.status).toBe(500)
    expectDataHeaders(response)
  })

  it('are on a redirect and on the answer to a preflight', async () => {
    expectDataHeaders(await callWorker(production, 'GET', '/auth/me', { origin: 'http://auth.example.com' }))
    const headers = { Origin: ISSUER, 'Access-Control-Request-Method': 'POST' }
    expectDataHeaders(await callWorker(production, 'OPTIONS', '/auth/login', { origin: ISSUER, headers }))
  })
})

describe('headers of pages (ASVS 3.4.3)', () => {
  const names = Object.keys(import.meta.glob('../../src/ui/pages/*.html')).map((path) =>
    path.replace(/^.*\/|\.html$/g, ''),
  )
  const pages = names.map((name) => (name === 'index' ? '/' : `/${name}`))
  const directivesOf = (response: Response) =>
    Object.fromEntries(
      (response.headers.get('Content-Security-Policy') ?? '').split(';').map((directive) => {
        const [name = '', ...values] = directive.trim().split(/\s+/)
        return [name, values.join(' ')]
      }),
    )
  const STRICT = {
    'default-src': "'none'",
    'script-src': "'self'",
    'connect-src': "'self'",
    'img-src': "'self' data:",
    'style-src': "'self'",
    'base-uri': "'none'",
    'form-action': "'none'",
    'frame-ancestors': "'none'",
    'require-trusted-types-for': "'script'",
    'trusted-types': "'none'",
  }

  it.each(pages)('%s', async (path) => {
    for (const method of ['GET', 'HEAD']) {
      const response = await callWorker(development, method, path)
      expect(response.status).toBe(200)
      expect(response.headers.get('Content-Type')).toBe('text/html; charset=utf-8')
      expect(pick(response, EVERYWHERE)).toEqual(EVERYWHERE)
      expect(response.headers.get('Permissions-Policy')).toContain('camera=()')
      expect(directivesOf(response)).toEqual(STRICT)
    }
  })

  it('allow no script but ours on the page of the development mailbox, whatever a mail holds', async () => {
    const directives = directivesOf(await callWorker(development, 'GET', '/dev/mailbox'))
    expect(directives).toMatchObject({ 'default-src': "'none'", 'script-src': "'self'", 'frame-ancestors': "'none'" })
  })

  it('are on a 304 as well, because a browser takes the policy of that answer', async () => {
    const page = await callWorker(development, 'GET', '/docs')
    const headers = { 'If-None-Match': page.headers.get('ETag') ?? '' }
    const unchanged = await callWorker(development, 'GET', '/docs', { headers })
    expect(unchanged.status).toBe(304)
    expect(directivesOf(unchanged)).toEqual(directivesOf(page))
  })

  it('leave Strict-Transport-Security out on static files, where it could contradict that of the Worker', async () => {
    const style = await env.ASSETS.fetch(`${ORIGIN}/assets/style.css`)
    expect(style.status).toBe(200)
    expect(style.headers.get('Strict-Transport-Security')).toBeNull()
  })

  it.each(['production', 'development'])('pages go through the Worker, in %s', (environment) => {
    const [, assets = ''] = wranglerConfig.split(`[env.${environment}.assets]`)
    expect(assets.split('\n\n')[0]).toContain('run_worker_first = ["/*", "!/assets/*"]')
  })
})

describe('Strict-Transport-Security (ASVS 3.4.1, RFC 6797 §6.1.2)', () => {
  const scoped = { ...production, HSTS_INCLUDE_SUBDOMAINS: 'true' } as unknown as Env
  it.each(['/health', '/docs', '/nowhere', '/auth/me'])(
    '%s covers subdomains only where the deployment says so',
    async (path) => {
      const headerOf = async (environment: Env) =>
        (await callWorker(environment, 'GET', path, { origin: ISSUER })).headers.get('Strict-Transport-Security')
      expect(await headerOf(production)).toBe('max-age=63072000')
      expect(await headerOf(scoped)).toBe('max-age=63072000; includeSubDomains')
    },
  )
})

describe('a missing page', () => {
  const html = { Accept: 'text/html,application/xhtml+xml' }
  const ask = (headers: Record<string, string>, method = 'GET') =>
    callWorker(development, method, '/nowhere', { headers: { ...html, ...headers } })

  it('is never blank, whatever the client holds or asks a part of (RFC 9110 §13.2.1)', async () => {
    const direct = await callWorker(development, 'GET', '/404')
    const tag = direct.headers.get('ETag') ?? ''
    const whole = await direct.text()
    expect(tag).not.toBe('')
    for (const headers of [
      {},
      { 'If-None-Match': tag },
      { 'If-None-Match': `W/${tag}, "other"` },
      { 'If-None-Match': '*' },
      { 'If-Modified-Since': new Date().toUTCString() },
      { 'If-Match': '"other"' },
      { Range: 'bytes=0-9' },
      { Range: 'bytes=999999-' },
      { Range: 'bytes=0-9', 'If-Range': tag },
    ]) {
      const response = await ask(headers)
      expect(response.status).toBe(404)
      expect(response.headers.get('Content-Type')).toBe('text/html; charset=utf-8')
      expect(response.headers.get('Content-Range')).toBeNull()
      expect(pick(response, EVERYWHERE)).toEqual(EVERYWHERE)
      expect(response.headers.get('Content-Security-Policy')).toContain('trusted-types')
      expect(await response.text()).toBe(whole)
    }
  })

  it('has no ETag, so that nobody can ask for it conditionally', async () => {
    expect((await ask({})).headers.get('ETag')).toBeNull()
  })

  it('has the same headers for HEAD, and no body', async () => {
    const [got, head] = [await ask({}), await ask({ 'If-None-Match': '*' }, 'HEAD')]
    expect(head.status).toBe(404)
    expect(head.headers.get('Content-Type')).toBe(got.headers.get('Content-Type'))
    expect(head.headers.get('Content-Security-Policy')).toBe(got.headers.get('Content-Security-Policy'))
    expect(await head.text()).toBe('')
  })

  it('is answered as a problem to a program that asks for JSON, also with a condition', async () => {
    const headers = { Accept: 'application/json', 'If-None-Match': '*', Range: 'bytes=0-9' }
    await expectRefusal(await callWorker(development, 'GET', '/nowhere', { headers }), 404, 'not_found')
  })
})

describe('paths that are not in their plain form', () => {
  it.each([
    ['//docs', '/docs'],
    ['///docs', '/docs'],
    ['/%2fdocs', '/docs'],
    ['/%64ocs', '/docs'],
    ['/docs/', '/docs'],
    ['/docs.html', '/docs'],
    ['//evil.example/..', '/'],
    ['//evil.example/%2e%2e', '/'],
    ['//assets/style.css', '/assets/style.css'],
  ])('%s redirects to its plain form on this host', async (path, plain) => {
    const response = await callWorker(development, 'GET', path)
    expect({ status: response.status, location: response.headers.get('Location') }).toEqual({
      status: 307,
      location: plain,
    })
  })

  it.each([
    '//evil.example/docs',
    '/\\evil.example/docs',
    '/%5cevil.example/docs',
    '/x/..%2fdocs',
    '/docs%00',
    '/docs%3f',
    '/_headers',
    '//_headers',
    '/%5fheaders',
    '/.assetsignore',
    '/.dev.vars',
    '/wrangler.toml',
    '/%2e%2e/%2e%2e/wrangler.toml',
    '//auth/me',
    '/auth//me',
    '/AUTH/me',
    '/auth/me/',
    '/auth%2fme',
  ])('%s is answered with 404', async (path) => {
    const response = await callWorker(development, 'GET', path)
    await expectRefusal(response, 404, 'not_found')
    expectDataHeaders(response)
  })
})

describe('plain HTTP in production (ASVS 4.1.2)', () => {
  const plain = { origin: 'http://auth.example.com' }
  it.each(
    ['GET', 'HEAD'].flatMap((method) =>
      ['/', '/docs', '/auth/me?a=b&c=%20', '/nowhere', '//evil.example/x', '/auth/login'].map((path) => [method, path]),
    ),
  )('%s %s is sent on to the issuer', async (method = '', path = '') => {
    const response = await callWorker(production, method, path, plain)
    expect(response.status).toBe(308)
    expect(response.headers.get('Location')).toBe(`${ISSUER}${path}`)
  })

  it('is redirected to the issuer whatever host it names', async () => {
    const headers = { 'X-Forwarded-Host': 'evil.example', 'X-Forwarded-Proto': 'https', Forwarded: 'proto=https' }
    const response = await callWorker(production, 'GET', '/auth/me', { origin: 'http://evil.example', headers })
    expect(response.headers.get('Location')).toBe(`${ISSUER}/auth/me`)
  })

  it.each(['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])('%s is refused', async (method) => {
    for (const path of ['/auth/login', '/auth/me', '/docs', '/nowhere'])
      await expectRefusal(await callWorker(production, method, path, plain), 403, 'https_required')
  })

  it('is answered without looking at cookies, tokens or bindings', async () => {
    const { email } = await verified()
    const login = { identifier: email, password: PASSWORD, delivery: 'cookie' }
    const Cookie = cookieHeader(await post('/auth/login', login))
    const counting = countingEnv(PRODUCTION)
    const headers = { Cookie, Authorization: 'Bearer a.b.c', 'CF-Connecting-IP': '192.0.2.98' }
    expect((await callWorker(counting.env, 'GET', '/auth/me', { ...plain, headers })).status).toBe(308)
    const refused = await callWorker(counting.env, 'POST', '/auth/logout', { ...plain, headers })
    await expectRefusal(refused, 403, 'https_required')
    expect(refused.headers.getSetCookie()).toEqual([])
    expect(Object.values(counting.take()).every((count) => count === 0)).toBe(true)
  })

  it('is not taken for https because of a header: the scheme is that of the request', async () => {
    const response = await callWorker(production, 'GET', '/health', { origin: ISSUER })
    expect(response.status).toBe(200)
    expect((await callWorker(development, 'GET', '/health', { origin: ORIGIN })).status).toBe(200)
  })
})
