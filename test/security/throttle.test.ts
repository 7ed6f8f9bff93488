import { env } from 'cloudflare:workers'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { LOGIN_FORGET_SECONDS } from '../../src/config.ts'
import { makeDeviceToken } from '../../src/crypto/device-token.ts'
import { parseSettings } from '../../src/env.ts'
import { mailedToken, signedIn, verified } from '../support/accounts.ts'
import { expectRefusal } from '../support/answers.ts'
import { callWorker } from '../support/call-worker.ts'
import { bearer, get, logIn, newEmail, PASSWORD, post, send, tokenIn, waitForMail } from '../support/client.ts'
import { countingEnv } from '../support/counting-env.ts'
import { interceptEnv } from '../support/intercept-env.ts'

const { secrets } = parseSettings({ ...env })

/** Stops the clock of the whole Worker, so that only the test moves it. */
function stopClock(): void {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() })
}
function pass(milliseconds: number): void {
  vi.setSystemTime(Date.now() + milliseconds)
}

const tryLogin = (identifier: string, password = 'a wild guess', headers: Record<string, string> = {}) =>
  post('/auth/login', { identifier, password }, headers)

/** Sends five wrong passwords from an unknown device, after which the account is throttled. */
async function lock(identifier: string): Promise<void> {
  for (let count = 0; count < 5; count += 1) expect((await tryLogin(identifier)).status).toBe(401)
}

/** Collects the answers that somebody sees who keeps trying. */
async function answersTo(identifier: string, attempts: number): Promise<string[]> {
  const answers: string[] = []
  for (let count = 0; count < attempts; count += 1) {
    const response = await tryLogin(identifier)
    const { requestId, ...problem } = (await response.json()) as { requestId: string }
    expect(requestId).toBeTypeOf('string')
    answers.push(`${response.status} ${response.headers.get('Retry-After')} ${JSON.stringify(problem)}`)
    pass(400)
  }
  return answers
}

async function auditCount(type: string, userId: string): Promise<number> {
  const row = await env.DB.prepare('select count(*) as rows from audit_events where type = ? and user_id = ?')
    .bind(type, userId)
    .first<{ rows: number }>()
  return row?.rows ?? 0
}

afterEach(() => {
  vi.useRealTimers()
})

describe('POST /auth/login under attack (ASVS 6.3.1)', () => {
  it('lets exactly 5 of 100 parallel wrong passwords be checked', async () => {
    const { email } = await verified()
    stopClock()
    const statuses = (await Promise.all(Array.from({ length: 100 }, () => tryLogin(email)))).map(({ status }) => status)
    expect(statuses.filter((status) => status === 401)).toHaveLength(5)
    expect(statuses.filter((status) => status === 429)).toHaveLength(95)
  })

  it('makes the right password from an unknown device wait, and says how long', async () => {
    const { email } = await verified()
    stopClock()
    await lock(email)
    const refused = await tryLogin(email, PASSWORD)
    expect(refused.headers.get('Retry-After')).toBe('1')
    await expectRefusal(refused, 429, 'login_throttled')
    pass(999)
    expect((await tryLogin(email, PASSWORD)).status).toBe(429)
    pass(1)
    expect((await tryLogin(email)).status).toBe(401)
    expect((await tryLogin(email, PASSWORD)).headers.get('Retry-After')).toBe('2')
    pass(2000)
    expect((await tryLogin(email, PASSWORD)).status).toBe(200)
    expect((await tryLogin(email)).status).toBe(401)
  })

  it('lets the owner through from a device that logged in before, by header or cookie (VilnaCRM-Org/user-service#476)', async () => {
    const { email, session } = await signedIn()
    stopClock()
    await lock(email)
    expect((await tryLogin(email, PASSWORD)).status).toBe(429)
    expect((await tryLogin(email, PASSWORD, { 'X-Device-Token': session.deviceToken })).status).toBe(200)
    expect((await tryLogin(email, PASSWORD, { Cookie: `__Host-device=${session.deviceToken}` })).status).toBe(200)
    expect((await tryLogin(email, PASSWORD)).status).toBe(429)
  })

  it('gives a known device five tries of its own', async () => {
    const { email, session } = await signedIn()
    const headers = { 'X-Device-Token': session.deviceToken }
    stopClock()
    await lock(email)
    for (let count = 0; count < 5; count += 1) expect((await tryLogin(email, 'a wild guess', headers)).status).toBe(401)
    const refused = await tryLogin(email, PASSWORD, headers)
    expect([refused.status, refused.headers.get('Retry-After')]).toEqual([429, '1'])
  })

  it.each([
    ['of another account', async () => (await signedIn()).session.deviceToken],
    ['with a changed signature', async (own: string) => `${own.slice(0, -5)}AAAAA`],
    ['with a changed device', async (own: string) => own.replace(/\.[0-9a-f]{8}/, '.00000000')],
    ['with a later end', async (own: string) => own.replace(/\.(\d{10})\./, (_, end) => `.${Number(end) + 1}.`)],
    ['of an unknown secret version', async (own: string) => own.replace(/^v1/, 'v2')],
    ['that is no token', async () => 'trust me'],
    [
      'that has expired',
      async (_own: string, userId: string) =>
        makeDeviceToken(secrets, userId, crypto.randomUUID(), Date.now() - 366 * 24 * 3_600_000),
    ],
  ])('treats a device token %s as that of a stranger', async (_, make) => {
    const { email, session, user } = await signedIn()
    const deviceToken = await make(session.deviceToken, user.id)
    stopClock()
    await lock(email)
    expect((await tryLogin(email, PASSWORD, { 'X-Device-Token': deviceToken })).status).toBe(429)
  })

  it('counts username and e-mail address together, in any spelling', async () => {
    const { email } = await verified({ username: 'GraceHopper' })
    stopClock()
    for (const identifier of ['gracehopper', email, 'GraceHopper', email.toUpperCase(), ' gracehopper '])
      expect((await tryLogin(identifier)).status).toBe(401)
    expect((await tryLogin(email, PASSWORD)).status).toBe(429)
    expect((await tryLogin('GRACEHOPPER', PASSWORD)).status).toBe(429)
  })

  it('admits the owner again after a reset by mail', async () => {
    const { email } = await verified()
    stopClock()
    await lock(email)
    expect((await tryLogin(email, PASSWORD)).status).toBe(429)
    vi.useRealTimers()
    await post('/auth/forgot-password', { email })
    const mail = await waitForMail(email, ({ text }) => text.includes('/reset-password#'))
    const password = 'an entirely new password'
    expect((await post('/auth/reset-password', { token: tokenIn(mail), password })).status).toBe(204)
    expect((await tryLogin(email, password)).status).toBe(200)
  })

  it('stays throttled after a wrong reset token', async () => {
    const { email } = await verified()
    stopClock()
    await lock(email)
    const password = 'an entirely new password'
    for (const proof of [{ token: 'x'.repeat(80) }, { email, code: '00000000' }])
      expect((await post('/auth/reset-password', { ...proof, password })).status).toBe(400)
    expect((await tryLogin(email, PASSWORD)).status).toBe(429)
  })

  it('forgets a lock a day after the last failure', async () => {
    const { email } = await verified()
    stopClock()
    await lock(email)
    await tryLogin(email)
    pass(LOGIN_FORGET_SECONDS * 1000)
    for (let count = 0; count < 5; count += 1) expect((await tryLogin(email)).status).toBe(401)
    expect((await tryLogin(email)).status).toBe(429)
  })

  it('audits only the first refusal after a failure, and not every refusal', async () => {
    const { email, user } = await signedIn()
    stopClock()
    await lock(email)
    for (let count = 0; count < 4; count += 1) await tryLogin(email)
    expect(await auditCount('login.throttled', user.id)).toBe(1)
    expect(await auditCount('login.failed', user.id)).toBe(5)
    pass(1000)
    await tryLogin(email)
    await tryLogin(email)
    expect(await auditCount('login.throttled', user.id)).toBe(2)
  })
})

describe('POST /auth/login for an account that does not exist (ASVS 6.3.8)', () => {
  it('answers an unknown address and username exactly as a known one, all through a lock (supabase/auth#1955)', async () => {
    const { email } = await verified({ username: 'lovelace' })
    await verified({ username: 'babbage' })
    stopClock()
    const known = await answersTo(email, 14)
    expect(new Set(known.map((answer) => answer.slice(0, 5)))).toEqual(new Set(['401 n', '429 1', '429 2', '429 4']))
    expect(await answersTo(newEmail(), 14)).toEqual(known)
    expect(await answersTo('babbage', 14)).toEqual(known)
    expect(await answersTo('nobody', 14)).toEqual(known)
    expect(await answersTo('not@an@address', 14)).toEqual(known)
  })

  it('makes as many database, object and KV calls for them at each step', async () => {
    const { email } = await verified()
    const counting = countingEnv()
    const costOf = async (identifier: string) => {
      await callWorker(counting.env, 'POST', '/auth/login', { body: { identifier, password: 'warm up' } })
      const costs: unknown[] = []
      for (let count = 0; count < 7; count += 1) {
        counting.take()
        await callWorker(counting.env, 'POST', '/auth/login', { body: { identifier, password: 'a wild guess' } })
        costs.push(counting.take())
      }
      return costs
    }
    stopClock()
    const known = await costOf(email)
    expect(await costOf(newEmail())).toEqual(known)
    expect(await costOf('nobodyelse')).toEqual(known)
  })
})

describe('routes that ask for the password again share the throttle', () => {
  const routes = [
    [
      'POST /auth/change-password',
      (password: string) => ({ currentPassword: password, newPassword: 'another good one' }),
    ],
    ['POST /auth/change-email', (password: string) => ({ newEmail: newEmail(), password })],
    ['DELETE /auth/me', (password: string) => ({ password })],
  ] as const

  it.each(routes)('%s', async (route, bodyWith) => {
    const [method = '', path = ''] = route.split(' ')
    const { email, user, tokens, session } = await signedIn()
    const headers = bearer(tokens.accessToken)
    const ask = (password: string, more: Record<string, string> = {}) =>
      send(method, path, { body: bodyWith(password), headers: { ...headers, ...more } })
    stopClock()
    for (let count = 0; count < 5; count += 1)
      await expectRefusal(await ask('a wild guess'), 401, 'invalid_credentials')
    const refused = await ask(PASSWORD)
    expect(refused.headers.get('Retry-After')).toBe('1')
    await expectRefusal(refused, 429, 'login_throttled')
    expect(await auditCount('reauthentication.throttled', user.id)).toBe(1)
    expect((await tryLogin(email, PASSWORD)).status).toBe(429)
    expect((await tryLogin(email, PASSWORD, { 'X-Device-Token': session.deviceToken })).status).toBe(200)
    expect((await ask(PASSWORD, { 'X-Device-Token': session.deviceToken })).status).toBeLessThan(300)
  })

  it('are throttled for strangers when the login is', async () => {
    const { email, tokens } = await signedIn()
    stopClock()
    await lock(email)
    const body = { currentPassword: PASSWORD, newPassword: 'another good one' }
    expect((await post('/auth/change-password', body, bearer(tokens.accessToken))).status).toBe(429)
    expect((await get('/auth/session', bearer(tokens.accessToken))).status).toBe(200)
  })
})

describe('the object of an account', () => {
  /** Records the names of the objects that a request calls, with what it asks of them. */
  function watchObjects(variables: Record<string, string> = {}) {
    const calls: string[] = []
    const hints: (string | undefined)[] = []
    const LOGIN_THROTTLE = {
      getByName: (name: string, options?: { locationHint?: string }) =>
        new Proxy(env.LOGIN_THROTTLE.getByName(name), {
          get: (stub, method) => {
            calls.push(`${String(method)} ${name}`)
            hints.push(options?.locationHint)
            return Reflect.get(stub, method, stub)
          },
        }),
    }
    return { env: { ...env, ...variables, LOGIN_THROTTLE } as unknown as Env, calls, hints }
  }

  it.each([
    ['weur', {}],
    ['oc', { REGION: 'oc' }],
  ])(
    'is asked for in %s with the variables %j, whoever asks first, so that distance tells nothing (ASVS 6.3.8)',
    async (region, variables) => {
      const watched = watchObjects(variables)
      const { email, tokens } = await signedIn()
      const ask = (method: string, path: string, body?: unknown) =>
        callWorker(watched.env, method, path, { body, headers: bearer(tokens.accessToken) })
      await ask('POST', '/auth/register', { email: newEmail(), password: PASSWORD })
      await callWorker(watched.env, 'POST', '/auth/login', { body: { identifier: email, password: 'a wild guess' } })
      await callWorker(watched.env, 'POST', '/auth/login', { body: { identifier: newEmail(), password: PASSWORD } })
      await ask('POST', '/auth/change-email', { newEmail: newEmail(), password: 'a wild guess' })
      await ask('POST', '/auth/change-password', { currentPassword: PASSWORD, newPassword: 'another good one' })
      await ask('POST', '/auth/forgot-password', { email })
      const token = await mailedToken(email, 'reset_password')
      await ask('POST', '/auth/reset-password', { token, password: 'a third good one' })
      await ask('GET', '/health/ready')
      const methods = new Set(watched.calls.map((call) => call.split(' ')[0]))
      expect(methods).toEqual(new Set(['hashSignUpPassword', 'attempt', 'hashPassword', 'resetPassword', 'ping']))
      expect(new Set(watched.hints)).toEqual(new Set([region]))
    },
  )

  it('is made at sign-up, and is the one that logins ask', async () => {
    const watched = watchObjects()
    const email = newEmail()
    const body = { email, password: PASSWORD, username: 'turing' }
    expect((await callWorker(watched.env, 'POST', '/auth/register', { body })).status).toBe(202)
    await callWorker(watched.env, 'POST', '/auth/verify-email', {
      body: { token: await mailedToken(email, 'verify_email') },
    })
    for (const identifier of [email, email.toUpperCase(), 'turing', 'Turing'])
      await callWorker(watched.env, 'POST', '/auth/login', { body: { identifier, password: 'a wild guess' } })
    const [made, ...asked] = watched.calls
    const name = made?.split(' ')[1]
    expect(made).toBe(`hashSignUpPassword ${name}`)
    expect(asked).toEqual(Array(4).fill(`attempt ${name}`))
    expect(name).toMatch(/^[\w-]{43}$/)
    expect(name).not.toContain('user')
  })
})

describe('a flood of sign-ups with one address', () => {
  it('causes ten hashes a minute, alike for an address with an account and one without, and delays no login of its owner', async () => {
    const { email } = await verified()
    const signUpOnceMore = async (address: string) => {
      const response = await post('/auth/register', { email: address, password: PASSWORD })
      return `${response.status} ${response.headers.get('Retry-After')}`
    }
    stopClock()
    pass(60_000)
    const known: string[] = []
    for (let count = 0; count < 12; count += 1) known.push(await signUpOnceMore(email))
    expect(known).toEqual([...Array(10).fill('202 null'), '429 60', '429 60'])
    const address = newEmail()
    const unknown: string[] = []
    for (let count = 0; count < 12; count += 1) unknown.push(await signUpOnceMore(address))
    expect(unknown).toEqual(known)
    expect((await tryLogin(email, PASSWORD)).status).toBe(200)
    pass(60_000)
    expect(await signUpOnceMore(email)).toBe('202 null')
  })
})

describe('when the throttle object cannot be reached', () => {
  const broken = interceptEnv(env as Env, (call, proceed) =>
    call.kind === 'durable-object' && call.binding === 'LOGIN_THROTTLE'
      ? Promise.reject(new Error('Network connection lost.'))
      : proceed(),
  )
  const tables = ['users', 'sessions', 'audit_events', 'audit_counts', 'one_time_tokens', 'outbox']
  const countRows = async () =>
    await Promise.all(
      tables.map(async (table) => await env.DB.prepare(`select count(*) as n from ${table}`).first('n')),
    )

  it('every route that needs it answers 503 with Retry-After, and writes nothing', async () => {
    const { email, tokens } = await signedIn()
    await post('/auth/forgot-password', { email })
    const reset = tokenIn(await waitForMail(email, ({ text }) => text.includes('/reset-password#')))
    const headers = bearer(tokens.accessToken)
    const requests = [
      ['POST', '/auth/login', { body: { identifier: email, password: PASSWORD } }],
      ['POST', '/auth/login', { body: { identifier: newEmail(), password: PASSWORD } }],
      ['POST', '/auth/register', { body: { email: newEmail(), password: PASSWORD } }],
      ['POST', '/auth/reset-password', { body: { token: reset, password: 'another good one' } }],
      ['POST', '/auth/change-password', { body: { currentPassword: PASSWORD, newPassword: 'another one' }, headers }],
      ['POST', '/auth/change-email', { body: { newEmail: newEmail(), password: PASSWORD }, headers }],
      ['DELETE', '/auth/me', { body: { password: PASSWORD }, headers }],
    ] as const
    const before = await countRows()
    for (const [method, path, init] of requests) {
      const response = await callWorker(broken, method, path, init)
      expect(response.headers.get('Retry-After'), path).toMatch(/^[1-9]\d*$/)
      await expectRefusal(response, 503, 'dependency_unavailable')
    }
    expect(await countRows()).toEqual(before)
    expect((await post('/auth/reset-password', { token: reset, password: 'another good one' })).status).toBe(204)
    expect((await logIn(email, 'another good one')).user.email).toBe(email)
  })

  it('requests of people who are signed in are answered as ever', async () => {
    const { tokens } = await signedIn()
    for (const path of ['/auth/session', '/auth/me'])
      expect((await callWorker(broken, 'GET', path, { headers: bearer(tokens.accessToken) })).status).toBe(200)
    const body = { refreshToken: tokens.refreshToken }
    expect((await callWorker(broken, 'POST', '/auth/refresh', { body })).status).toBe(200)
  })
})
