import { env } from 'cloudflare:workers'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { z } from 'zod'
import { SignedIn } from '../../../src/contracts/login.ts'
import { canLogIn, deactivate, mailedToken, registered, signedUp } from '../../support/accounts.ts'
import { answerOf, cookiesOf, expectRefusal } from '../../support/answers.ts'
import { callWorker } from '../../support/call-worker.ts'
import { bearer, get, logIn, newEmail, PASSWORD, post } from '../../support/client.ts'
import { auditOf, rows } from '../../support/database.ts'
import { accountState, auditTypesOf, queryOne } from '../../support/stored-state.ts'

const WRONG = 'not the right password'
const login = (body: Record<string, unknown>, headers?: Record<string, string>) =>
  post('/auth/login', { password: PASSWORD, ...body }, headers)
async function loggedIn() {
  const account = await signedUp()
  return { ...account, ...(await logIn(account.email)) }
}
const mailKindsTo = async (email: string) =>
  (await rows('select kind from outbox where recipient = ? order by created_at, id', email)).map(({ kind }) => kind)

afterEach(() => vi.useRealTimers())

describe('POST /auth/login', () => {
  it('answers the whole life of the session, also when a second passes while it is opened', async () => {
    const { email } = await signedUp()
    let clock = Date.now()
    const ticking = vi.spyOn(Date, 'now').mockImplementation(() => (clock += 700))
    const response = await post('/auth/login', { identifier: email, password: PASSWORD })
    ticking.mockRestore()
    const { tokens } = (await response.json()) as { tokens: object }
    expect(tokens).toMatchObject({ expiresIn: 900, refreshExpiresIn: 2_592_000 })
  })

  it('answers the user, the session and tokens in the body by default', async () => {
    const account = await signedUp({ username: 'hypatia', name: 'Hypatia of Alexandria' })
    const response = await login({ identifier: account.email })
    const answer = await answerOf(response, SignedIn)
    expect(answer.user).toEqual({
      id: account.id,
      email: account.email,
      emailVerified: true,
      username: 'hypatia',
      name: 'Hypatia of Alexandria',
      pictureUrl: null,
      status: 'active',
      roles: ['user'],
      permissions: [],
      mfa: { totp: false, passkeys: 0, recoveryCodesLeft: 0 },
      providers: [],
      createdAt: expect.any(String),
      lastSeenAt: expect.any(String),
    })
    expect(answer.tokens).toMatchObject({ tokenType: 'Bearer', expiresIn: 900, refreshExpiresIn: 2_592_000 })
    const session = await queryOne('select * from sessions where user_id = ?', account.id)
    expect(answer.session.id).toBe(session.id)
    expect(answer.session.expiresAt).toBe(new Date(Number(session.expires_at)).toISOString())
    expect(session).toMatchObject({ methods: '["pwd"]', strong_authenticated_at: null })
    expect(Object.keys(cookiesOf(response))).toEqual(['__Host-device'])
    expect(cookiesOf(response)['__Host-device']?.value).toBe(answer.session.deviceToken)
    expect(await auditOf('login.succeeded', account.id)).toMatchObject([
      { actor_id: account.id, details: { methods: ['pwd'], sessionId: session.id } },
    ])
    expect((await get('/auth/session', bearer(answer.tokens?.accessToken ?? ''))).status).toBe(200)
  })

  it('with delivery "cookie" sets HttpOnly cookies and puts no token in the body (ASVS 3.3.1-3.3.4)', async () => {
    const { email } = await signedUp()
    const response = await login({ identifier: email, delivery: 'cookie' })
    const text = await response.clone().text()
    const answer = await answerOf(response, SignedIn)
    expect(Object.keys(answer).sort()).toEqual(['session', 'status', 'user'])
    expect(Object.keys(answer.session).sort()).toEqual(['expiresAt', 'id'])
    const cookies = cookiesOf(response)
    const common = ['HttpOnly', 'SameSite=Lax', 'Secure']
    expect(cookies).toEqual({
      '__Host-access': { value: expect.any(String), attributes: [...common, 'Max-Age=900', 'Path=/'].sort() },
      '__Secure-refresh': {
        value: expect.any(String),
        attributes: [...common, 'Max-Age=2592000', 'Path=/auth'].sort(),
      },
      '__Host-device': { value: expect.any(String), attributes: [...common, 'Max-Age=31536000', 'Path=/'].sort() },
    })
    for (const { value } of Object.values(cookies)) {
      expect(value.length).toBeGreaterThan(40)
      expect(text).not.toContain(value)
    }
  })

  it.each(['ADA@EXAMPLE.COM', 'ada@example.com', 'AdaLovelace', 'adalovelace', ' adalovelace '])(
    'takes the address or the username, in any case: %j',
    async (identifier) => {
      if (!(await canLogIn('ada@example.com', PASSWORD)))
        await signedUp({ email: 'ada@example.com', username: 'AdaLovelace' })
      expect(await canLogIn(identifier, PASSWORD)).toBe(true)
    },
  )

  it('refuses a wrong password and an unknown account alike, opens nothing, and audits the known one (ASVS 6.3.8)', async () => {
    const { id, email } = await signedUp({ username: 'emmy' })
    const before = await accountState()
    const answers = [
      await login({ identifier: email, password: WRONG }),
      await login({ identifier: 'emmy', password: WRONG }),
      await login({ identifier: newEmail(), password: WRONG }),
      await login({ identifier: 'nobody', password: WRONG }),
      await login({ identifier: 'no body@at all', password: WRONG }),
    ]
    const problems = await Promise.all(answers.map((answer) => expectRefusal(answer, 401, 'invalid_credentials')))
    expect(new Set(problems.map(({ requestId, ...rest }) => JSON.stringify(rest))).size).toBe(1)
    for (const answer of answers) expect(answer.headers.getSetCookie()).toEqual([])
    expect(await accountState()).toEqual(before)
    expect(await auditOf('login.failed', id)).toMatchObject([
      { actor_id: null, details: { reason: 'wrong password' } },
      { actor_id: null, details: { reason: 'wrong password' } },
    ])
  })

  it('refuses the right password of an unconfirmed address like a wrong one, and mails the link again (ASVS 6.3.8)', async () => {
    const { id, email } = await registered()
    const refused = async (identifier: string, password: string) => {
      const problem = await expectRefusal(await login({ identifier, password }), 401, 'invalid_credentials')
      return { ...problem, requestId: null }
    }
    const wrong = await refused(email, WRONG)
    expect(await mailKindsTo(email)).toEqual(['verify_email'])
    const right = await refused(email, PASSWORD)
    expect(right).toEqual(wrong)
    expect(await refused(newEmail(), PASSWORD)).toEqual(wrong)
    expect(right.detail).toMatch(/not confirmed yet.*the link is mailed again/)
    expect(await mailKindsTo(email)).toEqual(['verify_email', 'verify_email'])
    expect(await rows('select 1 from sessions where user_id = ?', id)).toEqual([])
    expect(await auditOf('login.failed', id)).toMatchObject([{}, { details: { reason: 'email_not_verified' } }])
    const token = await mailedToken(email, 'verify_email')
    expect((await post('/auth/verify-email', { token })).status).toBe(200)
    expect(await canLogIn(email, PASSWORD)).toBe(true)
  })

  it('mails an unconfirmed address five links an hour at most, and answers alike after that', async () => {
    const { email } = await registered()
    for (let attempt = 0; attempt < 7; attempt += 1) {
      await expectRefusal(await login({ identifier: email }), 401, 'invalid_credentials')
      vi.setSystemTime(Date.now() + 60_000)
    }
    expect(await mailKindsTo(email)).toEqual(Array(5).fill('verify_email'))
  })

  it('refuses a password that has to be set anew like a wrong one, mails the link, and takes the new one', async () => {
    const { id, email } = await signedUp()
    await rows('update users set password_reset_required_at = ? where id = ?', Date.now(), id)
    const problem = await expectRefusal(await login({ identifier: email }), 401, 'invalid_credentials')
    const unknown = await expectRefusal(await login({ identifier: newEmail() }), 401, 'invalid_credentials')
    expect({ ...problem, requestId: null }).toEqual({ ...unknown, requestId: null })
    expect(await mailKindsTo(email)).toEqual(['verify_email', 'reset_password'])
    expect(await auditOf('login.failed', id)).toMatchObject([{ details: { reason: 'password_reset_required' } }])
    const token = await mailedToken(email, 'reset_password')
    expect((await post('/auth/reset-password', { token, password: 'a third good one' })).status).toBe(204)
    expect(await queryOne('select password_reset_required_at from users where id = ?', id)).toEqual({
      password_reset_required_at: null,
    })
    expect(await canLogIn(email, 'a third good one')).toBe(true)
  })

  it('mails nothing for a wrong password where one has to be set anew, nor to a deactivated account', async () => {
    const { id, email } = await signedUp()
    await rows('update users set password_reset_required_at = ? where id = ?', Date.now(), id)
    await expectRefusal(await login({ identifier: email, password: WRONG }), 401, 'invalid_credentials')
    await deactivate(id)
    await expectRefusal(await login({ identifier: email }), 401, 'invalid_credentials')
    expect(await mailKindsTo(email)).toEqual(['verify_email'])
  })

  it('lets an unverified address in where REQUIRE_EMAIL_VERIFICATION is false', async () => {
    const { email } = await registered()
    const lenient = { ...env, REQUIRE_EMAIL_VERIFICATION: 'false' } as unknown as Env
    const response = await callWorker(lenient, 'POST', '/auth/login', {
      body: { identifier: email, password: PASSWORD },
    })
    expect((await answerOf(response, SignedIn)).user.emailVerified).toBe(false)
  })

  it('tells only whoever knows the password that the account is deactivated', async () => {
    const { id, email } = await signedUp()
    await deactivate(id)
    await expectRefusal(await login({ identifier: email, password: WRONG }), 401, 'invalid_credentials')
    await expectRefusal(await login({ identifier: email }), 403, 'account_deactivated')
    expect(await rows('select 1 from sessions where user_id = ?', id)).toEqual([])
  })

  it('throttles even the right password after five failures, and says when to try again (ASVS 6.3.1)', async () => {
    const { id, email } = await signedUp()
    vi.setSystemTime(Date.now())
    for (let failure = 0; failure < 5; failure += 1)
      await expectRefusal(await login({ identifier: email, password: WRONG }), 401, 'invalid_credentials')
    const throttled = await login({ identifier: email })
    expect(Number(throttled.headers.get('Retry-After'))).toBeGreaterThanOrEqual(1)
    await expectRefusal(throttled, 429, 'login_throttled')
    await expectRefusal(await login({ identifier: email }), 429, 'login_throttled')
    expect(await auditOf('login.throttled', id)).toHaveLength(1)
    vi.setSystemTime(Date.now() + 2000)
    expect(await canLogIn(email, PASSWORD)).toBe(true)
  })

  it('lets the owner in from a known device while strangers are throttled', async () => {
    const { email, session } = await loggedIn()
    vi.setSystemTime(Date.now())
    for (let failure = 0; failure < 6; failure += 1) await login({ identifier: email, password: WRONG })
    await expectRefusal(await login({ identifier: email }), 429, 'login_throttled')
    expect((await login({ identifier: email }, { 'X-Device-Token': session.deviceToken })).status).toBe(200)
    const cookie = { Cookie: `__Host-device=${session.deviceToken}` }
    expect((await login({ identifier: email }, cookie)).status).toBe(200)
  })

  it('ends the oldest session beyond twenty', async () => {
    const { id, email, session: first, tokens } = await loggedIn()
    for (let login = 0; login < 20; login += 1) await logIn(email)
    const live = await rows('select id from sessions where user_id = ?', id)
    expect(live).toHaveLength(20)
    expect(live).not.toContainEqual({ id: first.id })
    await expectRefusal(await get('/auth/session', bearer(tokens.accessToken)), 401, 'unauthenticated')
  })

  it.each([
    {},
    { identifier: '' },
    { identifier: 'a'.repeat(321) },
    { identifier: 'ada', password: '' },
    { identifier: 'ada', password: 'a'.repeat(257) },
    { identifier: 'ada', delivery: 'header' },
    { identifier: ['ada'] },
    { identifier: 'ada', remember: true },
  ])('refuses a body of another form: %j', async (body) => {
    await expectRefusal(await login(body), 400, 'invalid_request')
  })
})

describe('a login on a new device (ASVS 6.3.5)', () => {
  const firefox = { 'User-Agent': 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0' }

  it('is reported to the owner by mail, with the device, unless it is the very first login', async () => {
    const { email } = await loggedIn()
    expect(await mailKindsTo(email)).toEqual(['verify_email'])
    await logIn(email, PASSWORD, firefox)
    expect(await mailKindsTo(email)).toEqual(['verify_email', 'new_device'])
    const mail = await queryOne("select details from outbox where recipient = ? and kind = 'new_device'", email)
    expect(JSON.parse(String(mail.details))).toEqual({ time: expect.any(String), device: 'Firefox on Windows' })
  })

  it('causes no mail on a device that is known by header or cookie', async () => {
    const { email, session } = await loggedIn()
    const again = await logIn(email, PASSWORD, { 'X-Device-Token': session.deviceToken })
    await logIn(email, PASSWORD, { Cookie: `__Host-device=${again.session.deviceToken}` })
    expect(await mailKindsTo(email)).toEqual(['verify_email'])
  })

  it('causes a mail when the device token belongs to another account or to nobody, or has expired', async () => {
    const { session: other } = await loggedIn()
    const { email, session } = await loggedIn()
    await logIn(email, PASSWORD, { 'X-Device-Token': other.deviceToken })
    await logIn(email, PASSWORD, { 'X-Device-Token': 'nonsense' })
    expect(await mailKindsTo(email)).toEqual(['verify_email', 'new_device', 'new_device'])
    vi.setSystemTime(Date.now() + 366 * 24 * 3600 * 1000)
    await logIn(email, PASSWORD, { 'X-Device-Token': session.deviceToken })
    expect(await mailKindsTo(email)).toEqual(['verify_email', 'new_device', 'new_device', 'new_device'])
  })

  it('keeps the id of the device when its token is renewed', async () => {
    const { email, session } = await loggedIn()
    const again = await logIn(email, PASSWORD, { 'X-Device-Token': session.deviceToken })
    const deviceOf = (token: string) => token.split('.')[1]
    expect(deviceOf(again.session.deviceToken)).toBe(deviceOf(session.deviceToken))
  })
})

describe('the state that a login leaves', () => {
  it('records when the account was last seen, and where from', async () => {
    const { id, email } = await signedUp()
    expect((await queryOne('select last_seen_at from users where id = ?', id)).last_seen_at).toBeNull()
    await logIn(email, PASSWORD, { 'User-Agent': 'curl/8.5.0', 'CF-Connecting-IP': '203.0.113.9' })
    expect(Number((await queryOne('select last_seen_at from users where id = ?', id)).last_seen_at)).toBeGreaterThan(0)
    expect((await queryOne('select user_agent from sessions where user_id = ?', id)).user_agent).toBe('curl/8.5.0')
    expect(await auditOf('login.succeeded', id)).toMatchObject([{ ip: '203.0.113.9', user_agent: 'curl/8.5.0' }])
    expect(await auditTypesOf(id)).toEqual(['user.registered', 'email.verified', 'login.succeeded'])
  })

  it('rehashes a weaker hash at the first good login (ASVS 11.4.2)', async () => {
    const { id, email } = await signedUp()
    // This is the hash of "password" with m=256 KiB, t=2 and p=1 from phc-winner-argon2, src/test.c.
    const weak = '$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4'
    await rows('update users set password_hash = ? where id = ?', weak, id)
    expect(await canLogIn(email, 'not that')).toBe(false)
    expect((await queryOne('select password_hash from users where id = ?', id)).password_hash).toBe(weak)
    expect(await canLogIn(email, 'password')).toBe(true)
    const { password_hash } = await queryOne('select password_hash from users where id = ?', id)
    expect(password_hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
    expect(await canLogIn(email, 'password')).toBe(true)
  })

  it('needs no other password after five years (ASVS 6.2.10; NIST SP 800-63B-4 §3.1.1.2)', async () => {
    const { email } = await signedUp()
    vi.setSystemTime(Date.now() + 5 * 365 * 24 * 3600 * 1000)
    const { tokens } = await answerOf(await login({ identifier: email }), SignedIn)
    expect((await get('/auth/me', bearer(tokens?.accessToken ?? ''))).status).toBe(200)
  })

  it('refuses an account that has no password', async () => {
    const { id, email } = await signedUp()
    await rows('update users set password_hash = null where id = ?', id)
    expect(await canLogIn(email, PASSWORD)).toBe(false)
    expect(
      z.null().parse((await queryOne('select password_hash from users where id = ?', id)).password_hash),
    ).toBeNull()
  })
})
