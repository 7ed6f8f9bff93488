import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import worker from '../../src/index.ts'
import { signedIn } from '../support/accounts.ts'
import { callWorker } from '../support/call-worker.ts'
import { captureLog } from '../support/captured-log.ts'
import { bearer, ORIGIN, PASSWORD } from '../support/client.ts'
import { mailsSettled, rows } from '../support/database.ts'
import { faultyEnv, refusing } from '../support/faulty-env.ts'

const LEVELS = ['info', 'warn', 'error'] as const
const workers = Object.fromEntries(LEVELS.map((LOG_LEVEL) => [LOG_LEVEL, faultyEnv({ LOG_LEVEL })]))
const workerAt = (level: (typeof LEVELS)[number]) => workers[level] as ReturnType<typeof faultyEnv>
let log: ReturnType<typeof captureLog>

beforeEach(() => {
  log = captureLog()
})
afterEach(() => {
  for (const { fail } of Object.values(workers)) fail(null)
  log.release()
})
afterAll(mailsSettled)

/** Gives the levels of the lines that a request writes, at each LOG_LEVEL. */
async function levelsOf(method: string, path: string, init: Parameters<typeof callWorker>[3] = {}) {
  const written: Record<string, string[]> = {}
  for (const level of LEVELS) {
    const from = log.texts.length
    const response = await callWorker(workerAt(level).env, method, path, init)
    const requestId = response.headers.get('X-Request-Id')
    written[level] = log
      .lines()
      .slice(from)
      .filter((line) => line.requestId === requestId)
      .map((line) => `${line.level} ${line.message}`)
  }
  return written
}

describe('LOG_LEVEL (ASVS 16.2.1, 16.3.1)', () => {
  it('warn leaves out a request that went well', async () => {
    const { tokens } = await signedIn()
    for (const path of ['/health', '/auth/session', '/auth/me'])
      expect(await levelsOf('GET', path, { headers: bearer(tokens.accessToken) })).toEqual({
        info: ['info request'],
        warn: [],
        error: [],
      })
  })

  it.each([
    {
      what: 'a refresh token that is not ours',
      status: 401,
      method: 'POST',
      path: '/auth/refresh',
      body: { refreshToken: 'guessed' },
    },
    { what: 'a request without a token', status: 401, method: 'GET', path: '/auth/me' },
    { what: 'a guessed link', status: 400, method: 'POST', path: '/auth/verify-email', body: { token: 'guessed' } },
    { what: 'a body that is not valid', status: 400, method: 'POST', path: '/auth/login', body: {} },
    { what: 'a path where nothing is', status: 404, method: 'GET', path: '/nowhere' },
    { what: 'a method that the path does not take', status: 405, method: 'PUT', path: '/auth/login' },
  ])('warn keeps each request that was refused: $what', async ({ status, method, path, body }) => {
    const init = body === undefined ? {} : { body }
    expect((await callWorker(workerAt('warn').env, method, path, init)).status).toBe(status)
    expect(await levelsOf(method, path, init)).toEqual({ info: ['warn request'], warn: ['warn request'], error: [] })
  })

  it('warn keeps a refusal that is shown as a page', async () => {
    const refused = { info: ['warn request'], warn: ['warn request'], error: [] }
    expect(await levelsOf('GET', '/nowhere', { headers: { Accept: 'text/html' } })).toEqual(refused)
  })

  it('error keeps each request that the service failed, and why', async () => {
    for (const level of LEVELS) workerAt(level).fail(refusing(({ kind }) => kind === 'd1'))
    const body = { identifier: 'nobody', password: PASSWORD }
    const lines = ['error dependency failed', 'error request']
    expect(await levelsOf('POST', '/auth/login', { body })).toEqual({ info: lines, warn: lines, error: lines })
  })

  it('error keeps why nothing is served where the configuration is broken', async () => {
    const broken = { ...env, AUTH_SECRET: 'short', LOG_LEVEL: 'error' } as unknown as Env
    expect((await callWorker(broken, 'GET', '/health')).status).toBe(500)
    expect(log.texts.join('\n')).toContain('AUTH_SECRET')
  })
})

describe('what costs much to read', () => {
  /** Makes a request that notes which of its costly parts are read. */
  function watchedRequest(path: string, init: RequestInit) {
    const request = new Request(`${ORIGIN}${path}`, init)
    const read: string[] = []
    Object.defineProperty(request, 'cf', {
      get: () => {
        read.push('cf')
        return { country: 'NZ', city: 'Napier' }
      },
    })
    const get = request.headers.get.bind(request.headers)
    vi.spyOn(request.headers, 'get').mockImplementation((name) => {
      read.push(name.toLowerCase())
      return get(name)
    })
    return { request: request as Request<unknown, IncomingRequestCfProperties>, read }
  }
  const COSTLY = ['cf', 'user-agent', 'accept-language']

  async function readBy(path: string, init: RequestInit, level: (typeof LEVELS)[number]) {
    const { request, read } = watchedRequest(path, init)
    const context = createExecutionContext()
    const response = await worker.fetch(request, workerAt(level).env, context)
    await waitOnExecutionContext(context)
    return { status: response.status, costly: COSTLY.filter((name) => read.includes(name)) }
  }

  it('is not read for a request that only reads and writes no line', async () => {
    const { tokens } = await signedIn()
    for (const path of ['/auth/session', '/auth/me', '/auth/sessions'])
      expect(await readBy(path, { headers: bearer(tokens.accessToken) }, 'warn')).toEqual({ status: 200, costly: [] })
  })

  it('is read for the line of a request: the country alone', async () => {
    expect(await readBy('/health', {}, 'info')).toEqual({ status: 200, costly: ['cf'] })
  })

  it('is read for a session that is opened, and kept with it', async () => {
    const { email } = await signedIn()
    const body = JSON.stringify({ identifier: email, password: PASSWORD })
    const headers = { 'Content-Type': 'application/json', 'User-Agent': 'Watched/1.0' }
    const { status, costly } = await readBy('/auth/login', { method: 'POST', headers, body }, 'warn')
    expect({ status, costly }).toEqual({ status: 200, costly: ['cf', 'user-agent'] })
    const kept = await rows("select country, city from sessions where user_agent = 'Watched/1.0'")
    expect(kept).toEqual([{ country: 'NZ', city: 'Napier' }])
  })
})
