import { decodeJwt } from 'jose'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { Status } from '../../../src/contracts/common.ts'
import { RefreshAnswer, Tokens } from '../../../src/contracts/login.ts'
import { CurrentSession } from '../../../src/contracts/sessions.ts'
import { mailedCode, SAME_ORIGIN, signedIn, signedInByCookie, verified, wrongFor } from '../../support/accounts.ts'
import { answerOf, cookiesOf, expectNoContent, expectRefusal } from '../../support/answers.ts'
import { bearer, codeIn, get, PASSWORD, post, send, waitForMail } from '../../support/client.ts'
import { auditOf, countRows, rows } from '../../support/database.ts'
import { generationOf } from '../../support/grants.ts'
import { giveFactors, letLoginGrowOld, openSessionOf, stronglySignedIn } from '../../support/second-factors.ts'
import { queryOne } from '../../support/stored-state.ts'

const stepUp = (accessToken: string, body: object) => post('/auth/step-up', body, bearer(accessToken))
const sendCode = (accessToken: string) => send('POST', '/auth/step-up/email', { headers: bearer(accessToken) })
const byPassword = { method: 'password', password: PASSWORD }
const byCode = (code: string | undefined) => ({ method: 'recovery_code', code })
/** This route needs a recent login. */
const removeMe = (accessToken: string) => send('DELETE', '/auth/me', { headers: bearer(accessToken) })
const methodsOf = async (response: Response) => (await expectRefusal(response, 403, 'step_up_required')).methods

/** Inserts an account that signs in by a provider alone, and opens a session for it. */
async function signedInByProvider() {
  const account = await verified()
  await rows('update users set password_hash = null where id = ?', account.id)
  return { ...account, ...(await openSessionOf(account, ['fed'])) }
}

afterEach(() => vi.useRealTimers())

describe('POST /auth/step-up by password', () => {
  it('makes an old login count as recent, and opens what asked for it (ASVS 7.5.1)', async () => {
    const { id, tokens, session } = await signedIn()
    await letLoginGrowOld(session.id)
    expect(await methodsOf(await removeMe(tokens.accessToken))).toEqual(['password'])
    const renewed = await answerOf(await stepUp(tokens.accessToken, byPassword), Tokens)
    const current = await answerOf(await get('/auth/session', bearer(renewed.accessToken)), CurrentSession)
    expect(current).toMatchObject({ sessionId: session.id, methods: ['pwd'] })
    expect(Date.now() - Date.parse(current.authenticatedAt)).toBeLessThan(60_000)
    expect(await auditOf('step_up.succeeded', id)).toMatchObject([
      { actor_id: id, details: { methods: ['pwd'], sessionId: session.id } },
    ])
    await expectNoContent(await removeMe(renewed.accessToken))
  })

  it('counts for the session at once, also with the access token of before', async () => {
    const { tokens, session } = await signedIn()
    await letLoginGrowOld(session.id)
    await answerOf(await stepUp(tokens.accessToken, byPassword), Tokens)
    await expectNoContent(await removeMe(tokens.accessToken))
  })

  it('renews this session and no other', async () => {
    const { email, session, tokens } = await signedIn()
    const other = await openSessionOf({ email }, ['pwd'])
    await letLoginGrowOld(session.id)
    await letLoginGrowOld(other.session.id)
    await answerOf(await stepUp(tokens.accessToken, byPassword), Tokens)
    await methodsOf(await removeMe(other.tokens.accessToken))
  })

  it('refuses a wrong password, renews nothing, and audits it', async () => {
    const { id, tokens, session } = await signedIn()
    await letLoginGrowOld(session.id)
    const wrong = await stepUp(tokens.accessToken, { method: 'password', password: 'wrong' })
    await expectRefusal(wrong, 401, 'invalid_credentials')
    expect(await auditOf('step_up.failed', id)).toMatchObject([{ details: { reason: 'wrong password' } }])
    await methodsOf(await removeMe(tokens.accessToken))
  })

  it('draws on the throttle of logins (ASVS 6.3.1)', async () => {
    const { id, tokens } = await signedIn()
    vi.setSystemTime(Date.now())
    for (let tries = 0; tries < 5; tries += 1)
      await expectRefusal(
        await stepUp(tokens.accessToken, { ...byPassword, password: 'x' }),
        401,
        'invalid_credentials',
      )
    const throttled = await stepUp(tokens.accessToken, byPassword)
    expect(Number(throttled.headers.get('Retry-After'))).toBeGreaterThan(0)
    await expectRefusal(throttled, 429, 'login_throttled')
    expect(await auditOf('step_up.throttled', id)).toHaveLength(1)
  })

  it('lets fifty at once all succeed, and the session stays one', async () => {
    const { id, tokens, session } = await signedIn()
    await letLoginGrowOld(session.id)
    const answers = await Promise.all(Array.from({ length: 50 }, () => stepUp(tokens.accessToken, byPassword)))
    expect(answers.map(({ status }) => status)).toEqual(Array(50).fill(200))
    expect(await auditOf('step_up.succeeded', id)).toHaveLength(50)
    expect(await countRows('sessions', 'user_id = ?', id)).toBe(1)
    expect(await queryOne('select methods from sessions where id = ?', session.id)).toEqual({ methods: '["pwd"]' })
  })

  it('does not revive a session that ended meanwhile', async () => {
    const { tokens, session } = await signedIn()
    const [answer] = await Promise.all([
      stepUp(tokens.accessToken, byPassword),
      rows('delete from sessions where id = ?', session.id),
    ])
    expect([200, 401]).toContain(answer.status)
    expect(await countRows('sessions', 'id = ?', session.id)).toBe(0)
  })
})

describe('the refresh token after a step-up', () => {
  it('is the one in use, so another tab that refreshes at the same time is not taken for a thief', async () => {
    const { tokens, session } = await signedIn()
    const renewed = await answerOf(await stepUp(tokens.accessToken, byPassword), Tokens)
    expect(renewed.refreshToken).toBe(tokens.refreshToken)
    expect(await generationOf(session.id)).toBe(0)
    const refresh = (refreshToken: string) => post('/auth/refresh', { refreshToken })
    const [one, two, again] = await Promise.all([
      refresh(tokens.refreshToken),
      refresh(renewed.refreshToken),
      stepUp(tokens.accessToken, byPassword),
    ])
    const answers = await Promise.all([one, two].map((response) => answerOf(response, Tokens)))
    expect(answers[0]?.refreshToken).toBe(answers[1]?.refreshToken)
    expect(again.status).toBe(200)
    expect(await countRows('sessions', 'id = ?', session.id)).toBe(1)
  })

  it('is the newest one where its answer was lost before', async () => {
    const { tokens } = await signedIn()
    const lost = await answerOf(await post('/auth/refresh', { refreshToken: tokens.refreshToken }), Tokens)
    const renewed = await answerOf(await stepUp(tokens.accessToken, byPassword), Tokens)
    expect(renewed.refreshToken).toBe(lost.refreshToken)
  })

  it('stays in its cookie, and only the access cookie is new', async () => {
    const { cookie } = await signedInByCookie()
    const response = await post('/auth/step-up', byPassword, { Cookie: cookie, ...SAME_ORIGIN })
    expect(Object.keys(cookiesOf(response))).toEqual(['__Host-access'])
    expect(await answerOf(response, RefreshAnswer)).toEqual({ expiresIn: 900 })
    const token = cookiesOf(response)['__Host-access']?.value ?? ''
    expect((await get('/auth/session', { Cookie: `__Host-access=${token}` })).status).toBe(200)
  })
})

describe('POST /auth/step-up of an account with a second factor', () => {
  it('tells strong and recent from strong once (ASVS 7.5.1)', async () => {
    const { id, tokens, session, codes } = await stronglySignedIn()
    await letLoginGrowOld(session.id)
    expect(await methodsOf(await removeMe(tokens.accessToken))).toEqual(['totp', 'recovery_code'])
    const renewed = await answerOf(await stepUp(tokens.accessToken, byCode(codes[0])), Tokens)
    const claims = decodeJwt(renewed.accessToken)
    expect(claims).toMatchObject({ amr: ['pwd', 'otp', 'mfa'], acr: 'urn:postern:acr:multi-factor' })
    expect(Math.abs(Number(claims.auth_time) - Date.now() / 1000)).toBeLessThan(60)
    expect(await auditOf('step_up.succeeded', id)).toMatchObject([{ details: { methods: ['otp'] } }])
    await expectNoContent(await removeMe(renewed.accessToken))
  })

  it('does not take a recent login without the factor for a strong one', async () => {
    const account = await verified()
    const { tokens } = await openSessionOf(account, ['pwd'])
    const [code] = await giveFactors(account.id)
    expect(decodeJwt(tokens.accessToken).acr).toBe('urn:postern:acr:single-factor')
    await methodsOf(await removeMe(tokens.accessToken))
    const change = { currentPassword: PASSWORD, newPassword: 'a quite different staple' }
    await methodsOf(await post('/auth/change-password', change, bearer(tokens.accessToken)))
    const email = { newEmail: 'elsewhere@example.com', password: PASSWORD }
    await methodsOf(await post('/auth/change-email', email, bearer(tokens.accessToken)))
    const withPassword = { body: { password: PASSWORD }, headers: bearer(tokens.accessToken) }
    await methodsOf(await send('DELETE', '/auth/me', withPassword))
    await answerOf(await stepUp(tokens.accessToken, byCode(code)), Tokens)
    await expectNoContent(await post('/auth/change-password', change, bearer(tokens.accessToken)))
  })

  it('does not count a password or a mailed code, and says what does', async () => {
    const { tokens } = await stronglySignedIn()
    expect(await methodsOf(await stepUp(tokens.accessToken, byPassword))).toEqual(['totp', 'recovery_code'])
    expect(await methodsOf(await sendCode(tokens.accessToken))).toEqual(['totp', 'recovery_code'])
    await methodsOf(await stepUp(tokens.accessToken, { method: 'email', code: '12345678' }))
    await methodsOf(await stepUp(tokens.accessToken, { method: 'passkey', ticket: 'x', response: {} }))
  })

  it('refuses a wrong code, and audits it', async () => {
    const { id, tokens } = await stronglySignedIn()
    await expectRefusal(await stepUp(tokens.accessToken, { method: 'totp', code: '000000' }), 401, 'invalid_code')
    expect(await auditOf('step_up.failed', id)).toMatchObject([{ details: { factor: 'totp' } }])
  })

  it('lets one of fifty simultaneous uses of a code win (GHSA-hc7v-rggr-4hvx)', async () => {
    const { id, tokens, codes } = await stronglySignedIn()
    const tries = Array.from({ length: 50 }, () => stepUp(tokens.accessToken, byCode(codes[0])))
    const statuses = (await Promise.all(tries)).map(({ status }) => status)
    expect(statuses.filter((status) => status === 200)).toHaveLength(1)
    expect(statuses.filter((status) => status !== 200)).toEqual(Array(49).fill(401))
    expect(await auditOf('step_up.succeeded', id)).toHaveLength(1)
  })

  it('no longer calls the session strong once its factor is gone and a password was repeated', async () => {
    const { id, tokens } = await stronglySignedIn()
    await rows('delete from totp_secrets where user_id = ?', id)
    const renewed = await answerOf(await stepUp(tokens.accessToken, byPassword), Tokens)
    expect(decodeJwt(renewed.accessToken)).toMatchObject({ amr: ['pwd', 'otp'], acr: 'urn:postern:acr:single-factor' })
  })
})

describe('POST /auth/step-up of an account with a provider alone', () => {
  it('goes by a code that is mailed', async () => {
    const { id, email, tokens, session } = await signedInByProvider()
    await letLoginGrowOld(session.id)
    expect(await methodsOf(await removeMe(tokens.accessToken))).toEqual(['email'])
    await methodsOf(await stepUp(tokens.accessToken, byPassword))
    await answerOf(await sendCode(tokens.accessToken), Status('code_sent'), 202)
    const mail = await waitForMail(email)
    expect(mail.text).not.toContain('token=')
    const renewed = await answerOf(await stepUp(tokens.accessToken, { method: 'email', code: codeIn(mail) }), Tokens)
    expect(decodeJwt(renewed.accessToken)).toMatchObject({ amr: ['fed', 'otp'], acr: 'urn:postern:acr:single-factor' })
    expect(await auditOf('step_up.code_requested', id)).toHaveLength(1)
    await expectNoContent(await removeMe(renewed.accessToken))
  })

  it('goes so too where the password has to be set anew', async () => {
    const account = await verified()
    await rows('update users set password_reset_required_at = 1 where id = ?', account.id)
    const { tokens, session } = await openSessionOf(account, ['fed'])
    await letLoginGrowOld(session.id)
    expect(await methodsOf(await removeMe(tokens.accessToken))).toEqual(['email'])
  })

  it('accepts a code once, and from no other session of the account', async () => {
    const { email, tokens } = await signedInByProvider()
    const other = await openSessionOf({ email }, ['fed'])
    await sendCode(tokens.accessToken)
    const code = await mailedCode(email, 'step_up')
    const show = (accessToken: string) => stepUp(accessToken, { method: 'email', code })
    await expectRefusal(await show(other.tokens.accessToken), 401, 'invalid_code')
    const answers = await Promise.all(Array.from({ length: 5 }, () => show(tokens.accessToken)))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    await expectRefusal(await show(tokens.accessToken), 401, 'invalid_code')
  })

  it('allows five wrong codes, then refuses even the right one (ASVS 6.6.3)', async () => {
    const { email, tokens } = await signedInByProvider()
    await sendCode(tokens.accessToken)
    const code = await mailedCode(email, 'step_up')
    for (let guess = 0; guess < 5; guess += 1)
      await expectRefusal(
        await stepUp(tokens.accessToken, { method: 'email', code: wrongFor(code) }),
        401,
        'invalid_code',
      )
    expect((await stepUp(tokens.accessToken, { method: 'email', code })).status).not.toBe(200)
  })
})

describe('POST /auth/step-up', () => {
  it.each([
    {},
    { method: 'password' },
    { method: 'password', password: PASSWORD, code: '12345678' },
    { method: 'totp', password: PASSWORD },
    { method: 'passkey', code: '123456' },
    { method: 'sms', code: '123456' },
    { ...byPassword, sessionId: 'x' },
  ])('refuses a body of another form: %j', async (body) => {
    const { tokens } = await signedIn()
    await expectRefusal(await stepUp(tokens.accessToken, body), 400, 'invalid_request')
  })
})
