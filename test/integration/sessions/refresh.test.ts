import { env } from 'cloudflare:workers'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { z } from 'zod'
import { Tokens } from '../../../src/contracts/login.ts'
import { deactivate, SAME_ORIGIN, signedIn, signedInByCookie, verified } from '../../support/accounts.ts'
import { answerOf, cookiesOf, expectRefusal } from '../../support/answers.ts'
import { callWorker } from '../../support/call-worker.ts'
import { bearer, get, logIn, post, send } from '../../support/client.ts'
import { auditOf, countRows, rows } from '../../support/database.ts'
import { ageRotation, generationOf } from '../../support/grants.ts'
import { accountState, queryOne } from '../../support/stored-state.ts'

const refresh = (refreshToken: string) => post('/auth/refresh', { refreshToken })
const statusOf = async (accessToken: string) => (await get('/auth/session', bearer(accessToken))).status

afterEach(() => vi.useRealTimers())

describe('POST /auth/refresh', () => {
  it('exchanges the token in the body for its successor and a new access token', async () => {
    const { session, tokens } = await signedIn()
    const response = await refresh(tokens.refreshToken)
    const next = await answerOf(response, Tokens)
    expect(response.headers.getSetCookie()).toEqual([])
    expect(next.refreshToken).not.toBe(tokens.refreshToken)
    expect(next.expiresIn).toBe(900)
    expect(next.refreshExpiresIn).toBeLessThanOrEqual(tokens.refreshExpiresIn)
    expect(await statusOf(next.accessToken)).toBe(200)
    expect(await generationOf(session.id)).toBe(1)
  })

  it('exchanges the cookie for cookies, with no token in the body', async () => {
    const { cookie, cookies } = await signedInByCookie()
    const response = await send('POST', '/auth/refresh', { headers: { Cookie: cookie, ...SAME_ORIGIN } })
    expect(await answerOf(response, z.strictObject({ expiresIn: z.int() }))).toEqual({ expiresIn: 900 })
    const renewed = cookiesOf(response)
    expect(Object.keys(renewed)).toEqual(['__Host-access', '__Secure-refresh'])
    expect(renewed['__Secure-refresh']?.value).not.toBe(cookies['__Secure-refresh']?.value)
    expect(renewed['__Secure-refresh']?.attributes).toEqual(
      expect.arrayContaining(['HttpOnly', 'Secure', 'Path=/auth', 'SameSite=Lax']),
    )
  })

  it('answers the previous token with the same successor for a minute, and treats it as stolen after that', async () => {
    const { id, session, tokens } = await signedIn()
    const first = await answerOf(await refresh(tokens.refreshToken), Tokens)
    await ageRotation(session.id, 30_000)
    expect((await answerOf(await refresh(tokens.refreshToken), Tokens)).refreshToken).toBe(first.refreshToken)
    await ageRotation(session.id, 30_001)
    await expectRefusal(await refresh(tokens.refreshToken), 401, 'invalid_refresh_token')
    expect(await countRows('sessions', 'id = ?', session.id)).toBe(0)
    expect(await auditOf('session.refresh_reused', id)).toMatchObject([{ details: { sessionId: session.id } }])
    await expectRefusal(await refresh(first.refreshToken), 401, 'invalid_refresh_token')
    expect(await statusOf(first.accessToken)).toBe(401)
  })

  it('treats a token that is older than the previous one as stolen at once (RFC 9700 §4.14.2; ASVS 10.4.5)', async () => {
    const { session, tokens } = await signedIn()
    const second = await answerOf(await refresh(tokens.refreshToken), Tokens)
    const third = await answerOf(await refresh(second.refreshToken), Tokens)
    await expectRefusal(await refresh(tokens.refreshToken), 401, 'invalid_refresh_token')
    await expectRefusal(await refresh(third.refreshToken), 401, 'invalid_refresh_token')
    expect(await countRows('sessions', 'id = ?', session.id)).toBe(0)
  })

  it('treats the previous token as stolen as soon as its successor was presented (RFC 9700 §4.14.2; ASVS 10.4.5)', async () => {
    const { id, session, tokens } = await signedIn()
    const second = await answerOf(await refresh(tokens.refreshToken), Tokens)
    expect((await refresh(tokens.refreshToken)).status).toBe(200)
    const third = await answerOf(await refresh(second.refreshToken), Tokens)
    expect((await answerOf(await refresh(second.refreshToken), Tokens)).refreshToken).toBe(third.refreshToken)
    await expectRefusal(await refresh(tokens.refreshToken), 401, 'invalid_refresh_token')
    expect(await countRows('grants', 'session_id = ?', session.id)).toBe(0)
    expect(await auditOf('session.refresh_reused', id)).toHaveLength(1)
  })

  it.each([-5, 5])(
    'measures that minute on the clock of the database, when the clock here is %d minutes off',
    async (minutes) => {
      const { session, tokens } = await signedIn()
      const first = await answerOf(await refresh(tokens.refreshToken), Tokens)
      vi.setSystemTime(Date.now() + minutes * 60_000)
      expect((await answerOf(await refresh(tokens.refreshToken), Tokens)).refreshToken).toBe(first.refreshToken)
      const second = await answerOf(await refresh(first.refreshToken), Tokens)
      vi.useRealTimers()
      expect((await answerOf(await refresh(first.refreshToken), Tokens)).refreshToken).toBe(second.refreshToken)
      await ageRotation(session.id, 61_000)
      vi.setSystemTime(Date.now() + minutes * 60_000)
      await expectRefusal(await refresh(first.refreshToken), 401, 'invalid_refresh_token')
    },
  )

  it('refuses a token whose salt is not that of the grant, as after a restore of the database', async () => {
    const { session, tokens } = await signedIn()
    await rows("update grants set salt = 'AAAAAAAAAAAAAAAAAAAAAA' where session_id = ?", session.id)
    const before = await accountState()
    await expectRefusal(await refresh(tokens.refreshToken), 401, 'invalid_refresh_token')
    expect(await accountState()).toEqual(before)
  })

  it('derives 256 bits for each session and each use from 128 random ones (ASVS 7.2.3)', async () => {
    const { id, email } = await verified()
    const random = vi.spyOn(crypto, 'getRandomValues')
    const logins = [await logIn(email), await logIn(email), await logIn(email)]
    const drawn = random.mock.results.map(({ value }) => Buffer.from(value as Uint8Array).toString('base64url'))
    random.mockRestore()
    const successors = await Promise.all(logins.map(({ tokens }) => refresh(tokens.refreshToken)))
    const refreshTokens = [
      ...logins.map(({ tokens }) => tokens.refreshToken),
      ...(await Promise.all(successors.map(async (response) => (await answerOf(response, Tokens)).refreshToken))),
    ]
    const macs = refreshTokens.map((token) => token.split('.')[4] ?? '')
    expect(new Set(macs).size).toBe(6)
    for (const mac of macs) expect(Buffer.from(mac, 'base64url')).toHaveLength(32)
    const salts = (
      await rows('select g.salt from grants g join sessions s on s.id = g.session_id where s.user_id = ?', id)
    ).map(({ salt }) => String(salt))
    expect(new Set(salts).size).toBe(3)
    for (const salt of salts) {
      expect(Buffer.from(salt, 'base64url')).toHaveLength(16)
      expect(drawn).toContain(salt)
    }
  })

  it('keeps the absolute end of the session, and access tokens never outlive it (ASVS 7.3.2, 10.4.8)', async () => {
    const { session, tokens } = await signedIn()
    const { expires_at } = await queryOne('select expires_at from sessions where id = ?', session.id)
    vi.setSystemTime(Number(expires_at) - 60_000)
    const last = await answerOf(await refresh(tokens.refreshToken), Tokens)
    expect(last.expiresIn).toBe(60)
    expect(last.refreshExpiresIn).toBe(60)
    vi.setSystemTime(Number(expires_at))
    await expectRefusal(await refresh(last.refreshToken), 401, 'invalid_refresh_token')
  })

  it('refuses a session that was idle for longer than SESSION_IDLE_TIMEOUT_SECONDS (ASVS 7.3.1)', async () => {
    const { tokens } = await signedIn()
    const strict = { ...env, SESSION_IDLE_TIMEOUT_SECONDS: '1200' } as unknown as Env
    vi.setSystemTime(Date.now() + 1201_000)
    const refused = await callWorker(strict, 'POST', '/auth/refresh', { body: { refreshToken: tokens.refreshToken } })
    await expectRefusal(refused, 401, 'invalid_refresh_token')
    expect((await refresh(tokens.refreshToken)).status).toBe(200)
  })

  it('refuses once the account is deactivated, and changes nothing', async () => {
    const { id, tokens } = await signedIn()
    await deactivate(id)
    const before = await accountState()
    await expectRefusal(await refresh(tokens.refreshToken), 401, 'invalid_refresh_token')
    expect(await accountState()).toEqual(before)
  })

  it('refuses text that is not a refresh token, and changes nothing', async () => {
    const { tokens } = await signedIn()
    const before = await accountState()
    const broken = `${tokens.refreshToken.slice(0, -1)}${tokens.refreshToken.endsWith('A') ? 'B' : 'A'}`
    for (const token of ['nonsense', tokens.accessToken, broken, tokens.refreshToken.replace('.0.', '.1.')])
      await expectRefusal(await refresh(token.slice(0, 512)), 401, 'invalid_refresh_token')
    await expectRefusal(await post('/auth/refresh', {}), 401, 'invalid_refresh_token')
    await expectRefusal(await send('POST', '/auth/refresh'), 401, 'invalid_refresh_token')
    await expectRefusal(await refresh(''), 400, 'invalid_request')
    expect(await accountState()).toEqual(before)
  })

  it('refuses a token in the body, or a bearer token, beside the cookie; so does logout', async () => {
    const { cookie } = await signedInByCookie()
    const before = await accountState()
    const headers = { Cookie: cookie, ...SAME_ORIGIN }
    await expectRefusal(await post('/auth/refresh', { refreshToken: 'x' }, headers), 400, 'ambiguous_credentials')
    const withBearer = { ...headers, ...bearer('x') }
    await expectRefusal(await post('/auth/refresh', {}, withBearer), 400, 'ambiguous_credentials')
    await expectRefusal(await post('/auth/logout', {}, withBearer), 400, 'ambiguous_credentials')
    expect(await accountState()).toEqual(before)
  })
})
