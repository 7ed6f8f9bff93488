import { env } from 'cloudflare:workers'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { Status } from '../../../src/contracts/common.ts'
import {
  canLogIn,
  deactivate,
  mailedCode,
  mailedToken,
  registered,
  signedIn,
  verified,
  wrongFor,
} from '../../support/accounts.ts'
import { answerOf, expectRefusal } from '../../support/answers.ts'
import { callWorker } from '../../support/call-worker.ts'
import { bearer, codeIn, get, newEmail, ORIGIN, PASSWORD, post, tokenIn, waitForMail } from '../../support/client.ts'
import { auditOf, countRows, rows } from '../../support/database.ts'
import { accountState, queryOne } from '../../support/stored-state.ts'

const ask = (accessToken: string, newEmail: string, password = PASSWORD) =>
  post('/auth/change-email', { newEmail, password }, bearer(accessToken))
const confirm = (token: string) => post('/auth/confirm-email-change', { token })
const emailOf = async (id: string) => (await queryOne('select email from users where id = ?', id)).email

async function asked() {
  const account = await signedIn()
  const newAddress = newEmail()
  expect((await ask(account.tokens.accessToken, newAddress)).status).toBe(202)
  return { ...account, newAddress, token: await mailedToken(newAddress, 'change_email') }
}

afterEach(() => vi.useRealTimers())

describe('POST /auth/change-email', () => {
  it('asks for the password or a recent login (ASVS 7.5.1)', async () => {
    const { id, session, tokens } = await signedIn()
    const newAddress = newEmail()
    const change = (body: object) =>
      post('/auth/change-email', { newEmail: newAddress, ...body }, bearer(tokens.accessToken))
    await rows('update sessions set authenticated_at = ? where id = ?', Date.now() - 601_000, session.id)
    await expectRefusal(await change({}), 403, 'step_up_required')
    await expectRefusal(await change({ password: 'wrong' }), 401, 'invalid_credentials')
    expect(await countRows('one_time_tokens', 'user_id = ?', id)).toBe(0)
    expect((await change({ password: PASSWORD })).status).toBe(202)
    await rows('update sessions set authenticated_at = ? where id = ?', Date.now(), session.id)
    expect((await change({})).status).toBe(202)
  })

  it('mails a link and a code to the new address, and changes nothing yet', async () => {
    const { id, email, tokens } = await signedIn()
    const newAddress = newEmail()
    const response = await ask(tokens.accessToken, ` ${newAddress.toUpperCase()} `)
    expect(await answerOf(response, Status('confirmation_sent'), 202)).toEqual({ status: 'confirmation_sent' })
    expect(await emailOf(id)).toBe(email)
    const mail = await waitForMail(newAddress)
    expect(tokenIn(mail)).toBe(await mailedToken(newAddress, 'change_email'))
    expect(mail.text).toContain(`${ORIGIN}/confirm-email-change#token=`)
    expect(codeIn(mail)).toBe(await mailedCode(newAddress, 'change_email'))
    expect(await auditOf('email.change_requested', id)).toMatchObject([{ actor_id: id }])
  })

  it('answers the same for an address that has an account, and tells its owner instead', async () => {
    const { id, tokens } = await signedIn()
    const owner = await verified()
    const before = await accountState()
    const response = await ask(tokens.accessToken, owner.email)
    expect(await answerOf(response, Status('confirmation_sent'), 202)).toEqual({ status: 'confirmation_sent' })
    expect(await accountState()).toEqual(before)
    expect(await countRows('outbox', "recipient = ? and kind = 'already_registered'", owner.email)).toBe(1)
    expect(await countRows('one_time_tokens', "user_id = ? and purpose = 'change_email'", id)).toBe(0)
  })

  it('refuses a wrong password and changes nothing', async () => {
    const { id, tokens } = await signedIn()
    const newAddress = newEmail()
    const before = await accountState()
    await expectRefusal(await ask(tokens.accessToken, newAddress, 'wrong'), 401, 'invalid_credentials')
    expect(await accountState()).toEqual(before)
    expect(await countRows('outbox', 'recipient = ?', newAddress)).toBe(0)
    expect(await auditOf('reauthentication.failed', id)).toHaveLength(1)
  })

  it('asks the password under the throttle of a login', async () => {
    const { tokens } = await signedIn()
    vi.setSystemTime(Date.now())
    for (let failure = 0; failure < 5; failure += 1) await ask(tokens.accessToken, newEmail(), 'wrong')
    await expectRefusal(await ask(tokens.accessToken, newEmail()), 429, 'login_throttled')
  })

  it('refuses without a session, and an invalid body', async () => {
    const { tokens } = await signedIn()
    await expectRefusal(await post('/auth/change-email', {}), 401, 'unauthenticated')
    await expectRefusal(await ask(tokens.accessToken, 'nobody'), 400, 'invalid_request')
    const more = { newEmail: newEmail(), password: PASSWORD, emailVerified: true }
    await expectRefusal(await post('/auth/change-email', more, bearer(tokens.accessToken)), 400, 'invalid_request')
  })
})

describe('POST /auth/confirm-email-change', () => {
  it('changes the address, once, and tells the old one without naming the new one in full (ASVS 6.3.7)', async () => {
    const { id, email, newAddress, token, tokens } = await asked()
    expect(await answerOf(await confirm(token), Status('email_changed'))).toEqual({ status: 'email_changed' })
    expect(await emailOf(id)).toBe(newAddress)
    expect(await canLogIn(newAddress, PASSWORD)).toBe(true)
    expect(await canLogIn(email, PASSWORD)).toBe(false)
    expect((await get('/auth/me', bearer(tokens.accessToken))).status).toBe(200)
    expect(await auditOf('email.changed', id)).toMatchObject([{ actor_id: id }])
    const notice = await waitForMail(email, ({ subject }) => subject.includes('address'))
    const told = await waitForMail(email, ({ text }) => text.includes('***@example.com'))
    expect(notice.id).toBeDefined()
    expect(told.text).not.toContain(newAddress)
    await expectRefusal(await confirm(token), 400, 'invalid_token')
  })

  it('changes the address once by the code with the new address, and allows five wrong codes', async () => {
    const { id, email, newAddress } = await asked()
    const code = await mailedCode(newAddress, 'change_email')
    const byCode = (address: string, guess: string) =>
      post('/auth/confirm-email-change', { email: address, code: guess })
    await expectRefusal(await byCode(email, code), 400, 'invalid_token')
    expect((await byCode(newAddress, code)).status).toBe(200)
    expect(await emailOf(id)).toBe(newAddress)
    await expectRefusal(await byCode(newAddress, code), 400, 'invalid_token')
    const other = await asked()
    const right = await mailedCode(other.newAddress, 'change_email')
    for (let guess = 0; guess < 5; guess += 1)
      await expectRefusal(await byCode(other.newAddress, wrongFor(right)), 400, 'invalid_token')
    await expectRefusal(await byCode(other.newAddress, right), 400, 'invalid_token')
    expect((await confirm(other.token)).status).toBe(200)
  })

  it('makes every other token of the account invalid, because they were mailed to the old address', async () => {
    const { id, email, token } = await asked()
    await post('/auth/forgot-password', { email })
    const reset = await mailedToken(email, 'reset_password')
    expect((await confirm(token)).status).toBe(200)
    await expectRefusal(
      await post('/auth/reset-password', { token: reset, password: 'a new one entirely' }),
      400,
      'invalid_token',
    )
    expect(await countRows('one_time_tokens', "user_id = ? and purpose <> 'not_me'", id)).toBe(0)
  })

  it('makes nobody an admin, not even by BOOTSTRAP_ADMIN_EMAIL, because whoever has the mailbox did not set the password', async () => {
    const { id, newAddress, token } = await asked()
    const bootstrapping = { ...env, BOOTSTRAP_ADMIN_EMAIL: newAddress } as Env
    const confirmed = await callWorker(bootstrapping, 'POST', '/auth/confirm-email-change', { body: { token } })
    expect(confirmed.status).toBe(200)
    expect(await countRows('user_roles', "user_id = ? and role = 'admin'", id)).toBe(0)
  })

  it('refuses when the address was taken meanwhile, and changes nothing', async () => {
    const { id, email, newAddress, token } = await asked()
    await registered({ email: newAddress })
    const before = await accountState()
    await expectRefusal(await confirm(token), 400, 'invalid_token')
    expect(await accountState()).toEqual(before)
    expect(await emailOf(id)).toBe(email)
    expect(await countRows('outbox', "recipient = ? and kind = 'email_changed'", email)).toBe(0)
    expect(await auditOf('email.changed', id)).toEqual([])
  })

  it('refuses a token that is forged, used, expired or of another purpose, and changes nothing', async () => {
    const { id, email, newAddress, token } = await asked()
    await post('/auth/forgot-password', { email })
    const before = await accountState()
    for (const other of ['nonsense', `${token.slice(0, -2)}AA`, await mailedToken(email, 'reset_password')])
      await expectRefusal(await confirm(other), 400, 'invalid_token')
    for (const body of [{}, { token: 7 }, { token, email: newAddress }, { code: '12345678' }])
      await expectRefusal(await post('/auth/confirm-email-change', body), 400, 'invalid_request')
    expect(await accountState()).toEqual(before)
    vi.setSystemTime(Date.now() + 3_600_001)
    await expectRefusal(await confirm(token), 400, 'invalid_token')
    vi.useRealTimers()
    await deactivate(id)
    await expectRefusal(await confirm(token), 400, 'invalid_token')
  })

  it('changes only the account that asked, whoever uses the token', async () => {
    const { newAddress, token } = await asked()
    const stranger = await signedIn()
    expect((await post('/auth/confirm-email-change', { token }, bearer(stranger.tokens.accessToken))).status).toBe(200)
    expect(await emailOf(stranger.id)).toBe(stranger.email)
    expect(await rows('select id from users where email = ?', newAddress)).toHaveLength(1)
  })
})
