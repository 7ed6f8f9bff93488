import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { VERSION } from '../../src/config.ts'
import { Health, Readiness } from '../../src/contracts/service.ts'
import { answerOf } from '../support/answers.ts'
import { callWorker } from '../support/call-worker.ts'
import { get, ORIGIN, send } from '../support/client.ts'
import { interceptEnv } from '../support/intercept-env.ts'

const DEPENDENCIES = ['blocklist', 'database', 'loginThrottle', 'pictures', 'signingKeys']

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

  it.each([
    ['DB', 'database', 'signingKeys'],
    ['BLOCKLIST', 'blocklist'],
    ['LOGIN_THROTTLE', 'loginThrottle'],
    ['PICTURES', 'pictures'],
  ])('answers 503 with Retry-After when %s is down, and says which, and nothing of why', async (binding, ...names) => {
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

describe('GET /docs', () => {
  it('is a page, with the headers of a page', async () => {
    const response = await get('/docs')
    expect(response.status).toBe(200)
    expect(response.headers.get('Content-Type')).toMatch(/^text\/html/)
    expect(response.headers.get('X-Request-Id')).toBeTruthy()
    expect(await response.text()).toContain('<html')
  })
})

describe('a request that names another host (incident 5: supabase GHSA-3529-5m8x-rpv3)', () => {
  it('is served, and the host goes nowhere', async () => {
    const response = await callWorker({ ...env }, 'GET', '/openapi.json', {
      headers: { Host: 'attacker.example', 'X-Forwarded-Host': 'attacker.example' },
      origin: 'http://attacker.example',
    })
    expect(await response.text()).not.toContain('attacker.example')
    expect(ORIGIN).not.toContain('attacker')
    expect((await send('HEAD', '/health')).status).toBe(200)
  })
})
