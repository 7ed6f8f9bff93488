import { env } from 'cloudflare:workers'
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { SIGN_UPS_PER_ADDRESS } from '../../src/config.ts'
import { mailedToken, signedIn, verified } from '../support/accounts.ts'
import { expectRefusal } from '../support/answers.ts'
import { callWorker } from '../support/call-worker.ts'
import {
  bearer,
  codeIn,
  get,
  logIn,
  newEmail,
  PASSWORD,
  post,
  type SignedIn,
  tokenIn,
  waitForMail,
} from '../support/client.ts'
import { waitLongForDependencies } from '../support/clock.ts'
import { auditOf, countRows, mailsSettled, rows } from '../support/database.ts'
import { ageRotation, generationOf } from '../support/grants.ts'
import { interceptEnv } from '../support/intercept-env.ts'

const AT_ONCE = 50
const NEW_PASSWORD = 'a quite different battery staple'

/** Sends the same request many times at once, and answers all responses. */
const manyTimes = async (request: (nth: number) => Promise<Response>): Promise<Response[]> =>
  await Promise.all(Array.from({ length: AT_ONCE }, (_, nth) => request(nth)))

const statusesOf = (responses: readonly Response[]) =>
  responses.reduce<Record<number, number>>(
    (counts, { status }) => Object.assign(counts, { [status]: (counts[status] ?? 0) + 1 }),
    {},
  )

const refresh = (refreshToken: string) => post('/auth/refresh', { refreshToken })
const tokensOf = async (response: Response) => (await response.json()) as SignedIn['tokens']

beforeEach(waitLongForDependencies)
afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})
afterAll(mailsSettled)

describe('POST /auth/login, two at once', () => {
  it('lets both in where the hash is to be upgraded, and changes it once (ASVS 11.4.2, 15.4.2)', async () => {
    const { email } = await verified()
    // This is the hash of "password" with m=256 KiB, t=2 and p=1 from phc-winner-argon2, src/test.c.
    const weak = '$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4'
    await rows('update users set password_hash = ? where email = ?', weak, email)
    const [before] = await rows('select password_changed_at from users where email = ?', email)
    let waiting = 0
    let release = () => {}
    const bothHaveRead = new Promise<void>((resolve) => (release = resolve))
    // Both requests read the account before either of them opens its session.
    const together = interceptEnv(env, async ({ kind }, proceed) => {
      if (kind !== 'durable-object') return await proceed()
      waiting += 1
      if (waiting === 2) release()
      await bothHaveRead
      return await proceed()
    })
    const body = { identifier: email, password: 'password' }
    const logIns = await Promise.all([0, 1].map(() => callWorker(together, 'POST', '/auth/login', { body })))
    expect(statusesOf(logIns)).toEqual({ 200: 2 })
    const [after] = await rows('select password_hash, password_changed_at from users where email = ?', email)
    expect(after?.password_hash).not.toBe(weak)
    expect(after?.password_changed_at).toBe(before?.password_changed_at)
  })
})

describe('POST /auth/refresh, many at once (GHSA-392p-2q2v-4372)', () => {
  it('gives 50 simultaneous uses of one token the same live successor, and the user stays logged in', async () => {
    const { tokens, session } = await signedIn()
    const answers = await manyTimes(() => refresh(tokens.refreshToken))
    expect(statusesOf(answers)).toEqual({ 200: AT_ONCE })
    const successors = new Set((await Promise.all(answers.map(tokensOf))).map(({ refreshToken }) => refreshToken))
    expect(successors.size).toBe(1)
    expect(await generationOf(session.id)).toBe(1)
    const [successor = ''] = successors
    const next = await refresh(successor)
    expect(next.status).toBe(200)
    expect((await get('/auth/me', bearer((await tokensOf(next)).accessToken))).status).toBe(200)
  })

  it('keeps tabs signed in that go on refreshing at the same time', async () => {
    const { tokens, session } = await signedIn()
    let current = tokens.refreshToken
    for (let round = 0; round < 5; round += 1) {
      const answers = await Promise.all([refresh(current), refresh(current), refresh(current)])
      const successors = new Set((await Promise.all(answers.map(tokensOf))).map(({ refreshToken }) => refreshToken))
      expect(successors.size).toBe(1)
      ;[current = ''] = successors
    }
    expect(await generationOf(session.id)).toBe(5)
  })
})

describe('POST /auth/refresh, a token that was used before (RFC 9700 §4.14.2)', () => {
  it('gives the token before the current one the same successor within a minute', async () => {
    const { tokens, session } = await signedIn()
    const first = await tokensOf(await refresh(tokens.refreshToken))
    await ageRotation(session.id, 55_000)
    const second = await refresh(tokens.refreshToken)
    expect(second.status).toBe(200)
    expect((await tokensOf(second)).refreshToken).toBe(first.refreshToken)
    expect((await refresh(first.refreshToken)).status).toBe(200)
  })

  it('is treated as stolen after a minute: the session ends, is audited, and its access token is refused (ASVS 10.4.5)', async () => {
    const { tokens, session, user } = await signedIn()
    const successor = await tokensOf(await refresh(tokens.refreshToken))
    await ageRotation(session.id, 61_000)
    await expectRefusal(await refresh(tokens.refreshToken), 401, 'invalid_refresh_token')
    expect(await countRows('sessions', 'id = ?', session.id)).toBe(0)
    expect(await auditOf('session.refresh_reused', user.id)).toMatchObject([{ details: { sessionId: session.id } }])
    expect((await get('/auth/session', bearer(successor.accessToken))).status).toBe(401)
    expect((await get('/auth/me', bearer(successor.accessToken))).status).toBe(401)
    expect((await refresh(successor.refreshToken)).status).toBe(401)
  })

  it('ends the session at once for a token of an older generation, whoever presents it (ASVS 10.4.5)', async () => {
    const { email, tokens, session, user } = await signedIn()
    const second = await tokensOf(await refresh(tokens.refreshToken))
    const third = await tokensOf(await refresh(second.refreshToken))
    await expectRefusal(await refresh(tokens.refreshToken), 401, 'invalid_refresh_token')
    expect(await countRows('sessions', 'id = ?', session.id)).toBe(0)
    expect(await auditOf('session.refresh_reused', user.id)).toHaveLength(1)
    for (const { accessToken } of [tokens, second, third])
      expect((await get('/auth/session', bearer(accessToken))).status).toBe(401)
    expect((await logIn(email)).session.id).not.toBe(session.id)
  })

  it('leaves the other sessions of the user alone', async () => {
    const { email, tokens, session } = await signedIn()
    const other = await logIn(email)
    await refresh(tokens.refreshToken)
    await ageRotation(session.id, 61_000)
    await refresh(tokens.refreshToken)
    expect((await get('/auth/session', bearer(other.tokens.accessToken))).status).toBe(200)
    expect((await refresh(other.tokens.refreshToken)).status).toBe(200)
  })

  it('is not disturbed by a forged token of its session', async () => {
    const { tokens, session } = await signedIn()
    const [version, id, , salt, mac] = tokens.refreshToken.split('.')
    const forged = [
      `${version}.${id}.7.${salt}.${mac}`,
      `${version}.${id}.0.${salt}.${'A'.repeat(43)}`,
      `v9.${id}.0.${salt}.${mac}`,
    ]
    for (const token of forged) await expectRefusal(await refresh(token), 401, 'invalid_refresh_token')
    expect(await generationOf(session.id)).toBe(0)
    expect((await refresh(tokens.refreshToken)).status).toBe(200)
  })
})

describe('mailed tokens and codes, many at once (GHSA-hc7v-rggr-4hvx)', () => {
  it('lets one of 50 simultaneous uses of a verification token win', async () => {
    const email = newEmail()
    await post('/auth/register', { email, password: PASSWORD })
    const token = tokenIn(await waitForMail(email))
    const answers = await manyTimes(() => post('/auth/verify-email', { token }))
    expect(statusesOf(answers)).toEqual({ 200: 1, 400: AT_ONCE - 1 })
    const [user] = await rows<{ id: string }>('select id from users where email = ? and email_verified_at > 0', email)
    expect(await auditOf('email.verified', user?.id ?? '')).toHaveLength(1)
    expect(await countRows('one_time_tokens', 'user_id = ?', user?.id)).toBe(0)
  })

  it('lets one of 50 simultaneous uses of a reset token win, and only its password is set', async () => {
    const { email } = await verified()
    await post('/auth/forgot-password', { email })
    const token = tokenIn(await waitForMail(email, ({ text }) => text.includes('/reset-password#')))
    const answers = await manyTimes((nth) =>
      post('/auth/reset-password', { token, password: `${NEW_PASSWORD} ${nth}` }),
    )
    expect(statusesOf(answers)).toEqual({ 204: 1, 400: AT_ONCE - 1 })
    const winner = answers.findIndex(({ status }) => status === 204)
    const { user } = await logIn(email, `${NEW_PASSWORD} ${winner}`)
    expect(await auditOf('password.reset', user.id)).toHaveLength(1)
    expect(await countRows('outbox', "kind = 'password_changed' and recipient = ?", email)).toBe(1)
  })

  it('lets one of 50 simultaneous uses of a reset code win', async () => {
    const { email } = await verified()
    await post('/auth/forgot-password', { email })
    const code = codeIn(await waitForMail(email, ({ text }) => text.includes('/reset-password#')))
    const answers = await manyTimes((nth) =>
      post('/auth/reset-password', { email, code, password: `${NEW_PASSWORD} ${nth}` }),
    )
    expect(statusesOf(answers)).toEqual({ 204: 1, 400: AT_ONCE - 1 })
    const winner = answers.findIndex(({ status }) => status === 204)
    const { user } = await logIn(email, `${NEW_PASSWORD} ${winner}`)
    expect(await auditOf('password.reset', user.id)).toHaveLength(1)
  })

  it('compares at most five of 50 simultaneous guesses at a reset code', async () => {
    const { email } = await verified()
    await post('/auth/forgot-password', { email })
    const mail = await waitForMail(email, ({ text }) => text.includes('/reset-password#'))
    const right = codeIn(mail)
    const wrong = String((Number(right) + 1) % 100_000_000).padStart(8, '0')
    const answers = await manyTimes(() => post('/auth/reset-password', { email, code: wrong, password: NEW_PASSWORD }))
    expect(statusesOf(answers)).toEqual({ 400: AT_ONCE })
    expect(
      await rows(
        "select max(attempts) as n from one_time_tokens where email = ? and purpose = 'reset_password'",
        email,
      ),
    ).toEqual([{ n: 5 }])
    const late = await post('/auth/reset-password', { email, code: right, password: NEW_PASSWORD })
    await expectRefusal(late, 400, 'invalid_token')
    expect((await logIn(email)).user.email).toBe(email)
  })

  it('lets one of 50 simultaneous uses of an e-mail change token win', async () => {
    const { email, tokens, user } = await signedIn()
    const newAddress = newEmail()
    await post('/auth/change-email', { newEmail: newAddress, password: PASSWORD }, bearer(tokens.accessToken))
    const token = tokenIn(await waitForMail(newAddress))
    const answers = await manyTimes(() => post('/auth/confirm-email-change', { token }))
    expect(statusesOf(answers)).toEqual({ 200: 1, 400: AT_ONCE - 1 })
    expect(await rows('select email from users where id = ?', user.id)).toEqual([{ email: newAddress }])
    expect(await auditOf('email.changed', user.id)).toHaveLength(1)
    expect(await countRows('outbox', "kind = 'email_changed' and recipient = ?", email)).toBe(1)
  })
})

describe('POST /auth/register, many at once', () => {
  it('makes one account of 50 simultaneous registrations of one address', async () => {
    const email = newEmail()
    vi.setSystemTime(Date.now())
    const answers = await manyTimes((nth) => post('/auth/register', { email, password: `${PASSWORD} ${nth}` }))
    const { requests } = SIGN_UPS_PER_ADDRESS
    expect(statusesOf(answers)).toEqual({ 202: requests, 429: AT_ONCE - requests })
    const users = await rows<{ id: string }>('select id from users where email = ?', email)
    expect(users).toHaveLength(1)
    const [user] = users
    expect(await auditOf('user.registered', user?.id ?? '')).toHaveLength(1)
    expect(await countRows('user_roles', 'user_id = ?', user?.id)).toBe(1)
    expect(await countRows('outbox', "kind = 'verify_email' and recipient = ?", email)).toBe(1)
    expect(await countRows('outbox', "kind = 'already_registered' and recipient = ?", email)).toBeLessThanOrEqual(5)
  })

  it('gives a username to one of 50 accounts that asked for it and are confirmed at once', async () => {
    const emails = Array.from({ length: AT_ONCE }, () => newEmail())
    const answers = await manyTimes((nth) =>
      post('/auth/register', { email: emails[nth], password: PASSWORD, username: nth % 2 ? 'racer' : 'RACER' }),
    )
    expect(statusesOf(answers)).toEqual({ 202: AT_ONCE })
    const tokens = await Promise.all(emails.map((email) => mailedToken(email, 'verify_email')))
    const confirmed = await manyTimes((nth) => post('/auth/verify-email', { token: tokens[nth] }))
    expect(statusesOf(confirmed)).toEqual({ 200: AT_ONCE })
    expect(await countRows('users', "lower(username) = 'racer'")).toBe(1)
    expect(await countRows('users', "lower(username_wish) = 'racer' and email_verified_at is not null")).toBe(AT_ONCE)
  })
})
