import { env } from 'cloudflare:workers'
import { afterAll, describe, expect, it } from 'vitest'
import { safeguardStatements } from '../../scripts/lib/restored-database.ts'
import { MfaNeeded, SignedIn } from '../../src/contracts/login.ts'
import { giveSecondFactor, mailedToken, verified } from '../support/accounts.ts'
import { answerOf, expectNoContent, expectRefusal } from '../support/answers.ts'
import { APP, createBrowser } from '../support/browser.ts'
import { bearer, newEmail, PASSWORD, post, send } from '../support/client.ts'
import { countRows, mailsSettled, rows } from '../support/database.ts'
import { locationOf, newSubject, oauthEnv, startPath, stubProviders } from '../support/providers.ts'
import { beginLogin, giveFactors, givePasskey, openSessionOf, stronglySignedIn } from '../support/second-factors.ts'

const providers = stubProviders()
const service = oauthEnv()
const NEW_PASSWORD = 'a quite different staple'
const login = (identifier: string, password = PASSWORD, headers: Record<string, string> = {}) =>
  post('/auth/login', { identifier, password }, headers)

afterAll(mailsSettled)

describe('a second factor is not got around by', () => {
  it('a new password that was set by mail (ASVS 6.4.3)', async () => {
    const { id, email } = await verified()
    await giveFactors(id)
    await post('/auth/forgot-password', { email })
    const reset = { token: await mailedToken(email, 'reset_password'), password: NEW_PASSWORD }
    await expectNoContent(await post('/auth/reset-password', reset))
    await answerOf(await login(email, NEW_PASSWORD), MfaNeeded)
    expect(await countRows('sessions', 'user_id = ?', id)).toBe(0)
  })

  it('a provider, neither at its callback nor at the exchange', async () => {
    const person = { sub: newSubject(), email: newEmail(), email_verified: true, name: 'Ada' }
    const signIn = async () => {
      const browser = createBrowser(service)
      const callback = await browser.open(providers.google(await browser.open(startPath('google')), person))
      return { browser, target: locationOf(callback) }
    }
    const first = await signIn()
    expect(first.target.href).toBe(`${APP}/signed-in`)
    const { id } = (await (await first.browser.fetch('GET', '/auth/me')).json()) as { id: string }
    await giveSecondFactor(id)
    const again = await signIn()
    expect([...again.browser.jar.keys()]).toEqual(['__Host-exchange'])
    const code = again.target.searchParams.get('code')
    await answerOf(await again.browser.fetch('POST', '/auth/oauth/exchange', { code }), MfaNeeded)
    expect([...again.browser.jar.keys()]).toEqual([])
    expect(await countRows('sessions', 'user_id = ?', id)).toBe(1)
  })

  it('a device, known or new', async () => {
    const account = await verified()
    const known = (await answerOf(await login(account.email), SignedIn)).session.deviceToken ?? ''
    await giveFactors(account.id)
    await answerOf(await login(account.email), MfaNeeded)
    await answerOf(await login(account.email, PASSWORD, { 'X-Device-Token': known }), MfaNeeded)
    expect(await countRows('sessions', 'user_id = ?', account.id)).toBe(1)
  })

  it('a database that was restored: a trust that had ended does not come back', async () => {
    const { id, email } = await verified()
    const [code] = await giveFactors(id)
    const shown = { ticket: await beginLogin(email), method: 'recovery_code', code, rememberDevice: true }
    const token = (await answerOf(await post('/auth/login/mfa', shown), SignedIn)).session.deviceToken ?? ''
    expect(await countRows('trusted_devices', 'user_id = ?', id)).toBe(1)
    const hourAgo = Date.now() - 3_600_000
    await rows('update trusted_devices set created_at = ? where user_id = ?', hourAgo - 1, id)
    await env.DB.batch(safeguardStatements(hourAgo, []).map((statement) => env.DB.prepare(statement)))
    await answerOf(await login(email, PASSWORD, { 'X-Device-Token': token }), MfaNeeded)
  })

  it('a login that read the account before the factor was there', async () => {
    const account = await verified()
    const opened = openSessionOf(account, ['pwd'])
    await Promise.allSettled([opened, giveSecondFactor(account.id)])
    await answerOf(await login(account.email), MfaNeeded)
  })
})

describe('what two routes together give somebody who knows the password and holds a session of before the factor', () => {
  /** Inserts an account whose attacker signed in before its owner set a factor up. */
  async function attacked() {
    const account = await verified()
    const attacker = await openSessionOf(account, ['pwd'])
    await giveFactors(account.id)
    return { ...account, headers: bearer(attacker.tokens.accessToken) }
  }

  it('is no new factor of their own, with which they would then be strong', async () => {
    const { id, headers } = await attacked()
    await rows('delete from totp_secrets where user_id = ?', id)
    await givePasskey(id)
    for (const path of ['/auth/mfa/totp', '/auth/mfa/recovery-codes', '/auth/passkeys/registration/options'])
      await expectRefusal(await send('POST', path, { headers }), 403, 'step_up_required')
  })

  it('is no provider of their own, no other address, no other password and no removed factor', async () => {
    const { id, headers } = await attacked()
    const asked = [
      send('POST', '/auth/oauth/google/link', { headers, body: { redirectTo: `${APP}/signed-in` } }),
      send('DELETE', '/auth/oauth/google', { headers }),
      send('POST', '/auth/change-email', { headers, body: { newEmail: newEmail(), password: PASSWORD } }),
      send('POST', '/auth/change-password', {
        headers,
        body: { currentPassword: PASSWORD, newPassword: NEW_PASSWORD },
      }),
      send('DELETE', '/auth/me', { headers, body: { password: PASSWORD } }),
      send('DELETE', '/auth/mfa/totp', { headers }),
      send('DELETE', '/auth/passkeys/none', { headers }),
      send('POST', '/auth/step-up', { headers, body: { method: 'password', password: PASSWORD } }),
      send('POST', '/auth/step-up/email', { headers }),
    ]
    for (const answer of await Promise.all(asked)) await expectRefusal(answer, 403, 'step_up_required')
    expect(await countRows('totp_secrets', 'user_id = ?', id)).toBe(1)
  })

  it('is no step-up by a code that the owner’s session asked for, nor by the ticket of a login', async () => {
    const { email, headers } = await attacked()
    const ticket = await beginLogin(email)
    for (const body of [
      { method: 'totp', code: ticket.slice(0, 64) },
      { method: 'passkey', ticket, response: {} },
    ]) {
      const answer = await send('POST', '/auth/step-up', { headers, body })
      expect([401, 403]).toContain(answer.status)
    }
  })
})

describe('wrong codes by somebody who knows the password', () => {
  it('do not shut the owner’s device out, whose tries have a budget of their own', async () => {
    const { email, codes, deviceToken } = await stronglySignedIn()
    for (let tries = 0; tries < 6; tries += 1) {
      const ticket = await beginLogin(email)
      const answer = await post('/auth/login/mfa', { ticket, method: 'totp', code: '000000' })
      if (tries < 5) await expectRefusal(answer, 401, 'invalid_code')
      else await expectRefusal(answer, 429, 'login_throttled')
    }
    const device = { 'X-Device-Token': deviceToken }
    const ticket = await beginLogin(email, device)
    const totp = await post('/auth/login/mfa', { ticket, method: 'totp', code: '000000' }, device)
    await expectRefusal(totp, 401, 'invalid_code')
    const shown = await post('/auth/login/mfa', { ticket, method: 'recovery_code', code: codes[0] }, device)
    expect(shown.status).toBe(200)
  })
})
