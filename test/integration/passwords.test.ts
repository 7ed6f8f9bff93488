import { env } from 'cloudflare:workers'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { Status } from '../../src/contracts/common.ts'
import {
  canLogIn,
  deactivate,
  mailedCode,
  mailedToken,
  registered,
  signedIn,
  verified,
  wrongFor,
} from '../support/accounts.ts'
import { answerOf, expectNoContent, expectRefusal } from '../support/answers.ts'
import { callWorker } from '../support/call-worker.ts'
import {
  bearer,
  codeIn,
  get,
  logIn,
  newEmail,
  ORIGIN,
  PASSWORD,
  post,
  tokenIn,
  waitForMail,
} from '../support/client.ts'
import { auditOf, countRows, rows } from '../support/database.ts'
import { accountState, queryOne } from '../support/stored-state.ts'

const NEW_PASSWORD = 'a wholly different battery'
const forgot = (email: string) => post('/auth/forgot-password', { email })
const reset = (body: Record<string, unknown>) => post('/auth/reset-password', { password: NEW_PASSWORD, ...body })
const change = (accessToken: string, body: Record<string, unknown> = {}) =>
  post('/auth/change-password', { currentPassword: PASSWORD, newPassword: NEW_PASSWORD, ...body }, bearer(accessToken))
const hashOf = async (id: string) => (await queryOne('select password_hash from users where id = ?', id)).password_hash
const mailsTo = (email: string, kind: string) => countRows('outbox', 'recipient = ? and kind = ?', email, kind)

async function askedForReset() {
  const account = await signedIn()
  await forgot(account.email)
  return { ...account, token: await mailedToken(account.email, 'reset_password') }
}

afterEach(() => vi.useRealTimers())

describe('POST /auth/forgot-password', () => {
  it('mails a link and a code that live one hour (ASVS 6.4.1)', async () => {
    const { id, email } = await verified()
    expect(await answerOf(await forgot(email), Status('reset_sent'), 202)).toEqual({ status: 'reset_sent' })
    const token = await queryOne("select * from one_time_tokens where user_id = ? and purpose = 'reset_password'", id)
    expect(Number(token.expires_at) - Number(token.created_at)).toBe(3_600_000)
    const mail = await waitForMail(email, ({ text }) => text.includes('/reset-password'))
    expect(mail.text).toContain(`${ORIGIN}/reset-password#token=${await mailedToken(email, 'reset_password')}`)
    expect(tokenIn(mail)).toBe(await mailedToken(email, 'reset_password'))
    expect(codeIn(mail)).toBe(await mailedCode(email, 'reset_password'))
    expect(await auditOf('password.reset_requested', id)).toMatchObject([{ actor_id: null }])
  })

  it.each(['unknown', 'deactivated'])(
    'answers the same for an address that is %s, and mails nothing',
    async (state) => {
      const { id, email } = await verified()
      if (state === 'deactivated') await deactivate(id)
      const asked = state === 'unknown' ? newEmail() : email
      expect(await answerOf(await forgot(asked), Status('reset_sent'), 202)).toEqual({ status: 'reset_sent' })
      expect(await mailsTo(asked, 'reset_password')).toBe(0)
      expect(await countRows('one_time_tokens', "user_id = ? and purpose = 'reset_password'", id)).toBe(0)
    },
  )

  it('mails one address five times an hour at most, and answers alike after that', async () => {
    const { email } = await verified()
    for (let mail = 0; mail < 7; mail += 1) expect((await forgot(email)).status).toBe(202)
    expect(await mailsTo(email, 'reset_password')).toBe(5)
    vi.setSystemTime(Date.now() + 3_601_000)
    await forgot(email)
    expect(await mailsTo(email, 'reset_password')).toBe(6)
  })

  it('refuses text that is not an address', async () => {
    await expectRefusal(await forgot('nobody'), 400, 'invalid_request')
  })
})

describe('POST /auth/reset-password', () => {
  it('sets the password by the token, once; every session ends, the owner is told (ASVS 6.3.7)', async () => {
    const { id, email, token, tokens } = await askedForReset()
    const other = await logIn(email)
    const response = await reset({ token })
    expect(response.headers.getSetCookie()).toEqual([])
    await expectNoContent(response)
    expect(await countRows('sessions', 'user_id = ?', id)).toBe(0)
    for (const { accessToken, refreshToken } of [tokens, other.tokens]) {
      expect((await get('/auth/session', bearer(accessToken))).status).toBe(401)
      expect((await post('/auth/refresh', { refreshToken })).status).toBe(401)
    }
    expect(await canLogIn(email, PASSWORD)).toBe(false)
    expect(await canLogIn(email, NEW_PASSWORD)).toBe(true)
    expect(await auditOf('password.reset', id)).toMatchObject([{ actor_id: id }])
    expect(await mailsTo(email, 'password_changed')).toBe(1)
    const before = await accountState()
    await expectRefusal(await reset({ token, password: 'yet another password' }), 400, 'invalid_token')
    expect(await accountState()).toEqual(before)
  })

  it('sets the password by the code with its address, once', async () => {
    const { email } = await askedForReset()
    const code = await mailedCode(email, 'reset_password')
    await expectNoContent(await reset({ email, code }))
    expect(await canLogIn(email, NEW_PASSWORD)).toBe(true)
    await expectRefusal(await reset({ email, code }), 400, 'invalid_token')
  })

  it('verifies the address of an unverified account, because the mail arrived', async () => {
    const { id, email } = await registered()
    await forgot(email)
    await expectNoContent(await reset({ token: await mailedToken(email, 'reset_password') }))
    expect((await queryOne('select email_verified_at from users where id = ?', id)).email_verified_at).not.toBeNull()
    expect(await canLogIn(email, NEW_PASSWORD)).toBe(true)
  })

  it('makes every other token of the account invalid, whatever its purpose', async () => {
    const { id, email } = await registered()
    await forgot(email)
    const first = await mailedToken(email, 'reset_password')
    await forgot(email)
    const second = await mailedToken(email, 'reset_password')
    const verification = await mailedToken(email, 'verify_email')
    await expectNoContent(await reset({ token: second }))
    await expectRefusal(await reset({ token: first }), 400, 'invalid_token')
    await expectRefusal(await post('/auth/verify-email', { token: verification }), 400, 'invalid_token')
    expect(await countRows('one_time_tokens', 'user_id = ?', id)).toBe(0)
  })

  it('ends the throttling of the login', async () => {
    const { email, token } = await askedForReset()
    vi.setSystemTime(Date.now())
    for (let failure = 0; failure < 6; failure += 1) await post('/auth/login', { identifier: email, password: 'wrong' })
    expect((await post('/auth/login', { identifier: email, password: PASSWORD })).status).toBe(429)
    await expectNoContent(await reset({ token }))
    expect(await canLogIn(email, NEW_PASSWORD)).toBe(true)
  })

  it('refuses a weak password and does not use the token up', async () => {
    const { email, token } = await askedForReset()
    const before = await accountState()
    for (const password of ['short', 'password1', `${email.split('@')[0]} is my name`]) {
      const problem = await expectRefusal(await reset({ token, password }), 400, 'invalid_request')
      expect(problem.errors?.map(({ path }) => path)).toEqual(['password'])
    }
    expect(await accountState()).toEqual(before)
    await expectNoContent(await reset({ token }))
  })

  it('refuses even the right code after five wrong ones', async () => {
    const { email } = await askedForReset()
    const code = await mailedCode(email, 'reset_password')
    for (let guess = 0; guess < 5; guess += 1)
      await expectRefusal(await reset({ email, code: wrongFor(code) }), 400, 'invalid_token')
    await expectRefusal(await reset({ email, code }), 400, 'invalid_token')
    expect(await canLogIn(email, PASSWORD)).toBe(true)
  })

  it('refuses a token that is forged, used, expired or of another purpose, and changes nothing', async () => {
    const { id, email, token } = await askedForReset()
    const waiting = await registered()
    const before = await accountState()
    for (const other of ['nonsense', `${token.slice(0, -2)}AA`, await mailedToken(waiting.email, 'verify_email')])
      await expectRefusal(await reset({ token: other }), 400, 'invalid_token')
    await expectRefusal(await reset({ email: newEmail(), code: '12345678' }), 400, 'invalid_token')
    expect(await accountState()).toEqual(before)
    vi.setSystemTime(Date.now() + 3_600_001)
    await expectRefusal(await reset({ token }), 400, 'invalid_token')
    vi.useRealTimers()
    await deactivate(id)
    await expectRefusal(await reset({ token }), 400, 'invalid_token')
    expect(await auditOf('password.reset', id)).toEqual([])
    expect(await mailsTo(email, 'password_changed')).toBe(0)
  })

  it.each([
    {},
    { token: 'x', email: 'a@example.com' },
    { email: 'a@example.com', code: 'x' },
    { token: 'x', admin: true },
  ])('refuses a body of another form: %j', async (body) => {
    await expectRefusal(await reset(body), 400, 'invalid_request')
  })
})

describe('POST /auth/change-password', () => {
  it('changes the password, ends my other sessions and mails me, while this session goes on (ASVS 6.2.3, 7.4.3)', async () => {
    const { id, email, session, tokens } = await askedForReset()
    const other = await logIn(email)
    await expectNoContent(await change(tokens.accessToken))
    expect(await rows('select id from sessions where user_id = ?', id)).toEqual([{ id: session.id }])
    expect((await get('/auth/session', bearer(other.tokens.accessToken))).status).toBe(401)
    expect((await get('/auth/me', bearer(tokens.accessToken))).status).toBe(200)
    expect((await post('/auth/refresh', { refreshToken: tokens.refreshToken })).status).toBe(200)
    expect(await canLogIn(email, PASSWORD)).toBe(false)
    expect(await canLogIn(email, NEW_PASSWORD)).toBe(true)
    expect(await countRows('one_time_tokens', "user_id = ? and purpose <> 'not_me'", id)).toBe(0)
    expect(await auditOf('password.changed', id)).toMatchObject([{ actor_id: id }])
    const mail = await waitForMail(email, ({ subject }) => subject.includes('password was changed'))
    expect(mail.text.match(/\S+#token=/g)).toEqual([`${ORIGIN}/not-me#token=`])
  })

  it('lets one of ten simultaneous changes win, and refuses the others because the password they name has changed', async () => {
    const { id, email, tokens } = await signedIn()
    const passwords = Array.from({ length: 10 }, (_, number) => `the new battery number ${number}`)
    const answers = await Promise.all(passwords.map((newPassword) => change(tokens.accessToken, { newPassword })))
    const winners = passwords.filter((_, number) => answers[number]?.status === 204)
    expect(winners).toHaveLength(1)
    for (const answer of answers.filter(({ status }) => status !== 204))
      await expectRefusal(answer, 401, 'invalid_credentials')
    expect(await canLogIn(email, winners[0] ?? '')).toBe(true)
    expect(await auditOf('password.changed', id)).toHaveLength(1)
  })

  it('asks for the current password, under the throttle of a login (ASVS 6.2.3)', async () => {
    const { id, tokens } = await signedIn()
    const before = await accountState()
    vi.setSystemTime(Date.now())
    for (let failure = 0; failure < 5; failure += 1)
      await expectRefusal(await change(tokens.accessToken, { currentPassword: 'wrong' }), 401, 'invalid_credentials')
    const throttled = await change(tokens.accessToken)
    expect(Number(throttled.headers.get('Retry-After'))).toBeGreaterThanOrEqual(1)
    await expectRefusal(throttled, 429, 'login_throttled')
    expect(await accountState()).toEqual(before)
    expect(await auditOf('reauthentication.failed', id)).toHaveLength(5)
  })

  it.each([
    ['newPassword', { newPassword: 'short' }],
    ['newPassword', { newPassword: 'qwertyuiop' }],
    ['newPassword', { newPassword: 'a'.repeat(129) }],
    ['newPassword', { newPassword: undefined }],
    ['currentPassword', { currentPassword: undefined }],
    ['', { logout: true }],
  ])('refuses an invalid %j and changes nothing: %j', async (path, body) => {
    const { tokens } = await signedIn()
    const before = await accountState()
    const problem = await expectRefusal(await change(tokens.accessToken, body), 400, 'invalid_request')
    expect(problem.errors?.map((error) => error.path)).toEqual([path])
    expect(await accountState()).toEqual(before)
  })

  it('refuses without a session, with one that ended, and once deactivated', async () => {
    const { id, tokens } = await signedIn()
    const hash = await hashOf(id)
    await expectRefusal(await post('/auth/change-password', {}), 401, 'unauthenticated')
    await deactivate(id)
    await expectRefusal(await change(tokens.accessToken), 401, 'unauthenticated')
    await rows('delete from sessions where user_id = ?', id)
    await expectRefusal(await change(tokens.accessToken), 401, 'unauthenticated')
    expect(await hashOf(id)).toBe(hash)
  })
})

describe('the password policy of a deployment', () => {
  it.each([
    [{ PASSWORD_MIN_LENGTH: '15' }, 'only 14 chars!', 'fifteen chars!!'],
    [{ PASSWORD_REQUIRE: 'upper,digit' }, 'no upper or digit', 'An Upper and a 7'],
  ])('%j refuses %j and takes %j', async (variables, refused, taken) => {
    const strict = { ...env, ...variables } as unknown as Env
    const register = (password: string) =>
      callWorker(strict, 'POST', '/auth/register', { body: { email: newEmail(), password } })
    await expectRefusal(await register(refused), 400, 'invalid_request')
    expect((await register(taken)).status).toBe(202)
  })

  it.each([
    ['128 characters', 'x'.repeat(127)],
    ['128 characters of four bytes', '🔑'.repeat(127)],
  ])('takes %s and tells two of them apart by the last character (ASVS 6.2.8, 6.2.9)', async (_, stem) => {
    const { email } = await verified({ password: `${stem}ä` })
    expect(await canLogIn(email, `${stem}ö`)).toBe(false)
    expect(await canLogIn(email, stem)).toBe(false)
    expect(await canLogIn(email, `${stem}ä`)).toBe(true)
    expect(await canLogIn(email, `${stem}a\u0308`)).toBe(true)
  })
})
