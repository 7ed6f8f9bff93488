import { env } from 'cloudflare:workers'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { READINESS_CACHE_SECONDS, READINESS_MAX_AGE_SECONDS, VERSION } from '../../src/config.ts'
import { Health, Readiness } from '../../src/contracts/health.ts'
import { answerOf } from '../support/answers.ts'
import { callWorker } from '../support/call-worker.ts'
import { get, ORIGIN, send } from '../support/client.ts'
import { rows } from '../support/database.ts'
import { interceptEnv } from '../support/intercept-env.ts'
import { OPENAPI_DOCUMENT } from '../support/openapi.ts'

const DEPENDENCIES = ['blocklist', 'database', 'endedSessions', 'loginThrottle', 'pictures', 'signingKeys']

afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

describe('GET /health', () => {
  it('answers that the Worker runs, and which version', async () => {
    expect(await answerOf(await get('/health'), Health)).toEqual({ status: 'ok', version: VERSION })
  })

  it('asks no dependency', async () => {
    const calls: string[] = []
    const watched = interceptEnv(env, async ({ kind }, proceed) => {
      calls.push(kind)
      return await proceed()
    })
    expect((await callWorker(watched, 'GET', '/health')).status).toBe(200)
    expect(calls).toEqual([])
  })
})

describe('GET /health/ready', () => {
  it('answers the state and the time of each dependency', async () => {
    const response = await get('/health/ready')
    expect(response.headers.get('Cache-Control')).toBe('no-store')
    const { status, dependencies } = await answerOf(response, Readiness)
    expect(status).toBe('ok')
    expect(Object.keys(dependencies).sort()).toEqual(expect.arrayContaining(DEPENDENCIES))
    for (const state of Object.values(dependencies)) {
      expect(state.status).toBe('ok')
      expect(state.ms).toBeGreaterThanOrEqual(0)
    }
  })

  it('says how large the database is', async () => {
    const sizeOf = async () => {
      const { dependencies } = await answerOf(await callWorker({ ...env }, 'GET', '/health/ready'), Readiness)
      expect(dependencies.blocklist).not.toHaveProperty('bytes')
      return dependencies.database?.bytes ?? 0
    }
    const before = await sizeOf()
    await rows("insert into audit_events (id, type, at, details) values ('big', 'x', 0, hex(zeroblob(500000)))")
    expect(before).toBeGreaterThan(0)
    expect(await sizeOf()).toBeGreaterThan(before + 900_000)
  })

  it.each([
    ['DB', 'database', 'signingKeys'],
    ['BLOCKLIST', 'blocklist'],
    ['LOGIN_THROTTLE', 'loginThrottle'],
    ['ENDED_SESSIONS', 'endedSessions'],
    ['PICTURES', 'pictures'],
  ])(
    'answers 503 with Retry-After when %s is down, and says which dependency but not why',
    async (binding, ...names) => {
      const broken = interceptEnv(env, async (call, proceed) => {
        if (call.binding === binding) throw new Error('inner detail')
        return await proceed()
      })
      const response = await callWorker(broken, 'GET', '/health/ready')
      expect(Number(response.headers.get('Retry-After'))).toBeGreaterThan(0)
      expect(await response.clone().text()).not.toContain('inner detail')
      const { status, dependencies } = await answerOf(response, Readiness, 503)
      expect(status).toBe('unavailable')
      const unavailable = Object.entries(dependencies).filter(([, state]) => state.status !== 'ok')
      expect(unavailable.map(([dependency]) => dependency)).toEqual(names)
    },
  )
})

describe('GET /health/ready, asked often', () => {
  /** Builds a test environment that counts the calls of readiness, and whose database the test can break. */
  function watchedEnv(overrides: Record<string, unknown> = {}) {
    const calls: string[] = []
    const state = { isDown: false }
    const watched = interceptEnv(
      env,
      async ({ kind, binding }, proceed) => {
        if (binding !== 'COUNTERS') calls.push(kind)
        if (state.isDown && kind === 'd1') throw new Error('down')
        return await proceed()
      },
      overrides,
    )
    return { calls, state, ask: () => callWorker(watched, 'GET', '/health/ready') }
  }

  /**
   * Builds the same environment, but its isolate has read its signing keys. It remembers them for longer than an answer
   * of readiness.
   */
  async function watchedEnvWithKeys() {
    const watched = watchedEnv()
    await watched.ask()
    watched.calls.length = 0
    vi.setSystemTime(Date.now() + READINESS_CACHE_SECONDS * 1000)
    return watched
  }

  it('asks the dependencies once in five seconds, and tells the truth again after that', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() })
    const { calls, state, ask } = await watchedEnvWithKeys()
    const first = await (await ask()).text()
    const asked = calls.length
    expect(asked).toBeGreaterThan(0)
    state.isDown = true
    for (let requests = 0; requests < 20; requests += 1) expect(await (await ask()).text()).toBe(first)
    expect(calls).toHaveLength(asked)
    vi.setSystemTime(Date.now() + READINESS_CACHE_SECONDS * 1000)
    expect((await ask()).status).toBe(503)
    expect(calls).toHaveLength(2 * asked)
    expect((await ask()).headers.get('Retry-After')).not.toBeNull()
    expect(calls).toHaveLength(2 * asked)
  })

  it('lets one of many simultaneous requests ask anew, while the others get what was known', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() })
    const { calls, ask } = await watchedEnvWithKeys()
    await ask()
    const asked = calls.length
    vi.setSystemTime(Date.now() + READINESS_CACHE_SECONDS * 1000)
    const answers = await Promise.all(Array.from({ length: 20 }, ask))
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 200))
    expect(calls).toHaveLength(2 * asked)
  })

  it('never answers with a state that is too old, also while another request asks', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() })
    const { state, ask } = watchedEnv()
    await ask()
    state.isDown = true
    vi.setSystemTime(Date.now() + READINESS_MAX_AGE_SECONDS * 1000)
    const answers = await Promise.all(Array.from({ length: 5 }, ask))
    expect(answers.map(({ status }) => status)).toEqual([503, 503, 503, 503, 503])
  })

  it('answers the first requests of an isolate too, however many come at once', async () => {
    const { ask } = watchedEnv()
    const answers = await Promise.all(Array.from({ length: 5 }, ask))
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200])
  })

  it('asks R2 only where pictures have a bucket', async () => {
    const { calls, ask } = watchedEnv({ PICTURES: undefined })
    const { dependencies } = await answerOf(await ask(), Readiness)
    expect(Object.keys(dependencies)).not.toContain('pictures')
    expect(calls).not.toContain('r2')
  })
})

describe('GET /openapi.json', () => {
  it('is a document of OpenAPI 3.1 with every row of the contract', async () => {
    const document = (await (await get('/openapi.json')).json()) as { openapi: string; paths: Record<string, object> }
    expect(document.openapi).toBe('3.1.0')
    const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    )
    expect(operations).toEqual(
      expect.arrayContaining([
        'POST /auth/register',
        'POST /auth/verify-email',
        'POST /auth/resend-verification',
        'POST /auth/login',
        'POST /auth/login/mfa',
        'POST /auth/login/mfa/email',
        'POST /auth/refresh',
        'POST /auth/logout',
        'GET /auth/session',
        'GET /auth/me',
        'PATCH /auth/me',
        'DELETE /auth/me',
        'POST /auth/forgot-password',
        'POST /auth/reset-password',
        'POST /auth/change-password',
        'POST /auth/change-email',
        'POST /auth/confirm-email-change',
        'POST /auth/not-me',
        'POST /auth/keep-factors',
        'POST /auth/accept-invitation',
        'DELETE /users/{id}/factors',
        'GET /auth/sessions',
        'DELETE /auth/sessions/{id}',
        'DELETE /auth/sessions',
        'GET /.well-known/jwks.json',
        'GET /.well-known/oauth-authorization-server',
        'POST /auth/introspect',
        'POST /auth/revoke',
        'GET /health',
        'GET /health/ready',
      ]),
    )
  })
})

describe('GET /openapi.json, asked again', () => {
  it('is the document of the routes, which was made with the pages', async () => {
    expect(await (await get('/openapi.json')).json()).toEqual(JSON.parse(JSON.stringify(OPENAPI_DOCUMENT)))
  })

  it('may be kept for five minutes, and is then asked for by its tag (RFC 9110 §13.1.2)', async () => {
    const first = await get('/openapi.json')
    const tag = first.headers.get('ETag') ?? ''
    expect(tag).toMatch(/^"[\w-]{32,}"$/)
    expect(first.headers.get('Cache-Control')).toBe('public, max-age=300')
    expect(first.headers.get('Content-Type')).toBe('application/json')
    for (const known of [tag, `W/${tag}`, `"other", ${tag}`]) {
      const again = await get('/openapi.json', { 'If-None-Match': known })
      expect(again.status).toBe(304)
      expect(again.headers.get('ETag')).toBe(tag)
      expect(await again.text()).toBe('')
    }
    expect((await get('/openapi.json', { 'If-None-Match': '"other"' })).status).toBe(200)
  })

  it('may be read by a listed origin, also where it has not changed', async () => {
    const listed = { ...env, ALLOWED_ORIGINS: 'https://app.example.com' } as unknown as Env
    const headers = { Origin: 'https://app.example.com' }
    const first = await callWorker(listed, 'GET', '/openapi.json', { headers })
    const known = { ...headers, 'If-None-Match': first.headers.get('ETag') ?? '' }
    const again = await callWorker(listed, 'GET', '/openapi.json', { headers: known })
    expect(again.status).toBe(304)
    for (const answer of [first, again]) {
      expect(answer.headers.get('Access-Control-Allow-Origin')).toBe('https://app.example.com')
      expect(answer.headers.get('Access-Control-Allow-Credentials')).toBe('true')
      expect(answer.headers.get('Vary')).toContain('Origin')
    }
  })
})

describe('GET /docs', () => {
  it('is a page, with the headers of a page', async () => {
    const response = await get('/docs')
    expect(response.status).toBe(200)
    expect(response.headers.get('Content-Type')).toMatch(/^text\/html/)
    expect(response.headers.get('X-Request-Id')).toBeTruthy()
    expect(await response.text()).toContain('<html')
  })
})

describe('a request that names another host (supabase/auth GHSA-3529-5m8x-rpv3)', () => {
  it('is served, and its host appears in no answer', async () => {
    const response = await callWorker({ ...env }, 'GET', '/openapi.json', {
      headers: { Host: 'attacker.example', 'X-Forwarded-Host': 'attacker.example' },
      origin: 'http://attacker.example',
    })
    expect(await response.text()).not.toContain('attacker.example')
    expect(ORIGIN).not.toContain('attacker')
    expect((await send('HEAD', '/health')).status).toBe(200)
  })
})
