import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { Status } from '../../../src/contracts/common.ts'
import {
  canLogIn,
  deactivate,
  mailedCode,
  mailedToken,
  registered,
  verified,
  wrongFor,
} from '../../support/accounts.ts'
import { answerOf, expectRefusal } from '../../support/answers.ts'
import { callWorker } from '../../support/call-worker.ts'
import { codeIn, newEmail, ORIGIN, PASSWORD, post, tokenIn, waitForMail } from '../../support/client.ts'
import { countRows, rows } from '../../support/database.ts'
import { accountState, auditTypesOf, queryOne } from '../../support/stored-state.ts'

const register = (body: Record<string, unknown>, headers?: Record<string, string>) =>
  post('/auth/register', { password: PASSWORD, ...body }, headers)
const mailsTo = (email: string) => rows('select kind from outbox where recipient = ? order by created_at, id', email)

describe('POST /auth/register', () => {
  it('makes an unverified account with the role user, and mails its link and code', async () => {
    const email = newEmail()
    const response = await register({ email, username: 'Ada1815', name: ' Ada Lovelace ' })
    expect(response.headers.getSetCookie()).toEqual([])
    expect(await answerOf(response, Status('verification_sent'), 202)).toEqual({ status: 'verification_sent' })
    const user = await queryOne('select * from users where email = ?', email)
    expect(user).toMatchObject({
      email_verified_at: null,
      username: null,
      username_wish: 'Ada1815',
      name: 'Ada Lovelace',
      status: 'active',
    })
    expect(user.password_hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
    expect(await rows('select role from user_roles where user_id = ?', user.id)).toEqual([{ role: 'user' }])
    expect(await auditTypesOf(String(user.id))).toEqual(['user.registered'])
    const mail = await waitForMail(email)
    expect(mail.text).toContain(`${ORIGIN}/verify-email#token=${tokenIn(mail)}`)
    expect(mail.html).toContain(tokenIn(mail))
    expect(tokenIn(mail)).toBe(await mailedToken(email, 'verify_email'))
    expect(codeIn(mail)).toBe(await mailedCode(email, 'verify_email'))
  })

  it('stores the canonical form of an address, so that two spellings are one account', async () => {
    expect((await register({ email: 'Grace.Hopper@EXAMPLE.com' })).status).toBe(202)
    expect((await register({ email: ' grace.hopper@example.COM ' })).status).toBe(202)
    expect((await register({ email: 'lise@Müller.example' })).status).toBe(202)
    const stored = await rows("select email from users where email like 'grace%' or email like 'lise%' order by email")
    expect(stored).toEqual([{ email: 'grace.hopper@example.com' }, { email: 'lise@xn--mller-kva.example' }])
  })

  it.each(['verified', 'unverified'] as const)(
    'answers the same for a %s address that exists, and tells its owner only',
    async (state) => {
      const owner = state === 'verified' ? await verified() : await registered()
      const before = await queryOne('select * from users where id = ?', owner.id)
      const stranger = newEmail()
      const [known, unknown] = [
        await register({
          email: owner.email,
          password: 'another password entirely',
          name: 'Mallory',
          username: 'mallory',
        }),
        await register({ email: stranger, password: 'another password entirely' }),
      ]
      expect(await known.json()).toEqual(await unknown.json())
      expect(known.status).toBe(unknown.status)
      expect([...known.headers.keys()]).toEqual([...unknown.headers.keys()])
      const dropped = state === 'verified' ? {} : { password_hash: null, password_changed_at: expect.any(Number) }
      expect(await queryOne('select * from users where id = ?', owner.id)).toEqual({ ...before, ...dropped })
      expect((await mailsTo(owner.email)).at(-1)).toEqual({ kind: 'already_registered' })
      expect(await auditTypesOf(owner.id)).toContain('user.registration_repeated')
    },
  )

  it('refuses a taken username, in any case, whatever the address, changes nothing and mails nobody (ASVS 6.3.8)', async () => {
    const owner = await verified({ username: 'Turing' })
    const addresses = [newEmail(), (await registered()).email, (await verified()).email, owner.email]
    const before = await accountState()
    const mails = await countRows('outbox', 'true')
    for (const email of addresses)
      await expectRefusal(await register({ email, username: 'tURING' }), 409, 'username_taken')
    expect(await accountState()).toEqual(before)
    expect(await countRows('outbox', 'true')).toBe(mails)
  })

  it('gives the username when the address is confirmed; until then it is free, so that it tells nothing of the address', async () => {
    const [first, second] = [newEmail(), newEmail()]
    for (const email of [first, second, second]) expect((await register({ email, username: 'knuth' })).status).toBe(202)
    // A repeated sign-up leaves no password. Its mail asks for a new one, and setting it confirms the address as well.
    const reset = { token: await mailedToken(second, 'reset_password'), password: PASSWORD }
    expect((await post('/auth/reset-password', reset)).status).toBe(204)
    expect((await post('/auth/verify-email', { token: await mailedToken(first, 'verify_email') })).status).toBe(200)
    const usernames = await rows('select username from users where email in (?, ?) order by email', first, second)
    expect(usernames).toEqual([{ username: null }, { username: 'knuth' }])
    expect(await canLogIn('Knuth', PASSWORD)).toBe(true)
  })

  it('gives the username at once where unverified accounts may log in', async () => {
    const lenient = { ...env, REQUIRE_EMAIL_VERIFICATION: 'false' } as unknown as Env
    const body = { email: newEmail(), password: PASSWORD, username: 'dijkstra' }
    expect((await callWorker(lenient, 'POST', '/auth/register', { body })).status).toBe(202)
    const again = { ...body, email: newEmail() }
    await expectRefusal(await callWorker(lenient, 'POST', '/auth/register', { body: again }), 409, 'username_taken')
  })

  it.each([
    ['email', {}],
    ['email', { email: 'nobody' }],
    ['email', { email: 'a@b@example.com' }],
    ['email', { email: 7 }],
    ['password', { email: 'weak@example.com', password: 'short' }],
    ['password', { email: 'weak@example.com', password: 'password1' }],
    ['password', { email: 'weak@example.com', password: '' }],
    ['password', { email: 'weak@example.com', password: null }],
    ['username', { email: 'weak@example.com', username: 'ab' }],
    ['username', { email: 'weak@example.com', username: 'has-hyphen' }],
    ['username', { email: 'weak@example.com', username: 'a'.repeat(33) }],
    ['username', { email: 'weak@example.com', username: 'ädaß' }],
    ['name', { email: 'weak@example.com', name: '   ' }],
    ['name', { email: 'weak@example.com', name: 'Ada\r\nBcc: all@example.com' }],
    ['name', { email: 'weak@example.com', name: 'a'.repeat(101) }],
    ['', { email: 'weak@example.com', roles: ['admin'] }],
    ['', { email: 'weak@example.com', emailVerified: true }],
  ])('refuses an invalid %j with 400 that points at it: %j', async (path, body) => {
    const before = await accountState()
    const problem = await expectRefusal(await register(body), 400, 'invalid_request')
    expect(new Set(problem.errors?.map((error) => error.path))).toEqual(new Set([path]))
    expect(await accountState()).toEqual(before)
  })
})

describe('POST /auth/verify-email', () => {
  const verify = (body: unknown) => post('/auth/verify-email', body)

  it('verifies by the token of the mail, once', async () => {
    const { id, email } = await registered()
    const token = await mailedToken(email, 'verify_email')
    expect(await answerOf(await verify({ token }), Status('verified'))).toEqual({ status: 'verified' })
    const { email_verified_at } = await queryOne('select email_verified_at from users where id = ?', id)
    expect(Number(email_verified_at)).toBeGreaterThan(Date.now() - 60_000)
    expect(await rows('select 1 from one_time_tokens where user_id = ?', id)).toEqual([])
    expect(await auditTypesOf(id)).toEqual(['user.registered', 'email.verified'])
    const before = await accountState()
    await expectRefusal(await verify({ token }), 400, 'invalid_token')
    expect(await accountState()).toEqual(before)
  })

  it('verifies by the code of the mail with its address, once', async () => {
    const { id, email } = await registered()
    const code = await mailedCode(email, 'verify_email')
    expect((await verify({ email: email.toUpperCase(), code })).status).toBe(200)
    expect((await queryOne('select email_verified_at from users where id = ?', id)).email_verified_at).not.toBeNull()
    await expectRefusal(await verify({ email, code }), 400, 'invalid_token')
  })

  it('makes all tokens of an account invalid when one of them is used', async () => {
    const { email } = await registered()
    const first = await mailedToken(email, 'verify_email')
    await post('/auth/resend-verification', { email })
    const second = await mailedToken(email, 'verify_email')
    expect(second).not.toBe(first)
    expect((await verify({ token: first })).status).toBe(200)
    await expectRefusal(await verify({ token: second }), 400, 'invalid_token')
  })

  it('refuses even the right code after five wrong ones, while the link still works (ASVS 6.6.3)', async () => {
    const { email } = await registered()
    const code = await mailedCode(email, 'verify_email')
    for (let guess = 0; guess < 5; guess += 1)
      await expectRefusal(await verify({ email, code: wrongFor(code) }), 400, 'invalid_token')
    await expectRefusal(await verify({ email, code }), 400, 'invalid_token')
    expect((await verify({ token: await mailedToken(email, 'verify_email') })).status).toBe(200)
  })

  it('refuses a token that is forged, used, expired or of another purpose, and changes nothing', async () => {
    const { id, email } = await registered()
    const other = await verified()
    await post('/auth/forgot-password', { email: other.email })
    const token = await mailedToken(email, 'verify_email')
    const before = await accountState()
    const refused = [
      { token: 'nonsense' },
      { token: `${token.slice(0, -1)}${token.endsWith('A') ? 'B' : 'A'}` },
      { token: await mailedToken(other.email, 'reset_password') },
      { email, code: await mailedCode(other.email, 'reset_password') },
      { email: other.email, code: await mailedCode(email, 'verify_email') },
      { email: 'nobody@example.com', code: '12345678' },
    ]
    for (const body of refused) await expectRefusal(await verify(body), 400, 'invalid_token')
    expect(await accountState()).toEqual(before)
    await rows('update one_time_tokens set expires_at = ? where user_id = ?', Date.now() - 1, id)
    await expectRefusal(await verify({ token }), 400, 'invalid_token')
    await expectRefusal(await verify({ email, code: await mailedCode(email, 'verify_email') }), 400, 'invalid_token')
  })

  it('refuses the token of a deactivated account', async () => {
    const { id, email } = await registered()
    await deactivate(id)
    await expectRefusal(await verify({ token: await mailedToken(email, 'verify_email') }), 400, 'invalid_token')
    expect((await queryOne('select email_verified_at from users where id = ?', id)).email_verified_at).toBeNull()
  })

  it.each([
    {},
    { token: '' },
    { token: 7 },
    { email: 'a@example.com' },
    { email: 'a@example.com', code: '1234567' },
    { email: 'a@example.com', code: '123456789' },
    { email: 'a@example.com', code: '1234567x' },
    { token: 'x', email: 'a@example.com', code: '12345678' },
  ])('refuses a body of another form: %j', async (body) => {
    await expectRefusal(await verify(body), 400, 'invalid_request')
  })
})

describe('POST /auth/resend-verification', () => {
  const resend = (email: string) => post('/auth/resend-verification', { email })

  it('mails another link to an unconfirmed account, and both links work until one is used', async () => {
    const { email } = await registered()
    const response = await resend(email)
    expect(await answerOf(response, Status('verification_sent'), 202)).toEqual({ status: 'verification_sent' })
    expect(await mailsTo(email)).toEqual([{ kind: 'verify_email' }, { kind: 'verify_email' }])
    const newest = await mailedToken(email, 'verify_email')
    await waitForMail(email, (mail) => tokenIn(mail) === newest)
  })

  it.each(['unknown', 'verified', 'deactivated'])(
    'answers the same for an address that is %s, and mails nothing',
    async (state) => {
      const { id, email } = await registered()
      if (state === 'verified') await post('/auth/verify-email', { token: await mailedToken(email, 'verify_email') })
      if (state === 'deactivated') await deactivate(id)
      const asked = state === 'unknown' ? newEmail() : email
      const [before, mails] = [await accountState(), await mailsTo(asked)]
      expect(await answerOf(await resend(asked), Status('verification_sent'), 202)).toEqual({
        status: 'verification_sent',
      })
      expect(await accountState()).toEqual(before)
      expect(await mailsTo(asked)).toEqual(mails)
    },
  )

  it('mails one address five times an hour at most, and answers alike after that', async () => {
    const { email } = await registered()
    for (let mail = 0; mail < 7; mail += 1) expect((await resend(email)).status).toBe(202)
    expect(await mailsTo(email)).toHaveLength(5)
  })

  it('refuses text that is not an address', async () => {
    await expectRefusal(await post('/auth/resend-verification', { email: 'nobody' }), 400, 'invalid_request')
  })
})
