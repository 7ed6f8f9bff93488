import { env } from 'cloudflare:workers'
import { decodeJwt } from 'jose'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { listOf } from '../../../src/contracts/lists.ts'
import { SignedIn } from '../../../src/contracts/login.ts'
import { SessionView } from '../../../src/contracts/sessions.ts'
import { cleanUp } from '../../../src/services/housekeeping.ts'
import { mailedToken, verified } from '../../support/accounts.ts'
import { answerOf, expectNoContent, expectRefusal } from '../../support/answers.ts'
import { callWorker } from '../../support/call-worker.ts'
import { bearer, get, PASSWORD, post, send } from '../../support/client.ts'
import { countRows, rows } from '../../support/database.ts'
import { jobPlatform } from '../../support/outbox.ts'
import { beginLogin, giveFactors, givePasskey } from '../../support/second-factors.ts'

const DAY_MS = 24 * 3600 * 1000
const device = (token: string) => ({ 'X-Device-Token': token })

/** Logs in with a second factor, and asks to remember the device. */
async function remembered(body: object = { rememberDevice: true }) {
  const account = await verified()
  const codes = await giveFactors(account.id)
  const ticket = await beginLogin(account.email)
  const login = { ticket, method: 'recovery_code', code: codes[0], ...body }
  const { session, tokens } = await answerOf(await post('/auth/login/mfa', login), SignedIn)
  const accessToken = tokens?.accessToken ?? ''
  return { ...account, codes: codes.slice(1), sessionId: session.id, accessToken, token: session.deviceToken ?? '' }
}

const logInFrom = (email: string, token: string, password = PASSWORD) =>
  post('/auth/login', { identifier: email, password }, device(token))
const statusOf = async (response: Response) => ((await response.json()) as { status: string }).status
const sessionsOf = async (accessToken: string) =>
  (await answerOf(await get('/auth/sessions', bearer(accessToken)), listOf(SessionView))).items

afterEach(() => vi.useRealTimers())

describe('a device that did a second factor and was to be remembered', () => {
  it('is not asked for it again, and its session says that none was shown', async () => {
    const { email, token } = await remembered()
    const { tokens } = await answerOf(await logInFrom(email, token), SignedIn)
    expect(decodeJwt(tokens?.accessToken ?? '')).toMatchObject({ amr: ['pwd'], acr: 'urn:postern:acr:single-factor' })
    const removed = await send('DELETE', '/auth/me', { headers: bearer(tokens?.accessToken ?? '') })
    expect((await expectRefusal(removed, 403, 'step_up_required')).methods).toEqual(['totp', 'recovery_code'])
  })

  it('is only remembered where its user asks for that', async () => {
    const { email, token } = await remembered({})
    expect(await statusOf(await logInFrom(email, token))).toBe('mfa_required')
  })

  it('is not remembered by a login that failed', async () => {
    const { id, email } = await verified()
    await giveFactors(id)
    const ticket = await beginLogin(email)
    const wrong = { ticket, method: 'totp', code: '000000', rememberDevice: true }
    await expectRefusal(await post('/auth/login/mfa', wrong), 401, 'invalid_code')
    expect(await countRows('trusted_devices', 'user_id = ?', id)).toBe(0)
  })

  it('is asked again after thirty days, and its trust is then deleted', async () => {
    const { id, email, token } = await remembered()
    vi.setSystemTime(Date.now() + 29 * DAY_MS)
    expect(await statusOf(await logInFrom(email, token))).toBe('signed_in')
    vi.setSystemTime(Date.now() + DAY_MS)
    expect(await statusOf(await logInFrom(email, token))).toBe('mfa_required')
    await cleanUp(jobPlatform())
    expect(await countRows('trusted_devices', 'user_id = ?', id)).toBe(0)
  })

  it('is worth nothing without the password, which its token does not replace', async () => {
    const { id, email, token } = await remembered()
    await expectRefusal(await logInFrom(email, token, 'wrong'), 401, 'invalid_credentials')
    await expectRefusal(await get('/auth/me', bearer(token)), 401, 'unauthenticated')
    expect(await countRows('sessions', 'user_id = ?', id)).toBe(1)
  })

  it('is remembered for its user alone, and for no other device', async () => {
    const one = await remembered()
    const two = await remembered()
    expect(await statusOf(await logInFrom(one.email, two.token))).toBe('mfa_required')
    expect(await statusOf(await logInFrom(two.email, one.token))).toBe('mfa_required')
    expect(await statusOf(await post('/auth/login', { identifier: one.email, password: PASSWORD }))).toBe(
      'mfa_required',
    )
    await rows('update trusted_devices set user_id = ? where user_id = ?', two.id, one.id)
    expect(await statusOf(await logInFrom(one.email, one.token))).toBe('mfa_required')
  })

  it('is listed with the sessions, until when it is remembered', async () => {
    const { email, token, accessToken } = await remembered()
    const later = await answerOf(await logInFrom(email, token), SignedIn)
    const other = await remembered({})
    const items = await sessionsOf(accessToken)
    expect(items.map(({ id }) => id)).toContain(later.session.id)
    for (const { device } of items)
      expect(Math.abs(Date.parse(device.rememberedUntil ?? '') - Date.now() - 30 * DAY_MS)).toBeLessThan(60_000)
    expect((await sessionsOf(other.accessToken)).map(({ device }) => device.rememberedUntil)).toEqual([null])
  })

  it('is not remembered, and not known any more, with MFA_REMEMBER_DAYS=0', async () => {
    const { email, token, codes, id } = await remembered()
    const off = { ...env, MFA_REMEMBER_DAYS: '0' } as unknown as Env
    const login = { body: { identifier: email, password: PASSWORD }, headers: device(token) }
    const answer = await callWorker(off, 'POST', '/auth/login', login)
    const { ticket } = (await answer.json()) as { ticket: string }
    const body = { ticket, method: 'recovery_code', code: codes[0], rememberDevice: true }
    await rows('delete from trusted_devices where user_id = ?', id)
    const done = await answerOf(
      await callWorker(off, 'POST', '/auth/login/mfa', { body, headers: device(token) }),
      SignedIn,
    )
    expect(done.session.id).toBeTypeOf('string')
    expect(await countRows('trusted_devices', 'user_id = ?', id)).toBe(0)
  })

  it('is forgotten by the clean-up with MFA_REMEMBER_DAYS=0, so that turning it on again revives nothing', async () => {
    const { id } = await remembered()
    await cleanUp(jobPlatform({ ...env, MFA_REMEMBER_DAYS: '0' } as unknown as Env))
    expect(await countRows('trusted_devices', 'user_id = ?', id)).toBe(0)
  })
})

describe('the trust in a device dies with', () => {
  type Remembered = Awaited<ReturnType<typeof remembered>>
  const NEW_PASSWORD = 'a quite different staple'
  const changes: [string, (account: Remembered) => Promise<unknown>, string?][] = [
    [
      'a changed password',
      async ({ accessToken }) => {
        const change = { currentPassword: PASSWORD, newPassword: NEW_PASSWORD }
        await expectNoContent(await post('/auth/change-password', change, bearer(accessToken)))
      },
      NEW_PASSWORD,
    ],
    [
      'a password that was reset by mail',
      async ({ email }) => {
        await post('/auth/forgot-password', { email })
        const reset = { token: await mailedToken(email, 'reset_password'), password: NEW_PASSWORD }
        await expectNoContent(await post('/auth/reset-password', reset))
      },
      NEW_PASSWORD,
    ],
    [
      'the end of all other sessions',
      async ({ accessToken }) =>
        await expectNoContent(await send('DELETE', '/auth/sessions', { headers: bearer(accessToken) })),
    ],
    [
      'the end of its session from the list',
      async ({ accessToken, sessionId }) =>
        await expectNoContent(await send('DELETE', `/auth/sessions/${sessionId}`, { headers: bearer(accessToken) })),
    ],
    [
      'a new authenticator app',
      ({ id }) => rows('update totp_secrets set activated_at = activated_at + 1 where user_id = ?', id),
    ],
    ['a new passkey', ({ id }) => givePasskey(id)],
    [
      'a changed address',
      ({ id }) => rows('update users set email_verified_at = email_verified_at + 1 where id = ?', id),
    ],
  ]

  it.each(changes)('%s', async (_, change, password = PASSWORD) => {
    const account = await remembered()
    await change(account)
    expect(await statusOf(await logInFrom(account.email, account.token, password))).toBe('mfa_required')
  })

  it('nothing else: a logout, and the use of a recovery code, leave it', async () => {
    const { email, token, accessToken, codes } = await remembered()
    await expectNoContent(await post('/auth/logout', {}, bearer(accessToken)))
    const ticket = await beginLogin(email)
    expect((await post('/auth/login/mfa', { ticket, method: 'recovery_code', code: codes[0] })).status).toBe(200)
    expect(await statusOf(await logInFrom(email, token))).toBe('signed_in')
  })
})
