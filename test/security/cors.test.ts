import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { parseSettings } from '../../src/env.ts'
import { signedIn } from '../support/accounts.ts'
import { callWorker } from '../support/call-worker.ts'
import { bearer, ORIGIN } from '../support/client.ts'
import { countingEnv } from '../support/counting-env.ts'
import { listOperations } from '../support/openapi.ts'

const APP = 'https://app.example.com'
const OTHER_APP = 'http://localhost:5173'
const HYBRID_APPS = ['capacitor://localhost', 'ionic://localhost', 'tauri://localhost', 'https://tauri.localhost']
const listed = { ALLOWED_ORIGINS: [APP, OTHER_APP, ...HYBRID_APPS].join(', ') }
const bindings = { ...env, ...listed } as unknown as Env

const FOREIGN = [
  'https://evil.example',
  'https://app.example.com.evil.example',
  'https://evil-app.example.com',
  'https://example.com',
  'http://app.example.com',
  'https://app.example.com:8443',
  'https://sub.app.example.com',
  'http://localhost:5174',
  'http://localhost',
  'capacitor://evil',
  'capacitor://localhost.evil.example',
  'tauri://localhost:1',
  'file://',
  'null',
  '*',
]
const preflight = (origin: string, path = '/auth/login', method = 'POST') =>
  callWorker(bindings, 'OPTIONS', path, {
    headers: {
      Origin: origin,
      'Access-Control-Request-Method': method,
      'Access-Control-Request-Headers': 'authorization,content-type',
    },
  })
const corsHeaders = (response: Response) =>
  Object.fromEntries([...response.headers].filter(([name]) => name.startsWith('access-control-')))
const listOf = (response: Response, name: string) =>
  (response.headers.get(name) ?? '').split(/\s*,\s*/).filter((item) => item !== '')

const operations = listOperations().map(({ method, path }) => ({
  method,
  path: path.replace(/\{\w+\}/g, crypto.randomUUID()),
}))

describe('an origin that is listed (ASVS 3.4.2)', () => {
  it.each([APP, OTHER_APP, ...HYBRID_APPS, ORIGIN])('may read answers with credentials: %s', async (origin) => {
    const { tokens } = await signedIn()
    const headers = { Origin: origin, ...bearer(tokens.accessToken) }
    const response = await callWorker(bindings, 'GET', '/auth/session', { headers })
    expect(response.status).toBe(200)
    expect(corsHeaders(response)).toEqual({
      'access-control-allow-origin': origin,
      'access-control-allow-credentials': 'true',
      'access-control-expose-headers': 'X-Request-Id,Retry-After,RateLimit,RateLimit-Policy',
    })
    expect(listOf(response, 'Vary')).toEqual(['Origin'])
  })

  it.each(operations)('may read the refusals of $method $path too', async ({ method, path }) => {
    const response = await callWorker(bindings, method, path, { headers: { Origin: APP } })
    expect(response.headers.get('Access-Control-Allow-Origin')).toBe(APP)
    expect(listOf(response, 'Vary')).toContain('Origin')
  })

  it.each([
    { status: 404, method: 'GET', path: '/nowhere' },
    { status: 405, method: 'PUT', path: '/auth/login' },
    { status: 415, method: 'POST', path: '/auth/login', body: 'x', headers: { 'Content-Type': 'text/plain' } },
  ])('may read a $status', async ({ status, method, path, headers, ...body }) => {
    const response = await callWorker(bindings, method, path, { headers: { Origin: APP, ...headers }, ...body })
    expect(response.status).toBe(status)
    expect(response.headers.get('Access-Control-Allow-Origin')).toBe(APP)
  })

  it('may read a 429', async () => {
    const limited = { ...bindings, RATE_LIMIT_PER_MINUTE: '10' } as unknown as Env
    const headers = { Origin: APP, 'CF-Connecting-IP': '192.0.2.77' }
    const statuses: number[] = []
    for (let requests = 0; requests < 11; requests += 1) {
      const response = await callWorker(limited, 'GET', '/health', { headers })
      statuses.push(response.status)
      expect(response.headers.get('Access-Control-Allow-Origin')).toBe(APP)
    }
    expect(statuses.at(-1)).toBe(429)
  })
})

describe('a preflight', () => {
  it.each([APP, OTHER_APP, ...HYBRID_APPS])(
    'of %s is answered, and the answer may be kept for ten minutes',
    async (origin) => {
      const response = await preflight(origin)
      expect({ status: response.status, text: await response.text() }).toEqual({ status: 204, text: '' })
      expect(corsHeaders(response)).toMatchObject({
        'access-control-allow-origin': origin,
        'access-control-allow-credentials': 'true',
        'access-control-max-age': '600',
        'access-control-allow-methods': 'GET,POST,PUT,PATCH,DELETE',
        'access-control-allow-headers': 'Authorization,Content-Type,X-Device-Token',
      })
      expect(listOf(response, 'Vary')).toContain('Origin')
    },
  )

  it('covers every method of the document, and reaches neither handler nor binding', async () => {
    const counting = countingEnv(listed)
    for (const { method, path } of operations) {
      const response = await callWorker(counting.env, 'OPTIONS', path, {
        headers: { Origin: APP, 'Access-Control-Request-Method': method, 'CF-Connecting-IP': '192.0.2.78' },
      })
      expect(response.status).toBe(204)
      expect(response.headers.get('Access-Control-Allow-Methods')?.split(',')).toContain(method)
    }
    expect(Object.values(counting.take()).every((count) => count === 0)).toBe(true)
  })

  it.each(FOREIGN)('of %s gets no permission', async (origin) => {
    const response = await preflight(origin)
    expect(corsHeaders(response)).toEqual({})
    expect(response.headers.get('Vary')).toBe('Origin')
    expect(response.ok).toBe(false)
  })

  it('does not allow a page to send the headers of a back end', async () => {
    const allowed = (await preflight(APP)).headers.get('Access-Control-Allow-Headers') ?? ''
    expect(allowed).not.toMatch(/Postern-(Service|Client-Address)/i)
  })
})

describe('an origin that is not listed', () => {
  it.each(operations)('gets no CORS header from $method $path', async ({ method, path }) => {
    for (const origin of FOREIGN.slice(0, 2)) {
      const response = await callWorker(bindings, method, path, { headers: { Origin: origin } })
      expect(corsHeaders(response)).toEqual({})
      expect(listOf(response, 'Vary')).toContain('Origin')
    }
  })

  it.each(FOREIGN)('may not read answers where it is called %s', async (origin) => {
    const { tokens } = await signedIn()
    const headers = { Origin: origin, ...bearer(tokens.accessToken) }
    expect(corsHeaders(await callWorker(bindings, 'GET', '/auth/session', { headers }))).toEqual({})
  })

  it('is every origin by default', async () => {
    const headers = { Origin: APP }
    expect(corsHeaders(await callWorker(env as unknown as Env, 'GET', '/health', { headers }))).toEqual({})
  })
})

describe('answers without an Origin', () => {
  it.each(operations)('have Vary: Origin: $method $path', async ({ method, path }) => {
    const response = await callWorker(bindings, method, path)
    expect(corsHeaders(response)).toEqual({})
    expect(listOf(response, 'Vary')).toContain('Origin')
  })
})

describe('ALLOWED_ORIGINS', () => {
  it.each([
    '*',
    'https://*.example.com',
    'https://app.example.com/',
    'app.example.com',
    'null',
    'https://a.example/x',
    'file://',
    'capacitor://*',
    'capacitor://localhost/',
  ])('cannot be %s', (origins) => {
    expect(() => parseSettings({ ...env, ALLOWED_ORIGINS: origins })).toThrow('ALLOWED_ORIGINS')
  })
})
