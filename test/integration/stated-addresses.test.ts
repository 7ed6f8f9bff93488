import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { registered, signedIn } from '../support/accounts.ts'
import { expectRefusal } from '../support/answers.ts'
import { callWorker } from '../support/call-worker.ts'
import { bearer, newEmail, PASSWORD } from '../support/client.ts'
import { rows } from '../support/database.ts'
import { freshWorker, passToNextMinute, statusesOf } from '../support/rate-limits.ts'
import { basic, ODD, SERVICE } from '../support/services.ts'

const SERVICE_CLIENTS = JSON.stringify([SERVICE, ODD])
const BACK_END = '198.51.100.1'
const PERSON = '203.0.113.7'
const stating = (address: string, client = SERVICE) => ({
  'Postern-Service': basic(client.id, client.secret),
  'Postern-Client-Address': address,
})
const FORGOT = { email: 'nobody@example.com' }

/** The clock stands still at the start of a minute, so none of the windows ends while a test runs. */
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() })
  passToNextMinute()
})
afterEach(() => {
  vi.useRealTimers()
})

describe('a back end that states the address of the person it calls for', () => {
  it('has each of its people counted by their own address, and not all of them by the address of the back end', async () => {
    const { ask } = freshWorker({ SERVICE_CLIENTS })
    const forgot = (address: string | null) => {
      const headers = address === null ? {} : stating(address)
      return ask('POST', '/auth/forgot-password', BACK_END, { body: FORGOT, headers })
    }
    for (let person = 1; person <= 10; person += 1) expect((await forgot(`203.0.113.${person}`)).status).toBe(202)
    expect(await statusesOf(5, () => forgot(PERSON))).toEqual([202, 202, 202, 202, 429])
    expect((await forgot('2001:db8::1')).status).toBe(202)
    expect((await forgot(null)).status).toBe(202)
    expect((await ask('POST', '/auth/forgot-password', PERSON, { body: FORGOT })).status).toBe(429)
  })

  it('has the total of requests counted by the stated address too, and not by its own', async () => {
    const { ask } = freshWorker({ SERVICE_CLIENTS, RATE_LIMIT_PER_MINUTE: '10' })
    await statusesOf(10, () => ask('GET', '/health', BACK_END, { headers: stating(PERSON) }))
    expect((await ask('GET', '/health', BACK_END, { headers: stating(PERSON) })).status).toBe(429)
    expect((await ask('GET', '/health', BACK_END)).status).toBe(200)
  })

  it.each([SERVICE, ODD])('may be any of SERVICE_CLIENTS: $id', async (client) => {
    const { ask } = freshWorker({ SERVICE_CLIENTS })
    expect((await ask('GET', '/health', BACK_END, { headers: stating(PERSON, client) })).status).toBe(200)
  })

  it('leaves the stated address in the audit trail, and no place, since the place of the back end tells nothing of the person', async () => {
    const { id, email } = await registered()
    await rows('update users set email_verified_at = ? where id = ?', Date.now(), id)
    const cf = { country: 'DE', city: 'Frankfurt' } as IncomingRequestCfProperties
    const bindings = { ...env, SERVICE_CLIENTS } as unknown as Env
    const headers = { 'CF-Connecting-IP': BACK_END, 'User-Agent': 'Mozilla/5.0 of the person', ...stating(PERSON) }
    const body = { identifier: email, password: PASSWORD }
    const response = await callWorker(bindings, 'POST', '/auth/login', { headers, body, cf })
    expect(response.status).toBe(200)
    const [event] = await rows("select * from audit_events where user_id = ? and type = 'login.succeeded'", id)
    expect(event).toMatchObject({ ip: PERSON, country: null, user_agent: 'Mozilla/5.0 of the person' })
    const [session] = await rows('select country, city from sessions where user_id = ?', id)
    expect(session).toEqual({ country: null, city: null })
  })

  it('may do so on any request, also beside a bearer token or its own Basic credentials', async () => {
    const { tokens } = await signedIn()
    const { ask } = freshWorker({ SERVICE_CLIENTS })
    const headers = { ...stating(PERSON), ...bearer(tokens.accessToken) }
    expect((await ask('GET', '/auth/me', BACK_END, { headers })).status).toBe(200)
    const init = { body: { email: newEmail() }, headers: stating('2001:db8::1') }
    expect((await ask('POST', '/auth/forgot-password', BACK_END, init)).status).toBe(202)
  })
})

describe('a stated address that is refused', () => {
  const right = basic(SERVICE.id, SERVICE.secret)
  it.each<[string, Record<string, string>]>([
    ['a wrong secret', { 'Postern-Service': basic(SERVICE.id, 'x'.repeat(40)), 'Postern-Client-Address': PERSON }],
    ['the secret of another', { 'Postern-Service': basic(SERVICE.id, ODD.secret), 'Postern-Client-Address': PERSON }],
    ['an unknown id', { 'Postern-Service': basic('stranger', SERVICE.secret), 'Postern-Client-Address': PERSON }],
    ['no credentials', { 'Postern-Client-Address': PERSON }],
    ['empty credentials', { 'Postern-Service': '', 'Postern-Client-Address': PERSON }],
    ['another scheme', { 'Postern-Service': `Bearer ${SERVICE.secret}`, 'Postern-Client-Address': PERSON }],
    ['no base64', { 'Postern-Service': 'Basic ???', 'Postern-Client-Address': PERSON }],
    ['a wrong secret and no address', { 'Postern-Service': basic(SERVICE.id, 'x') }],
    ['the right secret and no address', { 'Postern-Service': right }],
    ['a wrong secret and no IP', { 'Postern-Service': basic(SERVICE.id, 'x'), 'Postern-Client-Address': 'home' }],
    ['the right secret elsewhere', { Authorization: right, 'Postern-Client-Address': PERSON }],
  ])('is answered with 401 invalid_client and does nothing where it has %s', async (_, headers) => {
    const { ask } = freshWorker({ SERVICE_CLIENTS })
    const email = newEmail()
    const body = { email, password: PASSWORD }
    await expectRefusal(await ask('POST', '/auth/register', BACK_END, { body, headers }), 401, 'invalid_client')
    expect(await rows('select id from users where email = ?', email)).toEqual([])
  })

  it('is every one where no client is configured', async () => {
    const { ask } = freshWorker()
    await expectRefusal(await ask('GET', '/health', BACK_END, { headers: stating(PERSON) }), 401, 'invalid_client')
  })

  it.each([
    '',
    'home',
    'localhost',
    '203.0.113',
    '203.0.113.256',
    '203.0.113.07',
    '203.0.113.7:443',
    '203.0.113.7, 198.51.100.1',
    '[2001:db8::1]',
    '2001:db8::1%eth0',
    '2001:db8::1/64',
    '2001:db8:::1',
    'for=203.0.113.7',
  ])('is answered with 400 invalid_request where it is not an address: %j', async (address) => {
    const { ask } = freshWorker({ SERVICE_CLIENTS })
    const response = await ask('GET', '/health', BACK_END, { headers: stating(address) })
    const { errors } = await expectRefusal(response, 400, 'invalid_request')
    expect(errors).toEqual([{ path: 'Postern-Client-Address', message: 'Send an IPv4 or an IPv6 address.' }])
  })

  it('counts against the address of its sender, so that guessing a secret is limited', async () => {
    const { ask } = freshWorker({ SERVICE_CLIENTS, RATE_LIMIT_PER_MINUTE: '10' })
    let stated = 0
    const guess = () => {
      stated += 1
      const headers = { 'Postern-Service': basic(SERVICE.id, 'x'), 'Postern-Client-Address': `203.0.113.${stated}` }
      return ask('GET', '/health', BACK_END, { headers })
    }
    expect(await statusesOf(12, guess)).toEqual([...Array(10).fill(401), 429, 429])
    expect((await ask('GET', '/health', PERSON)).status).toBe(200)
  })
})
