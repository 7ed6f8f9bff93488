import { env } from 'cloudflare:workers'
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { SignedIn, Tokens } from '../../../src/contracts/login.ts'
import { composePlatform } from '../../../src/platform/compose.ts'
import { SYSTEM } from '../../../src/platform/requester.ts'
import { rotateSigningKeys } from '../../../src/services/signing-keys/periods.ts'
import { giveSecondFactor, mailedCode, mailedToken, registered, signedIn, verified } from '../../support/accounts.ts'
import { answerOf, expectRefusal } from '../../support/answers.ts'
import { totpCode } from '../../support/authenticator.ts'
import { callWorker } from '../../support/call-worker.ts'
import { bearer, newEmail, PASSWORD, post } from '../../support/client.ts'
import { countRows } from '../../support/database.ts'

const V1 = String((env as unknown as Record<string, string>).AUTH_SECRET)
const V2 = `v2:${Buffer.from(Array.from({ length: 32 }, (_, byte) => byte * 5 + 3)).toString('base64url')}`
const deployment = (AUTH_SECRET: string) => ({ ...env, AUTH_SECRET }) as unknown as Env
const both = deployment(`${V2},${V1}`)
const newest = deployment(V2)

const call = (on: Env, path: string, body: unknown, headers: Record<string, string> = {}) =>
  callWorker(on, 'POST', path, { body, headers })
const sessionOn = (on: Env, accessToken: string) =>
  callWorker(on, 'GET', '/auth/session', { headers: bearer(accessToken) })

afterEach(() => vi.useRealTimers())

// The file `test/integration/signing-keys/secret-rollout.test.ts` tests Workers with the old and the new list side by
// side.
describe('AUTH_SECRET from v1 to v2,v1', () => {
  it('logs nobody out: access and refresh tokens of v1 work, and what is made now is of v2', async () => {
    const { tokens } = await signedIn()
    expect((await sessionOn(both, tokens.accessToken)).status).toBe(200)
    const refreshed = await call(both, '/auth/refresh', { refreshToken: tokens.refreshToken })
    const next = await answerOf(refreshed, Tokens)
    expect(next.refreshToken).toMatch(/^v2\./)
    expect((await sessionOn(both, next.accessToken)).status).toBe(200)
    expect((await call(both, '/auth/refresh', { refreshToken: next.refreshToken })).status).toBe(200)
  })

  it('gives racing tabs one successor while the secret changes under them', async () => {
    const { tokens } = await signedIn()
    const first = await answerOf(await call(both, '/auth/refresh', { refreshToken: tokens.refreshToken }), Tokens)
    const second = await answerOf(await call(both, '/auth/refresh', { refreshToken: tokens.refreshToken }), Tokens)
    expect(second.refreshToken).toBe(first.refreshToken)
  })

  it('takes the links and codes of mails that were sent under v1', async () => {
    const byToken = await registered()
    const byCode = await registered()
    const token = await mailedToken(byToken.email, 'verify_email')
    expect(token).toMatch(/^v1\./)
    expect((await call(both, '/auth/verify-email', { token })).status).toBe(200)
    const code = await mailedCode(byCode.email, 'verify_email')
    expect((await call(both, '/auth/verify-email', { email: byCode.email, code })).status).toBe(200)
  })

  it('completes a login that waited for its second factor', async () => {
    const { id, email } = await verified()
    const secret = await giveSecondFactor(id)
    const { ticket } = (await (await post('/auth/login', { identifier: email, password: PASSWORD })).json()) as {
      ticket: string
    }
    const body = { ticket, method: 'totp', code: totpCode(secret) }
    expect((await call(both, '/auth/login/mfa', body)).status).toBe(200)
  })

  it('still recognises devices, and forgets no failed login', async () => {
    const { email, session } = await signedIn()
    const login = (password: string, headers = {}) =>
      call(both, '/auth/login', { identifier: email, password }, headers)
    const answer = await answerOf(await login(PASSWORD, { 'X-Device-Token': session.deviceToken }), SignedIn)
    expect(answer.session.deviceToken).toMatch(/^v2\./)
    expect(await countRows('outbox', "recipient = ? and kind = 'new_device'", email)).toBe(0)
    vi.setSystemTime(Date.now())
    for (let failure = 0; failure < 5; failure += 1)
      await post('/auth/login', { identifier: email, password: 'not the password' })
    await expectRefusal(await login('not the password'), 429, 'login_throttled')
  })
})

describe('AUTH_SECRET from v2,v1 to v2', () => {
  // One run of the cron in the middle step is enough, because it seals the keys for v2 too.
  beforeAll(async () => {
    await callWorker(deployment(V1), 'GET', '/.well-known/jwks.json')
    await rotateSigningKeys(composePlatform(both, SYSTEM, { waitUntil: () => undefined }))
  })

  it('keeps working what was made in between: keys open, access tokens verify, tokens of v2 are accepted', async () => {
    const { tokens } = await signedIn()
    const renewed = await answerOf(await call(both, '/auth/refresh', { refreshToken: tokens.refreshToken }), Tokens)
    expect((await sessionOn(newest, tokens.accessToken)).status).toBe(200)
    expect((await sessionOn(newest, renewed.accessToken)).status).toBe(200)
    expect((await call(newest, '/auth/refresh', { refreshToken: renewed.refreshToken })).status).toBe(200)
  })

  it('refuses every derived token of v1 (ASVS 13.3.4)', async () => {
    const { tokens, session } = await signedIn()
    const waiting = await registered()
    await expectRefusal(
      await call(newest, '/auth/refresh', { refreshToken: tokens.refreshToken }),
      401,
      'invalid_refresh_token',
    )
    expect(await countRows('sessions', 'id = ?', session.id)).toBe(1)
    const token = await mailedToken(waiting.email, 'verify_email')
    await expectRefusal(await call(newest, '/auth/verify-email', { token }), 400, 'invalid_token')
    const code = await mailedCode(waiting.email, 'verify_email')
    const byCode = await call(newest, '/auth/verify-email', { email: waiting.email, code })
    await expectRefusal(byCode, 400, 'invalid_token')
  })

  it('keeps every password, because passwords do not depend on AUTH_SECRET', async () => {
    const email = newEmail()
    await verified({ email })
    expect((await call(newest, '/auth/login', { identifier: email, password: PASSWORD })).status).toBe(200)
  })
})
