import { env } from 'cloudflare:workers'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { Status } from '../../../src/contracts/common.ts'
import { MfaNeeded, SignedIn } from '../../../src/contracts/login.ts'
import { deactivate, giveSecondFactor, mailedCode, mailedToken, verified, wrongFor } from '../../support/accounts.ts'
import { answerOf, cookiesOf, expectRefusal } from '../../support/answers.ts'
import { callWorker } from '../../support/call-worker.ts'
import { bearer, codeIn, get, PASSWORD, waitForMail } from '../../support/client.ts'
import { auditOf, countRows, rows } from '../../support/database.ts'
import { accountState } from '../../support/stored-state.ts'

/** A deployment that lets a mailed code stand in for a stronger factor. */
const lenient = { ...env, MFA_EMAIL_FALLBACK: 'on' } as unknown as Env
const post = (path: string, body: unknown) => callWorker(lenient, 'POST', path, { body })
const login = (identifier: string, password = PASSWORD, body: object = {}) =>
  post('/auth/login', { identifier, password, ...body })
const sendCode = (ticket: string) => post('/auth/login/mfa/email', { ticket })
const complete = (ticket: string, code: string, body: object = {}) =>
  post('/auth/login/mfa', { ticket, method: 'email', code, ...body })
const ticketsOf = (id: string) => countRows('one_time_tokens', "user_id = ? and purpose = 'mfa_ticket'", id)

/** Creates an account with a second factor, and begins a login that waits for it. */
async function waiting() {
  const account = await verified()
  await giveSecondFactor(account.id)
  const { ticket } = await answerOf(await login(account.email), MfaNeeded)
  return { ...account, ticket, code: await mailedCode(account.email, 'mfa_ticket') }
}

afterEach(() => vi.useRealTimers())

describe('POST /auth/login of an account with a second factor', () => {
  it('asks for the factor and opens nothing (ASVS 6.5.1)', async () => {
    const { id, email } = await verified()
    await giveSecondFactor(id)
    const response = await login(email)
    expect(response.headers.getSetCookie()).toEqual([])
    const answer = await answerOf(response, MfaNeeded)
    expect(answer).toEqual({
      status: 'mfa_required',
      ticket: expect.any(String),
      expiresIn: 300,
      methods: expect.arrayContaining(['email']),
    })
    expect(await countRows('sessions', 'user_id = ?', id)).toBe(0)
    expect(await auditOf('login.mfa_required', id)).toHaveLength(1)
    expect(await auditOf('login.succeeded', id)).toEqual([])
  })

  it('rehashes a weaker hash before the factor is shown', async () => {
    const { id, email } = await verified()
    await giveSecondFactor(id)
    // This is the hash of "password" with m=256 KiB, t=2 and p=1 from phc-winner-argon2, src/test.c.
    const weak = '$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4'
    await rows('update users set password_hash = ? where id = ?', weak, id)
    await answerOf(await login(email, 'password'), MfaNeeded)
    expect(await countRows('users', "id = ? and password_hash like '$argon2id$v=19$m=19456,%'", id)).toBe(1)
  })

  it('asks for nothing, and makes no ticket, after a wrong password', async () => {
    const { id, email } = await verified()
    await giveSecondFactor(id)
    await expectRefusal(await login(email, 'wrong'), 401, 'invalid_credentials')
    expect(await ticketsOf(id)).toBe(0)
    const [session] = await rows('select * from sessions where user_id = ?', id)
    expect(session?.strong_authenticated_at).toBe(session?.authenticated_at)
  })
})

describe('POST /auth/login/mfa/email', () => {
  it('mails the code, and no link, to the address of the account (ASVS 6.6.2)', async () => {
    const { id, email, ticket, code } = await waiting()
    expect(await answerOf(await sendCode(ticket), Status('code_sent'), 202)).toEqual({ status: 'code_sent' })
    const mail = await waitForMail(email, ({ text }) => !text.includes('token='))
    expect(codeIn(mail)).toBe(code)
    expect(mail.text).not.toContain(ticket)
    expect(await auditOf('login.code_requested', id)).toHaveLength(1)
  })

  it('mails at most five an hour', async () => {
    const { email, ticket } = await waiting()
    for (let mail = 0; mail < 7; mail += 1) expect((await sendCode(ticket)).status).toBe(202)
    expect(await countRows('outbox', "recipient = ? and kind = 'one_time_code'", email)).toBe(5)
  })

  it('refuses a ticket that is forged, used or expired', async () => {
    const { id, email, ticket } = await waiting()
    await post('/auth/forgot-password', { email })
    for (const other of ['nonsense', `${ticket.slice(0, -2)}AA`, await mailedToken(email, 'reset_password')])
      await expectRefusal(await sendCode(other), 400, 'invalid_token')
    vi.setSystemTime(Date.now() + 600_001)
    await expectRefusal(await sendCode(ticket), 400, 'invalid_token')
    vi.useRealTimers()
    await deactivate(id)
    await expectRefusal(await sendCode(ticket), 400, 'invalid_token')
    expect(await countRows('outbox', "recipient = ? and kind = 'one_time_code'", email)).toBe(0)
  })
})

describe('POST /auth/login/mfa', () => {
  it('completes the login with the mailed code, and the session says how', async () => {
    const { id, ticket, code } = await waiting()
    const answer = await answerOf(await complete(ticket, code), SignedIn)
    expect(answer.user.id).toBe(id)
    const current = (await (await get('/auth/session', bearer(answer.tokens?.accessToken ?? ''))).json()) as object
    expect(current).toMatchObject({ methods: ['pwd', 'otp', 'mfa'] })
    expect(await auditOf('login.succeeded', id)).toMatchObject([{ details: { methods: ['pwd', 'otp', 'mfa'] } }])
    expect(await ticketsOf(id)).toBe(0)
  })

  it('completes it by cookies, with no token in the body', async () => {
    const { ticket, code } = await waiting()
    const response = await complete(ticket, code, { delivery: 'cookie' })
    expect(Object.keys(cookiesOf(response)).sort()).toEqual(['__Host-access', '__Host-device', '__Secure-refresh'])
    const answer = await answerOf(response, SignedIn)
    expect(answer.tokens).toBeUndefined()
    expect(answer.session.deviceToken).toBeUndefined()
  })

  it('accepts a ticket once', async () => {
    const { id, ticket, code } = await waiting()
    expect((await complete(ticket, code)).status).toBe(200)
    const before = await accountState()
    await expectRefusal(await complete(ticket, code), 401, 'invalid_code')
    expect(await accountState()).toEqual(before)
    expect(await countRows('sessions', 'user_id = ?', id)).toBe(1)
  })

  it('lets one of twenty simultaneous uses of a code win (GHSA-hc7v-rggr-4hvx)', async () => {
    const { id, ticket, code } = await waiting()
    // Only the first five codes are compared, and one of them opens a session.
    const answers = await Promise.all(Array.from({ length: 20 }, () => complete(ticket, code)))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    for (const answer of answers.filter(({ status }) => status !== 200))
      await expectRefusal(answer, 401, 'invalid_code')
    expect(await countRows('sessions', 'user_id = ?', id)).toBe(1)
  })

  it('allows five wrong codes for a ticket, then refuses even the right one (ASVS 6.6.3, CapSoftware/Cap#2221)', async () => {
    const { id, ticket, code } = await waiting()
    for (let guess = 0; guess < 5; guess += 1)
      await expectRefusal(await complete(ticket, wrongFor(code)), 401, 'invalid_code')
    await expectRefusal(await complete(ticket, code), 401, 'invalid_code')
    expect(await countRows('sessions', 'user_id = ?', id)).toBe(0)
    expect(await auditOf('login.failed', id)).toHaveLength(5)
  })

  it('counts the wrong codes of an account on however many tickets, and then makes them wait (NIST SP 800-63B-4 §3.2.2)', async () => {
    const { email, ticket, code } = await waiting()
    vi.setSystemTime(Date.now())
    for (let guess = 0; guess < 5; guess += 1) await complete(ticket, wrongFor(code))
    const next = await answerOf(await login(email), MfaNeeded)
    const right = await mailedCode(email, 'mfa_ticket')
    const refused = await complete(next.ticket, right)
    expect(refused.headers.get('Retry-After')).toBe('1')
    await expectRefusal(refused, 429, 'login_throttled')
    vi.setSystemTime(Date.now() + 1000)
    expect((await complete(next.ticket, right)).status).toBe(200)
  })

  it('refuses the code of another ticket, of the same account or another', async () => {
    const { email, ticket, code } = await waiting()
    const other = await waiting()
    await expectRefusal(await complete(ticket, other.code), 401, 'invalid_code')
    const second = await answerOf(await login(email), MfaNeeded)
    expect(await mailedCode(email, 'mfa_ticket')).not.toBe(code)
    await expectRefusal(await complete(second.ticket, code), 401, 'invalid_code')
  })

  it('refuses a ticket that is not valid or older than ten minutes, and opens nothing (ASVS 6.5.5)', async () => {
    const { id, email, ticket, code } = await waiting()
    await post('/auth/forgot-password', { email })
    for (const other of ['nonsense', `${ticket.slice(0, -2)}AA`, await mailedToken(email, 'reset_password')])
      await expectRefusal(await complete(other, code), 401, 'invalid_code')
    vi.setSystemTime(Date.now() + 600_001)
    await expectRefusal(await complete(ticket, code), 401, 'invalid_code')
    expect(await countRows('sessions', 'user_id = ?', id)).toBe(0)
  })

  it.each(['totp', 'recovery_code', 'passkey'])('refuses the mailed code as %s', async (method) => {
    const { ticket, code } = await waiting()
    await expectRefusal(await post('/auth/login/mfa', { ticket, method, code }), 401, 'invalid_code')
  })

  it('refuses once the account was deactivated, or its password changed, meanwhile', async () => {
    const deactivated = await waiting()
    await deactivate(deactivated.id)
    await expectRefusal(await complete(deactivated.ticket, deactivated.code), 401, 'invalid_code')
    expect(await countRows('sessions', 'user_id = ?', deactivated.id)).toBe(0)
    const changed = await waiting()
    await post('/auth/forgot-password', { email: changed.email })
    const token = await mailedToken(changed.email, 'reset_password')
    expect((await post('/auth/reset-password', { token, password: 'a new one entirely' })).status).toBe(204)
    await expectRefusal(await complete(changed.ticket, changed.code), 401, 'invalid_code')
    expect(await countRows('sessions', 'user_id = ?', changed.id)).toBe(0)
  })

  it('still asks for the second factor after the password was reset (ASVS 6.4.3)', async () => {
    const { email } = await waiting()
    await post('/auth/forgot-password', { email })
    const token = await mailedToken(email, 'reset_password')
    await post('/auth/reset-password', { token, password: 'a new one entirely' })
    await answerOf(await login(email, 'a new one entirely'), MfaNeeded)
  })

  it.each([
    {},
    { ticket: 'x', code: '12345678' },
    { ticket: 'x', method: 'sms', code: '12345678' },
    { ticket: 'x', method: 'email', code: '' },
    { ticket: 'x', method: 'email', code: '1'.repeat(65) },
    { ticket: 'x', method: 'email', code: '12345678', trust: true },
  ])('refuses a body of another form: %j', async (body) => {
    await expectRefusal(await post('/auth/login/mfa', body), 400, 'invalid_request')
  })
})
