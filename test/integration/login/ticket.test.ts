import { afterEach, describe, expect, it, vi } from 'vitest'
import { MfaNeeded, SignedIn } from '../../../src/contracts/login.ts'
import { giveSecondFactor, mailedToken, SAME_ORIGIN, verified } from '../../support/accounts.ts'
import { answerOf, expectRefusal } from '../../support/answers.ts'
import { bearer, PASSWORD, post, send } from '../../support/client.ts'
import { auditOf, countRows, rows } from '../../support/database.ts'
import { listOperations, samplesOf } from '../../support/openapi.ts'
import { beginLogin, giveFactors } from '../../support/second-factors.ts'
import { accountState } from '../../support/stored-state.ts'

let lastNetwork = 0
/** Builds the headers of a browser in a network of its own, so that tests do not count each other's logins. */
function newBrowser() {
  lastNetwork += 1
  const network = `2001:db8:${lastNetwork}:2`
  return { network, headers: { 'User-Agent': 'Firefox', 'CF-Connecting-IP': `${network}::1` } }
}
const complete = (ticket: string, code: string | undefined, headers: Record<string, string> = {}) =>
  post('/auth/login/mfa', { ticket, method: 'recovery_code', code }, headers)

/** Begins a login with this request, which then waits for its second factor. */
async function waiting(headers: Record<string, string> = {}) {
  const account = await verified()
  const codes = await giveFactors(account.id)
  return { ...account, codes, ticket: await beginLogin(account.email, headers) }
}

afterEach(() => vi.useRealTimers())

describe('the ticket of a login that waits for its second factor', () => {
  it('lives for five minutes', async () => {
    const { id, email, codes, ticket } = await waiting()
    const answer = await post('/auth/login', { identifier: email, password: PASSWORD })
    expect((await answerOf(answer, MfaNeeded)).expiresIn).toBe(300)
    vi.setSystemTime(Date.now() + 300_001)
    await expectRefusal(await complete(ticket, codes[0]), 401, 'invalid_code')
    expect(await countRows('sessions', 'user_id = ?', id)).toBe(0)
    expect(await countRows('recovery_codes', 'user_id = ?', id)).toBe(3)
  })

  it.each([
    ['another program', { 'User-Agent': 'curl' }],
    ['another network', { 'CF-Connecting-IP': '2001:db8:ffff:3::1' }],
    ['another address', { 'CF-Connecting-IP': '203.0.113.7' }],
  ])('is worth nothing to %s, not even with the right code, and the trail tells of it', async (_, other) => {
    const browser = newBrowser()
    const headers = { ...browser.headers, ...other }
    const { id, codes, ticket } = await waiting(browser.headers)
    await expectRefusal(await complete(ticket, codes[0], headers), 401, 'invalid_code')
    await expectRefusal(await post('/auth/login/mfa/email', { ticket }, headers), 400, 'invalid_token')
    const failed = { details: { reason: 'ticket of another client' }, actor_id: null }
    expect(await auditOf('login.failed', id)).toMatchObject([failed, failed])
    expect(await countRows('recovery_codes', 'user_id = ?', id)).toBe(3)
    expect((await complete(ticket, codes[0], browser.headers)).status).toBe(200)
  })

  it('is still good after the address changed within the network of a household', async () => {
    const { network, headers } = newBrowser()
    const { codes, ticket } = await waiting(headers)
    const moved = { ...headers, 'CF-Connecting-IP': `${network}:ffff::2` }
    expect((await complete(ticket, codes[0], moved)).status).toBe(200)
  })

  it('of a known device is worth nothing without the token of that device, and with that of another', async () => {
    const account = await verified()
    const other = await verified()
    const deviceOf = async (email: string) =>
      (await answerOf(await post('/auth/login', { identifier: email, password: PASSWORD }), SignedIn)).session
        .deviceToken ?? ''
    const device = { 'X-Device-Token': await deviceOf(account.email) }
    const second = { 'X-Device-Token': await deviceOf(account.email) }
    const foreign = { 'X-Device-Token': await deviceOf(other.email) }
    const codes = await giveFactors(account.id)
    const ticket = await beginLogin(account.email, device)
    for (const headers of [{}, second, foreign])
      await expectRefusal(await complete(ticket, codes[0], headers), 401, 'invalid_code')
    expect((await complete(ticket, codes[0], device)).status).toBe(200)
  })

  it('names the client in no form that could be read or computed from the database alone', async () => {
    const { headers } = newBrowser()
    const { id } = await waiting(headers)
    const [ticket] = await rows("select client from one_time_tokens where user_id = ? and purpose = 'mfa_ticket'", id)
    expect(ticket?.client).toMatch(/^[\w-]{43}$/)
    const again = await waiting(headers)
    const [other] = await rows('select client from one_time_tokens where user_id = ?', again.id)
    expect(other?.client).toBe(ticket?.client)
  })

  it('allows five tries, whatever factor they try (ASVS 6.6.3)', async () => {
    const { id, codes, ticket } = await waiting()
    for (const method of ['totp', 'email', 'passkey', 'recovery_code', 'totp'])
      await expectRefusal(await post('/auth/login/mfa', { ticket, method, code: '000000' }), 401, 'invalid_code')
    await expectRefusal(await complete(ticket, codes[0]), 401, 'invalid_code')
    expect(await countRows('recovery_codes', 'user_id = ?', id)).toBe(3)
  })

  it('is worth nothing for a factor that was removed meanwhile', async () => {
    const { id, codes, ticket } = await waiting()
    await rows('delete from totp_secrets where user_id = ?', id)
    await rows('delete from recovery_codes where user_id = ?', id)
    for (const method of ['totp', 'recovery_code', 'email'])
      await expectRefusal(await post('/auth/login/mfa', { ticket, method, code: codes[0] }), 401, 'invalid_code')
    expect(await countRows('sessions', 'user_id = ?', id)).toBe(0)
  })

  it('dies with the password that began it', async () => {
    const { id, email, codes, ticket } = await waiting()
    await post('/auth/forgot-password', { email })
    const reset = { token: await mailedToken(email, 'reset_password'), password: 'a new one entirely' }
    expect((await post('/auth/reset-password', reset)).status).toBe(204)
    await expectRefusal(await complete(ticket, codes[0]), 401, 'invalid_code')
    expect(await countRows('sessions', 'user_id = ?', id)).toBe(0)
  })
})

describe('a login that is under way when a factor is set up', () => {
  it('opens no session without that factor', async () => {
    const { id, email } = await verified()
    const logins = Array.from({ length: 10 }, () => post('/auth/login', { identifier: email, password: PASSWORD }))
    const [answers] = await Promise.all([Promise.all(logins), giveSecondFactor(id)])
    const bodies = (await Promise.all(answers.map((answer) => answer.json()))) as { status: string | number }[]
    const later = await post('/auth/login', { identifier: email, password: PASSWORD })
    expect(await later.json()).toMatchObject({ status: 'mfa_required' })
    // Each login ended before the factor was there, asks for it, or finds the account changed.
    for (const { status } of bodies) expect(['signed_in', 'mfa_required', 401]).toContain(status)
  })
})

describe('a ticket, sent to every route as if it were something else', () => {
  const operations = listOperations().map((operation) => [`${operation.method} ${operation.path}`, operation] as const)

  it.each(operations)('%s opens nothing by it', async (name, { method, path, security, body }) => {
    const { id, ticket } = await waiting()
    const before = await accountState()
    const place = path.replaceAll(/\{\w+\}/g, 'github')
    if (security.includes('bearer'))
      for (const headers of [bearer(ticket), { Cookie: `__Host-access=${ticket}`, ...SAME_ORIGIN }])
        await expectRefusal(await send(method, place, { headers }), 401, 'unauthenticated')
    if (body?.mediaTypes.includes('application/json') && !name.startsWith('POST /auth/login/mfa'))
      for (const sample of samplesOf(body.schema)) {
        const filled = Object.entries(sample as object).map(([member, value]) =>
          /token|ticket|code/i.test(member) ? [member, ticket] : [member, value],
        )
        const answer = await send(method, place, {
          body: Object.fromEntries(filled),
          headers: { 'X-Device-Token': ticket },
        })
        expect(answer.headers.getSetCookie().filter((cookie) => !/Max-Age=0/.test(cookie))).toEqual([])
        expect(await answer.text()).not.toContain('accessToken')
      }
    expect(await countRows('sessions', 'user_id = ?', id)).toBe(0)
    const { users } = await accountState()
    expect((users ?? []).slice(0, before.users?.length)).toEqual(before.users)
  })
})
