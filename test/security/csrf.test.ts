import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import { verified } from '../support/accounts.ts'
import { cookieHeader, expectRefusal } from '../support/answers.ts'
import { callWorker } from '../support/call-worker.ts'
import { bearer, ORIGIN, PASSWORD, post, type SignedIn } from '../support/client.ts'
import { rows } from '../support/database.ts'
import { listOperations, samplesOf } from '../support/openapi.ts'
import { accountState } from '../support/stored-state.ts'

const APP = 'http://app.localhost:5173'
const bindings = { ...env, ALLOWED_ORIGINS: APP } as unknown as Env

/**
 * Browsers send these headers for a page that is not ours: for foreign sites, siblings, other ports and schemes,
 * sandboxes and redirects.
 */
const HOSTILE: Record<string, Record<string, string>> = {
  'another site': { Origin: 'https://evil.example', 'Sec-Fetch-Site': 'cross-site' },
  'another site, in an old browser': { Origin: 'https://evil.example' },
  'a sibling that is not listed': { Origin: 'http://evil.localhost:5173', 'Sec-Fetch-Site': 'same-site' },
  'another port': { Origin: 'http://localhost:8788', 'Sec-Fetch-Site': 'same-site' },
  'another scheme': { Origin: 'https://localhost:8787', 'Sec-Fetch-Site': 'cross-site' },
  'a name that ends like ours': { Origin: `${ORIGIN}.evil.example` },
  'a name that begins like a listed one': { Origin: `${APP}.evil.example` },
  'a sandbox or a redirect': { Origin: 'null', 'Sec-Fetch-Site': 'cross-site' },
  'a redirect through another site': { Origin: 'null' },
  'no origin, but another site': { 'Sec-Fetch-Site': 'cross-site' },
  'no origin, but a sibling': { 'Sec-Fetch-Site': 'same-site' },
}

const unsafe = listOperations().filter(({ method }) => method !== 'GET')
const safe = listOperations().filter(({ method }) => method === 'GET')
const fill = (path: string) => path.replace(/\{\w+\}/g, crypto.randomUUID())

let cookie = ''
let tokens: SignedIn['tokens']
beforeAll(async () => {
  const { email } = await verified()
  cookie = cookieHeader(await post('/auth/login', { identifier: email, password: PASSWORD, delivery: 'cookie' }))
  tokens = ((await (await post('/auth/login', { identifier: email, password: PASSWORD })).json()) as SignedIn).tokens
})

const stateNow = async () => ({
  ...(await accountState()),
  /** Whoever opens a page that they may not see is recorded, once an hour. */
  trail: await rows("select count(*) as count from audit_events where type <> 'authorization.refused'"),
  counts: await rows('select * from audit_counts'),
  mails: await rows('select count(*) as count from outbox'),
})

const corsHeaders = (response: Response) => [...response.headers].filter(([name]) => name.startsWith('access-control-'))

async function request(method: string, path: string, headers: Record<string, string>, body?: unknown) {
  return await callWorker(bindings, method, fill(path), { headers, ...(body === undefined ? {} : { body }) })
}

describe.each(unsafe)('$method $path (ASVS 3.5.1-3.5.3)', ({ method, path, body, security }) => {
  const sample = body === null ? undefined : samplesOf(body.schema).at(-1)

  it('is refused from every page that is not listed, with cookies or without, and changes nothing', async () => {
    const before = await stateNow()
    for (const headers of Object.values(HOSTILE))
      for (const credentials of [
        { Cookie: cookie },
        {},
        { Cookie: cookie, ...bearer(tokens.accessToken) },
        { Authorization: `Basic ${btoa('orders:secret')}` },
      ] as Record<string, string>[]) {
        const response = await request(method, path, { ...headers, ...credentials }, sample)
        await expectRefusal(response, 403, 'csrf_refused')
        expect(response.headers.getSetCookie()).toEqual([])
      }
    expect(await stateNow()).toEqual(before)
  })

  it('passes that check with a bearer token only where the route acts by the token alone', async () => {
    const isTokenRoute = security.includes('bearer') || path === '/auth/logout'
    const before = await stateNow()
    for (const headers of Object.values(HOSTILE)) {
      const response = await request(method, path, { ...headers, ...bearer('made.up.token') }, sample)
      expect(corsHeaders(response)).toEqual([])
      expect(response.headers.getSetCookie()).toEqual([])
      expect(response.headers.get('Clear-Site-Data')).toBeNull()
      if (!isTokenRoute) await expectRefusal(response, 403, 'csrf_refused')
      else if (path === '/auth/logout') expect(response.status).toBe(204)
      else await expectRefusal(response, 401, 'unauthenticated')
    }
    expect(await stateNow()).toEqual(before)
  })
})

describe('a bearer token from an origin that is not listed', () => {
  it.each(Object.entries(HOSTILE))('is accepted, but no page can read the answer: %s', async (_, headers) => {
    const app = { ...headers, ...bearer(tokens.accessToken) }
    const renamed = await request('PATCH', '/auth/me', app, { name: 'Ada' })
    expect(renamed.status).toBe(200)
    expect(corsHeaders(renamed)).toEqual([])
  })

  it('is accepted beside the cookie of a known device, which signs nobody in', async () => {
    const device = cookie.split('; ').find((pair) => pair.startsWith('__Host-device=')) ?? ''
    const headers = { ...HOSTILE['another site'], ...bearer(tokens.accessToken), Cookie: device }
    expect((await request('PATCH', '/auth/me', headers, { name: 'Ada' })).status).toBe(200)
  })

  it('can end its session by logout, and the answer changes nothing that the browser keeps', async () => {
    const { email } = await verified()
    const other = ((await (await post('/auth/login', { identifier: email, password: PASSWORD })).json()) as SignedIn)
      .tokens
    const headers = { ...HOSTILE['another site'], ...bearer(other.accessToken) }
    const response = await request('POST', '/auth/logout', headers)
    expect(response.status).toBe(204)
    expect(response.headers.getSetCookie()).toEqual([])
    expect(response.headers.get('Clear-Site-Data')).toBeNull()
    await expectRefusal(await request('GET', '/auth/me', bearer(other.accessToken)), 401, 'unauthenticated')
  })

  it('does not let a login to another account pass, because a login sets cookies (login CSRF)', async () => {
    const { email } = await verified()
    const headers = { ...HOSTILE['another site'], ...bearer(tokens.accessToken) }
    const body = { identifier: email, password: PASSWORD, delivery: 'cookie' }
    const response = await request('POST', '/auth/login', headers, body)
    await expectRefusal(response, 403, 'csrf_refused')
    expect(response.headers.getSetCookie()).toEqual([])
  })
})

describe('a cookie in a request that does not say where it comes from', () => {
  const withCookies = unsafe.filter(
    ({ path, security }) => security.includes('cookie') || ['/auth/refresh', '/auth/logout'].includes(path),
  )
  it('is accepted by no unsafe route', async () => {
    expect(withCookies.length).toBeGreaterThanOrEqual(10)
    const before = await stateNow()
    const answers = await Promise.all(
      withCookies.map(async ({ method, path, body }) => {
        const sample = body === null ? undefined : samplesOf(body.schema).at(-1)
        const response = await request(method, path, { Cookie: cookie }, sample)
        return { route: `${method} ${path}`, status: response.status }
      }),
    )
    expect(answers.filter(({ status }) => status < 400)).toEqual([])
    expect(await stateNow()).toEqual(before)
  })

  it.each([
    ['POST', '/auth/refresh', undefined],
    ['POST', '/auth/logout', undefined],
    ['PATCH', '/auth/me', { name: 'Eve' }],
    ['DELETE', '/auth/me', { password: PASSWORD }],
    ['DELETE', '/auth/sessions', undefined],
    ['POST', '/auth/change-password', { currentPassword: PASSWORD, newPassword: 'another battery staple' }],
  ])('is refused with csrf_refused by %s %s', async (method, path, body) => {
    await expectRefusal(await request(method, path, { Cookie: cookie }, body), 403, 'csrf_refused')
  })
})

describe('pages that are allowed', () => {
  it.each<[string, Record<string, string>]>([
    ['a listed origin', { Origin: APP, 'Sec-Fetch-Site': 'same-site' }],
    ['a listed origin, in an old browser', { Origin: APP }],
    ['our own pages', { Origin: ORIGIN, 'Sec-Fetch-Site': 'same-origin' }],
    ['our own pages, in an old browser', { Origin: ORIGIN }],
    ['our own pages that send no origin', { 'Sec-Fetch-Site': 'same-origin' }],
  ])('can use cookies: %s', async (_, headers) => {
    const response = await request('PATCH', '/auth/me', { ...headers, Cookie: cookie }, { name: 'Ada' })
    expect(response.status).toBe(200)
  })
})

describe('login by a foreign page (login CSRF)', () => {
  it.each(Object.entries(HOSTILE))('is answered with neither a session nor a cookie: %s', async (_, headers) => {
    const { email } = await verified()
    const before = await stateNow()
    for (const delivery of ['cookie', 'body']) {
      const response = await request('POST', '/auth/login', headers, {
        identifier: email,
        password: PASSWORD,
        delivery,
      })
      await expectRefusal(response, 403, 'csrf_refused')
      expect(response.headers.getSetCookie()).toEqual([])
    }
    expect(await stateNow()).toEqual(before)
  })

  it('is refused to programs that are not browsers, too', async () => {
    const { email } = await verified()
    const body = { identifier: email, password: PASSWORD, delivery: 'cookie' }
    expect((await request('POST', '/auth/login', {}, body)).status).toBe(200)
  })
})

describe('what a page can send without asking (simple requests)', () => {
  const login = async () => {
    const { email } = await verified()
    return JSON.stringify({ identifier: email, password: PASSWORD, delivery: 'cookie' })
  }
  it.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', ''])(
    'is no login as "%s", even from a listed origin',
    async (type) => {
      const headers = { Origin: APP, 'Content-Type': type }
      const response = await callWorker(bindings, 'POST', '/auth/login', { headers, body: await login() })
      expect(response.status).toBe(415)
      expect(response.headers.getSetCookie()).toEqual([])
    },
  )

  it.each<[string, Record<string, string>]>([
    ['X-HTTP-Method-Override', { 'X-HTTP-Method-Override': 'DELETE' }],
    ['X-HTTP-Method', { 'X-HTTP-Method': 'DELETE' }],
    ['X-Method-Override', { 'X-Method-Override': 'DELETE' }],
  ])('does not become another method by %s', async (_, headers) => {
    const before = await stateNow()
    expect((await request('GET', '/auth/me', { ...headers, Cookie: cookie })).status).toBe(200)
    expect((await request('GET', '/auth/me?_method=DELETE', { Cookie: cookie })).status).toBe(200)
    expect(await stateNow()).toEqual(before)
  })
})

describe('GET', () => {
  it('changes nothing on any route, whoever makes a browser send it', async () => {
    const before = await stateNow()
    for (const { path } of safe)
      for (const method of ['GET', 'HEAD']) await request(method, path, { Cookie: cookie, ...HOSTILE['another site'] })
    expect(await stateNow()).toEqual(before)
  })
})
