import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { makeDeviceToken } from '../../src/crypto/device-token.ts'
import { giveSecondFactor, settings, signedIn } from '../support/accounts.ts'
import { expectRefusal } from '../support/answers.ts'
import { totpCode } from '../support/authenticator.ts'
import { callWorker } from '../support/call-worker.ts'
import { logIn, newEmail, PASSWORD } from '../support/client.ts'
import { countingEnv } from '../support/counting-env.ts'
import { freshWorker, membersOf, passToNextMinute, statusesOf } from '../support/rate-limits.ts'
import { beginLogin } from '../support/second-factors.ts'

const OFFICE = '203.0.113.1'

/** The clock stands still at the start of a minute, so none of the windows ends while a test runs. */
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() })
  passToNextMinute()
})
afterEach(() => {
  vi.useRealTimers()
})

type Ask = ReturnType<typeof freshWorker>['ask']

function loginFrom(ask: Ask, identifier: string, { password = PASSWORD, deviceToken = '', address = OFFICE } = {}) {
  const headers = deviceToken === '' ? {} : { 'X-Device-Token': deviceToken }
  return ask('POST', '/auth/login', address, { body: { identifier, password }, headers })
}

/** Starts a Worker at which the client address has used up its logins of this minute, and answers how to ask it. */
async function busyOffice() {
  const { ask } = freshWorker()
  await statusesOf(5, () => loginFrom(ask, 'nobody@example.com'))
  await expectRefusal(await loginFrom(ask, 'nobody@example.com'), 429, 'rate_limited')
  return ask
}

describe('a login with the account’s own device token', () => {
  it('is admitted when its client address has used up its logins, by header or cookie, by e-mail address or username', async () => {
    const { email, session } = await signedIn({ username: 'lovelace' })
    const ask = await busyOffice()
    expect((await loginFrom(ask, email)).status).toBe(429)
    for (const identifier of [email, 'lovelace', email.toUpperCase()])
      expect((await loginFrom(ask, identifier, { deviceToken: session.deviceToken })).status).toBe(200)
    const headers = { Cookie: `__Host-device=${session.deviceToken}` }
    const body = { identifier: email, password: PASSWORD }
    expect((await ask('POST', '/auth/login', OFFICE, { body, headers })).status).toBe(200)
  })

  it('uses up nothing of the limit of its client address', async () => {
    const { email, session } = await signedIn()
    const { ask } = freshWorker()
    const own = await loginFrom(ask, email, { deviceToken: session.deviceToken })
    expect(membersOf(own, 'RateLimit')).toEqual(['"global";r=299;t=60', '"device";r=4;t=60'])
    await statusesOf(4, () => loginFrom(ask, email, { deviceToken: session.deviceToken }))
    expect(await statusesOf(5, () => loginFrom(ask, newEmail()))).not.toContain(429)
    expect((await loginFrom(ask, newEmail())).status).toBe(429)
  })

  it('counts by its client address after five a minute of all devices of the account together, wherever they are', async () => {
    const { email, session } = await signedIn()
    const second = await logIn(email)
    const { ask } = freshWorker()
    for (let count = 0; count < 5; count += 1) {
      const { deviceToken } = count % 2 === 0 ? session : second.session
      const address = `203.0.113.${count + 10}`
      expect((await loginFrom(ask, email, { deviceToken, address })).status).toBe(200)
    }
    const sixth = await loginFrom(ask, email, { deviceToken: session.deviceToken })
    expect(membersOf(sixth, 'RateLimit')).toEqual(['"global";r=299;t=60', '"device";r=0;t=60', '"sensitive";r=4;t=60'])
    const more = await statusesOf(5, () => loginFrom(ask, email, { deviceToken: session.deviceToken }))
    expect(more).toEqual([200, 200, 200, 200, 429])
  })

  it('is still bounded by the device’s budget at the account’s throttle (ASVS 6.3.1)', async () => {
    const { email, session } = await signedIn()
    const ask = await busyOffice()
    const guess = { password: 'a wild guess', deviceToken: session.deviceToken }
    expect(await statusesOf(5, () => loginFrom(ask, email, guess))).toEqual([401, 401, 401, 401, 401])
    const other = await loginFrom(ask, email, { deviceToken: session.deviceToken, address: '203.0.113.2' })
    await expectRefusal(other, 429, 'login_throttled')
  })
})

describe('the second step of a login', () => {
  /**
   * Begins a login on a known device in the office, which waits for its second factor. Answers the body that completes
   * it there, and the device token.
   */
  async function waiting() {
    const { email, user, session } = await signedIn()
    const secret = await giveSecondFactor(user.id)
    const { deviceToken } = session
    const ticket = await beginLogin(email, { 'CF-Connecting-IP': OFFICE, 'X-Device-Token': deviceToken })
    return { body: { ticket, method: 'totp', code: totpCode(secret) }, deviceToken }
  }

  /**
   * Starts a Worker at which the client address has used up its second steps of this minute, and answers how to ask it.
   */
  async function busyWithCodes() {
    const { ask } = freshWorker()
    const body = { ticket: 'x'.repeat(80), method: 'email', code: '00000000' }
    expect(await statusesOf(6, () => ask('POST', '/auth/login/mfa', OFFICE, { body }))).toContain(429)
    return ask
  }

  it('is admitted from the account’s own device, too', async () => {
    const { body, deviceToken } = await waiting()
    const ask = await busyWithCodes()
    await expectRefusal(await ask('POST', '/auth/login/mfa', OFFICE, { body }), 429, 'rate_limited')
    const headers = { 'X-Device-Token': deviceToken }
    expect((await ask('POST', '/auth/login/mfa', OFFICE, { body, headers })).status).toBe(200)
  })

  it('counts by its client address with the device token of another account, whether or not its ticket is valid', async () => {
    const { body } = await waiting()
    const headers = { 'X-Device-Token': (await waiting()).deviceToken }
    const ask = await busyWithCodes()
    for (const ticket of [body.ticket, 'x'.repeat(80)]) {
      const response = await ask('POST', '/auth/login/mfa', OFFICE, { body: { ...body, ticket }, headers })
      await expectRefusal(response, 429, 'rate_limited')
    }
  })
})

describe('a device token that does not exempt a login from the limit', () => {
  it.each([
    ['of another account', async () => (await signedIn()).session.deviceToken],
    ['that is forged', async (own: string) => `${own.slice(0, -5)}AAAAA`],
    ['that is no token', async () => 'trust me'],
    [
      'that has expired',
      async (_own: string, userId: string) =>
        makeDeviceToken(settings.secrets, userId, crypto.randomUUID(), Date.now() - 366 * 24 * 3_600_000),
    ],
  ])('is one %s: the login counts by its client address and is refused beyond the limit', async (_, make) => {
    const { email, session, user } = await signedIn()
    const deviceToken = await make(session.deviceToken, user.id)
    const ask = await busyOffice()
    await expectRefusal(await loginFrom(ask, email, { deviceToken }), 429, 'rate_limited')
    const other = { deviceToken, address: '203.0.113.2', password: 'a wild guess' }
    expect(await statusesOf(5, () => loginFrom(ask, newEmail(), other))).toEqual([401, 401, 401, 401, 401])
    await expectRefusal(await loginFrom(ask, newEmail(), other), 429, 'rate_limited')
  })

  it('allows no guess at another account, because refused logins never reach its throttle', async () => {
    const victim = await signedIn()
    const attacker = await signedIn()
    const ask = await busyOffice()
    const guess = { deviceToken: attacker.session.deviceToken, password: 'a wild guess' }
    expect(await statusesOf(20, () => loginFrom(ask, victim.email, guess))).toEqual(Array(20).fill(429))
    expect((await loginFrom(ask, victim.email, { address: '203.0.113.2' })).status).toBe(200)
  })

  it('tells nobody who has an account: answers, fields and calls are alike for known and unknown (ASVS 6.3.8)', async () => {
    const { deviceToken } = (await signedIn()).session
    const victim = await signedIn({ username: 'babbage' })
    const tell = async (identifier: string) => {
      const counting = countingEnv()
      const answers: string[] = []
      for (let count = 0; count < 12; count += 1) {
        const headers = { 'X-Device-Token': deviceToken, 'CF-Connecting-IP': OFFICE }
        const body = { identifier, password: 'a wild guess' }
        counting.take()
        const response = await callWorker(counting.env, 'POST', '/auth/login', { headers, body })
        const { requestId: _, ...problem } = (await response.json()) as { requestId: string }
        const { kvReads, kvWrites, ...calls } = counting.take()
        const fields = ['RateLimit', 'RateLimit-Policy', 'Retry-After'].map((name) => response.headers.get(name))
        answers.push(JSON.stringify([response.status, problem, fields, calls]))
        expect(kvReads + kvWrites).toBeLessThan(8)
      }
      return answers
    }
    const unknown = await tell(newEmail())
    expect(new Set(unknown.map((answer) => answer.slice(1, 4)))).toEqual(new Set(['401', '429']))
    passToNextMinute()
    expect(await tell(victim.email)).toEqual(unknown)
    passToNextMinute()
    expect(await tell('nobodyatall')).toEqual(unknown)
    passToNextMinute()
    vi.setSystemTime(Date.now() + 24 * 3_600_000)
    expect(await tell('babbage')).toEqual(unknown)
  })
})
