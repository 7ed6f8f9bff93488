import { env } from 'cloudflare:workers'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import { mailedCode, mailedToken, registered, signedIn, verified } from '../support/accounts.ts'
import { expectRefusal } from '../support/answers.ts'
import { callWorker } from '../support/call-worker.ts'
import { captureLog, type LogLine } from '../support/captured-log.ts'
import { bearer, PASSWORD } from '../support/client.ts'
import { mailsSettled } from '../support/database.ts'
import { d1, faultyEnv, refusing } from '../support/faulty-env.ts'
import { findLeaks, secretsIn } from '../support/log-leaks.ts'

const { env: faulty, fail } = faultyEnv()
let log: ReturnType<typeof captureLog>

beforeEach(() => {
  log = captureLog()
})
afterEach(() => {
  fail(null)
  log.release()
})
afterAll(mailsSettled)

type Init = Parameters<typeof callWorker>[3]

/**
 * Sends a request. It returns the answer and the lines that the request logged, without those of mails that are
 * delivered meanwhile.
 */
async function logOf(method: string, path: string, init: Init = {}): Promise<{ response: Response; lines: LogLine[] }> {
  const from = log.texts.length
  const response = await callWorker(faulty, method, path, init)
  const requestId = response.headers.get('X-Request-Id')
  const lines = log.lines().slice(from)
  return { response, lines: lines.filter((line) => line.requestId === requestId) }
}

describe('the log of a request (ASVS 16.2.5, 16.3.1-16.3.4)', () => {
  it('is one JSON line with id, route, status, milliseconds, country and outcome', async () => {
    const cf = { country: 'NZ' } as IncomingRequestCfProperties
    const { response, lines } = await logOf('GET', '/health', { cf })
    expect(lines).toEqual([
      {
        level: 'info',
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
        message: 'request',
        requestId: response.headers.get('X-Request-Id'),
        method: 'GET',
        route: '/health',
        status: 200,
        ms: expect.any(Number),
        country: 'NZ',
        outcome: 'ok',
      },
    ])
  })

  it('names the user where the request was authenticated, and nobody where it was not', async () => {
    const { tokens, user } = await signedIn()
    const known = await logOf('GET', '/auth/me', { headers: bearer(tokens.accessToken) })
    expect(known.lines).toMatchObject([{ route: '/auth/me', outcome: 'ok', userId: user.id }])
    const stranger = await logOf('GET', '/auth/me')
    expect(stranger.lines).toMatchObject([{ status: 401, outcome: 'unauthenticated', reason: 'no access token' }])
    expect(stranger.lines[0]).not.toHaveProperty('userId')
  })

  it('names the user who logs in', async () => {
    const { email, id } = await verified()
    const { lines } = await logOf('POST', '/auth/login', { body: { identifier: email, password: PASSWORD } })
    expect(lines).toMatchObject([{ route: '/auth/login', status: 200, outcome: 'ok', userId: id }])
  })

  it('names the reason of a refusal, which the answer does not', async () => {
    const { email } = await verified()
    const refused = async (identifier: string) =>
      await logOf('POST', '/auth/login', { body: { identifier, password: `${PASSWORD}!` } })
    const known = await refused(email)
    const unknown = await refused('nobody@example.com')
    expect(known.lines).toMatchObject([{ outcome: 'invalid_credentials', reason: 'wrong password' }])
    expect(unknown.lines).toMatchObject([{ outcome: 'invalid_credentials', reason: 'unknown account' }])
    expect(await known.response.text()).not.toContain('wrong password')
  })

  it('names the route, never the path or the query, which may hold what a person typed', async () => {
    for (const path of [
      '/auth/sessions/anna@example.com',
      '/auth/me?token=v1.secret&email=anna@example.com',
      '/anna@example.com?code=12345678',
      '/verify-email/anna@example.com',
    ]) {
      await logOf('DELETE', path)
      await logOf('GET', path)
    }
    expect(log.texts.length).toBeGreaterThanOrEqual(8)
    expect(log.texts.join('\n')).not.toMatch(/anna|secret|12345678/)
  })

  it('does not take the request id from the client', async () => {
    const { response, lines } = await logOf('GET', '/health', { headers: { 'X-Request-Id': 'mine', 'CF-Ray': 'mine' } })
    expect(response.headers.get('X-Request-Id')).toMatch(/^[0-9a-f-]{36}$/)
    expect(lines[0]?.requestId).toBe(response.headers.get('X-Request-Id'))
  })

  it('cannot be broken by line breaks or quotes in what a client sends (ASVS 16.4.1)', async () => {
    const forged = '"}\\n{"level":"info","message":"forged"}\u2028'
    const body = { identifier: `${forged}\n`, password: `${PASSWORD}\n${forged}` }
    const { lines } = await logOf('POST', '/auth/login', { body, headers: { 'User-Agent': encodeURI(forged) } })
    expect(lines).toHaveLength(1)
    expect(log.texts.every((text) => !text.includes('\n') && !text.includes('forged'))).toBe(true)
  })
})

describe('the log of an error (ASVS 16.5.1)', () => {
  it('has its stack, its causes and the request, and no value of the failed query', async () => {
    const { email } = await verified()
    fail(refusing(d1))
    const body = { identifier: email, password: PASSWORD }
    const { response, lines } = await logOf('POST', '/auth/login', { body })
    expect(response.status).toBe(503)
    const [error, request] = lines
    expect(error).toMatchObject({ level: 'error', requestId: response.headers.get('X-Request-Id') })
    expect(error?.error?.stack).toMatch(/^\s+at .*\n\s+at /)
    expect(JSON.stringify(error?.error)).toContain('Network connection lost')
    expect(JSON.stringify(error)).not.toContain(email)
    expect(request).toMatchObject({ message: 'request', status: 503, outcome: 'dependency_unavailable' })
  })
})

describe('an error that nobody foresaw', () => {
  it('is answered with 500 and no detail, logged with its stack, and the next request is served (ASVS 16.5.4)', async () => {
    const unforeseen = new TypeError('a detail of the inside')
    const ASSETS = {
      fetch: () => {
        throw unforeseen
      },
    }
    const response = await callWorker({ ...env, ASSETS } as unknown as Env, 'GET', '/nowhere')
    const problem = await expectRefusal(response.clone(), 500, 'internal_error')
    expect(Object.keys(problem).sort()).toEqual(['code', 'requestId', 'status', 'title', 'type'])
    expect(await response.text()).not.toContain('inside')
    expect(log.lines().filter(({ requestId }) => requestId === problem.requestId)).toMatchObject([
      {
        level: 'error',
        message: 'request failed',
        error: { name: 'TypeError', message: 'a detail of the inside', stack: expect.stringMatching(/^\s+at /) },
      },
      { message: 'request', status: 500, outcome: 'internal_error' },
    ])
    expect((await callWorker({ ...env, ASSETS } as unknown as Env, 'GET', '/health')).status).toBe(200)
  })
})

describe('everything that is logged', () => {
  it('holds no secret and no address of the whole life of an account', async () => {
    const { email } = await registered({ username: 'loggedlife', name: 'Ada' })
    const token = await mailedToken(email, 'verify_email')
    await logOf('POST', '/auth/verify-email', { body: { token: `${token}x` } })
    await logOf('POST', '/auth/verify-email', { body: { token } })
    await logOf('POST', '/auth/forgot-password', { body: { email } })
    const code = await mailedCode(email, 'reset_password')
    const password = 'an entirely new battery staple'
    await logOf('POST', '/auth/reset-password', { body: { email, code: '00000000', password } })
    await logOf('POST', '/auth/reset-password', { body: { email, code, password } })
    const login = await logOf('POST', '/auth/login', { body: { identifier: 'loggedlife', password } })
    const { tokens, session } = (await login.response.json()) as Awaited<ReturnType<typeof signedIn>>
    const headers = bearer(tokens.accessToken)
    await logOf('POST', '/auth/change-email', { body: { newEmail: 'ada.new@example.org', password }, headers })
    await logOf('POST', '/auth/refresh', { body: { refreshToken: tokens.refreshToken } })
    await logOf('DELETE', '/auth/me', { headers })
    const everything = log.texts.join('\n')
    expect(log.texts.length).toBeGreaterThan(8)
    const secrets = [
      email,
      token,
      code,
      password,
      tokens.accessToken,
      tokens.refreshToken,
      session.deviceToken,
      'ada.new',
    ]
    for (const secret of secrets) expect(everything).not.toContain(secret)
    expect(log.texts.flatMap((text) => findLeaks(text))).toEqual([])
  })
})

describe('the log guard, which reads everything logged in a whole run (test/support/log-guard.ts)', () => {
  const line = (value: string) => JSON.stringify({ level: 'info', message: 'request', value })

  it('finds each kind of secret by its form', async () => {
    const { email, tokens, session, id } = await signedIn()
    const [row] = (await env.DB.prepare('select password_hash from users where id = ?').bind(id).all()).results
    expect(findLeaks(line(email))).toEqual(['an e-mail address'])
    expect(findLeaks(line(tokens.accessToken))).toEqual(['a JWT or JWE'])
    expect(findLeaks(line(tokens.refreshToken))).toEqual(['a derived token'])
    expect(findLeaks(line(session.deviceToken))).toEqual(['a derived token'])
    expect(findLeaks(line('your code is 01234567.'))).toEqual(['a mailed code'])
    expect(findLeaks(line(String(row?.password_hash)))).toEqual(['a password hash'])
    expect(findLeaks(line((env as unknown as Record<string, string>).AUTH_SECRET ?? ''))).toEqual(['an AUTH_SECRET'])
    expect(findLeaks(line('Bearer abcdefgh12'))).toEqual(['an Authorization header'])
    expect(findLeaks(line('__Host-access=x'))).toEqual(['a cookie of ours'])
  })

  it('finds each secret that a test sends, also as JSON writes it', () => {
    const body = { email: 'a@example.com', password: 'say "friend" and enter', code: '123456', delivery: 'cookie' }
    const secrets = secretsIn(body)
    expect([...secrets.keys()]).toEqual([body.password, body.code])
    expect(findLeaks(line(body.password), secrets)).toEqual(['the password of a request'])
    expect(findLeaks(line(`code ${body.code}`), secrets)).toEqual(['the code of a request'])
    expect(findLeaks(line('0123456'), secrets)).toEqual([])
  })

  it('does not report ordinary lines', async () => {
    await logOf('GET', '/health')
    await logOf('GET', '/auth/me')
    fail(refusing(d1))
    await logOf('GET', '/.well-known/jwks.json')
    await logOf('GET', '/health/ready')
    expect(log.texts.length).toBeGreaterThan(4)
    expect(log.texts.filter((text) => findLeaks(text).length > 0)).toEqual([])
  })
})
