import { env } from 'cloudflare:workers'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { canLogIn, mailedToken, registered, signedIn, signedUp, verified } from '../support/accounts.ts'
import { expectRefusal } from '../support/answers.ts'
import { callWorker } from '../support/call-worker.ts'
import { captureLog } from '../support/captured-log.ts'
import { bearer, get, logIn, newEmail, PASSWORD, post, send } from '../support/client.ts'
import { countRows, mailsSettled, rows } from '../support/database.ts'
import { faultyEnv } from '../support/faulty-env.ts'
import { listOperations } from '../support/openapi.ts'
import { accountState } from '../support/stored-state.ts'

let log: ReturnType<typeof captureLog> | null = null
afterEach(() => {
  log?.release()
  log = null
})
afterAll(mailsSettled)

describe('a mailed link that two requests redeem at once (GHSA-hc7v-rggr-4hvx)', () => {
  it('verifies the address for one of them, where it is a verification link', async () => {
    const { email } = await registered()
    const token = await mailedToken(email, 'verify_email')
    const answers = await Promise.all([1, 2].map(() => post('/auth/verify-email', { token })))
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 400])
  })

  it('sets the password of one of them, where it is a reset link', async () => {
    const { email } = await verified()
    await post('/auth/forgot-password', { email })
    const token = await mailedToken(email, 'reset_password')
    const passwords = ['first battery staple', 'second battery staple']
    const answers = await Promise.all(passwords.map((password) => post('/auth/reset-password', { token, password })))
    expect(answers.map(({ status }) => status).sort()).toEqual([204, 400])
    const works = await Promise.all(passwords.map((password) => canLogIn(email, password)))
    expect(works).toEqual(answers.map(({ status }) => status === 204))
  })
})

describe('a body that names `roles`, `emailVerified`, `id` or whatever else an account has (CWE-915, ASVS 15.3.3)', () => {
  /**
   * Lists every column of a user as the table and as the API spell it, and further members that would grant something.
   */
  const foreignMembers = async (): Promise<string[]> => {
    const columns = (await rows<{ name: string }>("select name from pragma_table_info('users')")).map(
      ({ name }) => name,
    )
    const camel = columns.map((name) => name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase()))
    const settable = ['email', 'username', 'name']
    const extra = ['roles', 'role', 'permissions', 'emailVerified', 'isAdmin', 'verified', 'user']
    return [...new Set([...columns, ...camel, ...extra])].filter((name) => !settable.includes(name))
  }

  it('is refused by POST /auth/register, which makes no account', async () => {
    for (const name of await foreignMembers()) {
      const email = newEmail()
      const response = await post('/auth/register', {
        email,
        password: PASSWORD,
        [name]: name === 'roles' ? ['admin'] : 1,
      })
      await expectRefusal(response, 400, 'invalid_request')
      expect(await countRows('users', 'email = ?', email)).toBe(0)
    }
  })

  it('is refused by PATCH /auth/me, the address too, which changes nothing', async () => {
    const { tokens } = await signedIn()
    const before = await accountState()
    for (const name of [...(await foreignMembers()), 'email']) {
      const body = { name: 'Mallory', [name]: name === 'roles' ? ['admin'] : 1 }
      await expectRefusal(
        await send('PATCH', '/auth/me', { body, headers: bearer(tokens.accessToken) }),
        400,
        'invalid_request',
      )
    }
    expect(await accountState()).toEqual(before)
  })

  it('gets a new account nothing but the role `user` and no permission', async () => {
    const { user, tokens } = await logIn((await signedUp()).email)
    expect(user).toMatchObject({ roles: ['user'], permissions: [], emailVerified: true, status: 'active' })
    const session = await get('/auth/session', bearer(tokens.accessToken))
    expect(await session.json()).toMatchObject({ roles: ['user'], permissions: [] })
  })
})

describe('a sign-up of which one statement fails (better-auth 1.7.7)', () => {
  it('leaves nothing behind, whichever statement it is, and the address signs up and logs in afterwards', async () => {
    log = captureLog()
    const { env: faulty, fail } = faultyEnv()
    const account = { email: newEmail(), password: PASSWORD, username: 'secondtry', name: 'Ada' }
    const register = () => callWorker(faulty, 'POST', '/auth/register', { body: account })
    let statements = 0
    // An address may be signed up only ten times a minute, and a batch has more statements than that.
    for (let place = 0; place === 0 || place <= statements; place += 1) {
      account.email = newEmail()
      fail(async (call, proceed) => {
        if (call.operation !== 'batch') return await proceed()
        statements = call.statements.length
        const failing = env.DB.prepare('insert into roles (name, description) values (null, null)')
        return await proceed([...call.statements.slice(0, place), failing, ...call.statements.slice(place)])
      })
      await expectRefusal(await register(), 503, 'dependency_unavailable')
      expect(await countRows('users', 'email = ?', account.email)).toBe(0)
      expect(await countRows('one_time_tokens', 'email = ?', account.email)).toBe(0)
      expect(await countRows('outbox', 'recipient = ?', account.email)).toBe(0)
    }
    expect(statements).toBeGreaterThan(2)
    fail(null)
    expect((await register()).status).toBe(202)
    await post('/auth/verify-email', { token: await mailedToken(account.email, 'verify_email') })
    expect(await canLogIn(account.email, PASSWORD)).toBe(true)
    expect(await canLogIn('secondtry', PASSWORD)).toBe(true)
  })
})

describe('a session that was logged out', () => {
  it('has no token that still works', async () => {
    const { tokens } = await signedIn()
    const headers = bearer(tokens.accessToken)
    expect((await post('/auth/logout', {}, headers)).status).toBe(204)
    for (const path of ['/auth/session', '/auth/me', '/auth/sessions'])
      await expectRefusal(await get(path, headers), 401, 'unauthenticated')
    await expectRefusal(
      await post('/auth/refresh', { refreshToken: tokens.refreshToken }),
      401,
      'invalid_refresh_token',
    )
  })

  it('left no token in the log on the way from login to logout', async () => {
    log = captureLog()
    const { tokens, session } = await logIn((await signedUp()).email)
    const refreshed = await post('/auth/refresh', { refreshToken: tokens.refreshToken })
    const successor = (await refreshed.json()) as typeof tokens
    await post('/auth/refresh', { refreshToken: `${successor.refreshToken}x` })
    await get('/auth/me', bearer(successor.accessToken))
    await post('/auth/logout', { refreshToken: successor.refreshToken }, bearer(successor.accessToken))
    const everything = log.texts.join('\n')
    expect(log.texts.length).toBeGreaterThan(5)
    for (const { accessToken, refreshToken } of [tokens, successor])
      for (const token of [accessToken, refreshToken, ...accessToken.split('.'), refreshToken.split('.')[4] ?? ''])
        expect(everything).not.toContain(token)
    expect(everything).not.toContain(session.deviceToken)
  })
})

const PRODUCTION = {
  ENVIRONMENT: undefined,
  ISSUER: 'https://auth.example.com',
  APP_URL: undefined,
  MAIL_TRANSPORT: 'binding',
  MAIL_FROM: 'Postern <no-reply@example.com>',
  RATE_LIMITS: undefined,
}
const production = (overrides: Record<string, unknown> = {}) =>
  ({ ...env, ...PRODUCTION, ...overrides }) as unknown as Env
const ask = (worker: Env, method: string, path: string, headers: Record<string, string> = {}) =>
  callWorker(worker, method, path, { headers, origin: PRODUCTION.ISSUER })

describe('a configuration that leaves out a secret or the environment (better-auth 1.7.7)', () => {
  it('serves as production where only ENVIRONMENT is left out', async () => {
    const response = await ask(production(), 'GET', '/health')
    expect(response.status).toBe(200)
    expect(response.headers.get('Strict-Transport-Security')).toContain('max-age=')
  })

  const zeros = `v1:${'A'.repeat(43)}`
  it.each([
    ['no AUTH_SECRET', 'AUTH_SECRET', undefined],
    ['an empty AUTH_SECRET', 'AUTH_SECRET', ''],
    ['a short AUTH_SECRET', 'AUTH_SECRET', 'v1:c2hvcnQtc2VjcmV0LWhlcmU'],
    ['an AUTH_SECRET of one repeated byte', 'AUTH_SECRET', zeros],
    ['an AUTH_SECRET without a version', 'AUTH_SECRET', 'HQWzyL0VccnbhT4KDbHYGI9WdTq-SoCGQjly6z61HWw'],
    ['a second AUTH_SECRET that is weak', 'AUTH_SECRET', `v2:HQWzyL0VccnbhT4KDbHYGI9WdTq-SoCGQjly6z61HWw,${zeros}`],
    ['no ISSUER', 'ISSUER', undefined],
    ['an ISSUER that is not https', 'ISSUER', 'http://auth.example.com'],
    ['an ISSUER with a path', 'ISSUER', 'https://auth.example.com/auth'],
    ['an APP_URL that is not https', 'APP_URL', 'http://app.example.com'],
    ['an allowed origin that is not https', 'ALLOWED_ORIGINS', 'http://app.example.com'],
    ['rate limits off', 'RATE_LIMITS', 'off'],
    ['the development mailbox', 'MAIL_TRANSPORT', 'mailbox'],
    ['no MAIL_TRANSPORT', 'MAIL_TRANSPORT', undefined],
    ['no MAIL_FROM', 'MAIL_FROM', undefined],
    ['an unknown ENVIRONMENT', 'ENVIRONMENT', 'staging'],
  ])(
    'stops every request with a 500 that says nothing, and a log line that names the variable and the rule: %s',
    async (_, variable, value) => {
      log = captureLog()
      const broken = production({ [variable]: value })
      for (const { method, path } of listOperations()) {
        const from = log.texts.length
        const response = await ask(broken, method, path.replace(/\{\w+\}/g, 'a'))
        const text = await response.clone().text()
        const problem = await expectRefusal(response, 500, 'internal_error')
        expect(Object.keys(problem).sort()).toEqual(['code', 'requestId', 'status', 'title', 'type'])
        expect(text).not.toContain(variable)
        const line = log
          .lines()
          .slice(from)
          .find(({ level }) => level === 'error')
        expect(line?.problems).toEqual([
          { variable, rule: expect.stringMatching(/must be|must not|use |expected one of/) },
        ])
        expect(line?.error?.stack).toMatch(/^\s+at /)
        if (typeof value === 'string' && value.length > 12) expect(log.texts.join('\n')).not.toContain(value)
      }
    },
  )

  it('limits requests by default', async () => {
    log = captureLog()
    const worker = production()
    const statuses: number[] = []
    for (let attempt = 0; attempt < 7; attempt += 1)
      statuses.push((await ask(worker, 'POST', '/auth/forgot-password', { 'CF-Connecting-IP': '203.0.113.9' })).status)
    expect(statuses.at(-1)).toBe(429)
  })

  it.each(['/dev/mailbox', '/dev/mailbox.json', '/dev/mailbox.json?to=a@example.com', '/dev/', '/dev/anything'])(
    '%s does not exist in production',
    async (path) => {
      await expectRefusal(await ask(production(), 'GET', path), 404, 'not_found')
    },
  )
})
