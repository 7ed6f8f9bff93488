import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { mailedToken, signedIn } from '../support/accounts.ts'
import { expectRefusal } from '../support/answers.ts'
import { totpCode } from '../support/authenticator.ts'
import { PASSWORD, post } from '../support/client.ts'
import { auditOf, countRows, mailsSettled } from '../support/database.ts'
import { enrol } from '../support/factors.ts'
import { beginLogin, ticketOf } from '../support/second-factors.ts'

const HOUR_MS = 3_600_000

const pass = (milliseconds: number) => vi.setSystemTime(Date.now() + milliseconds)

/** Signs somebody up who has an authenticator app, recovery codes, and a device that has logged in before. */
async function owner() {
  const person = await signedIn()
  const enrolled = await enrol(person.tokens.accessToken)
  pass(60_000)
  return { ...person, ...enrolled, device: { 'X-Device-Token': person.session.deviceToken } }
}
type Owner = Awaited<ReturnType<typeof owner>>

const ticketFor = ({ email }: { email: string }, headers: Record<string, string> = {}, password = PASSWORD) =>
  beginLogin(email, headers, password)
const complete = (ticket: string, proof: { method: string; code: string }, headers: Record<string, string> = {}) =>
  post('/auth/login/mfa', { ticket, ...proof }, headers)
const wrongCode = (secret: string) => ({ method: 'totp', code: totpCode(secret, 1000) })
const rightCode = (secret: string) => ({ method: 'totp', code: totpCode(secret) })

/**
 * Guesses as a stranger who knows the password and never tries too early, until so many guesses were compared or the
 * throttle lets nobody try for hours. It answers how many were compared.
 */
async function guess(person: Owner, most: number): Promise<number> {
  for (let compared = 0; compared < most; ) {
    const response = await complete(await ticketOf(person), wrongCode(person.secret))
    if (response.status === 401) {
      compared += 1
      continue
    }
    const waitMs = Number(response.headers.get('Retry-After')) * 1000
    if (waitMs > HOUR_MS) return compared
    pass(waitMs)
  }
  return most
}

beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'], now: Date.now() }))
afterEach(async () => {
  await mailsSettled()
  vi.useRealTimers()
})

describe('a stranger who knows the password and guesses codes all day (ASVS 6.3.1, 6.6.3)', () => {
  it('is stopped after 80 guesses, while a known device and a recovery code still let the owner in', async () => {
    const person = await owner()
    expect(await guess(person, 200)).toBe(80)
    const stranger = await complete(await ticketFor(person), rightCode(person.secret))
    expect(Number(stranger.headers.get('Retry-After'))).toBeGreaterThan(HOUR_MS / 1000)
    await expectRefusal(stranger, 429, 'login_throttled')
    const known = await complete(await ticketFor(person, person.device), rightCode(person.secret), person.device)
    expect(known.status).toBe(200)
    const [code = ''] = person.recoveryCodes
    const newDevice = await complete(await ticketFor(person), { method: 'recovery_code', code })
    expect(newDevice.status).toBe(200)
  }, 120_000)

  it('cannot use up the recovery codes either, by however many wrong ones', async () => {
    const person = await owner()
    const wrong = { method: 'recovery_code', code: '0000-0000-0000-0000' }
    for (let round = 0; round < 8; round += 1) {
      const ticket = await ticketFor(person)
      for (let tries = 0; tries < 5; tries += 1) await expectRefusal(await complete(ticket, wrong), 401, 'invalid_code')
    }
    const [code = ''] = person.recoveryCodes
    expect((await complete(await ticketFor(person), { method: 'recovery_code', code })).status).toBe(200)
  }, 60_000)

  it('costs nobody a password: its budget is not touched', async () => {
    const person = await owner()
    await guess(person, 6)
    const login = await post('/auth/login', { identifier: person.email, password: 'a wild guess' })
    expect(login.status).toBe(401)
    await ticketFor(person)
  })

  it('guesses no more once the owner has set a new password by mail, and the factor can be shown again a day later', async () => {
    const person = await owner()
    await guess(person, 6)
    await post('/auth/forgot-password', { email: person.email })
    const token = await mailedToken(person.email, 'reset_password')
    const password = 'a quite different staple'
    expect((await post('/auth/reset-password', { token, password })).status).toBe(204)
    await expectRefusal(
      await post('/auth/login', { identifier: person.email, password: PASSWORD }),
      401,
      'invalid_credentials',
    )
    pass(24 * HOUR_MS)
    expect((await complete(await ticketFor(person, {}, password), rightCode(person.secret))).status).toBe(200)
  })

  it('gains no new guesses by a reset, where they read the mails of the owner', async () => {
    const person = await owner()
    await guess(person, 6)
    await post('/auth/forgot-password', { email: person.email })
    const token = await mailedToken(person.email, 'reset_password')
    await post('/auth/reset-password', { token, password: PASSWORD })
    await expectRefusal(await complete(await ticketFor(person), wrongCode(person.secret)), 429, 'login_throttled')
  })

  it('is told of by one event for each wait, and each guess by another', async () => {
    const person = await owner()
    const ticket = await ticketFor(person)
    for (let tries = 0; tries < 5; tries += 1) await complete(ticket, wrongCode(person.secret))
    const next = await ticketFor(person)
    for (let tries = 0; tries < 3; tries += 1)
      await expectRefusal(await complete(next, wrongCode(person.secret)), 429, 'login_throttled')
    expect((await auditOf('login.failed', person.id)).map(({ details }) => details)).toEqual(
      Array.from({ length: 5 }, () => ({ factor: 'totp', reason: 'wrong code' })),
    )
    expect(await auditOf('login.throttled', person.id)).toMatchObject([{ details: { factor: 'totp' } }])
  })
})

describe('many guesses at once', () => {
  it('let exactly 5 of 50 be compared, on however many tickets (ASVS 6.5.1)', async () => {
    const person = await owner()
    const tickets = await Promise.all(Array.from({ length: 10 }, () => ticketFor(person)))
    const guesses = tickets.flatMap((ticket) =>
      Array.from({ length: 5 }, () => complete(ticket, wrongCode(person.secret))),
    )
    const statuses = (await Promise.all(guesses)).map(({ status }) => status)
    expect(statuses.filter((status) => status === 401)).toHaveLength(5)
    expect(statuses.filter((status) => status === 429)).toHaveLength(45)
    expect(await auditOf('login.throttled', person.id)).toHaveLength(1)
    expect(await countRows('sessions', 'user_id = ?', person.id)).toBe(1)
  }, 60_000)
})
