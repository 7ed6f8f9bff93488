import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { toRateKeys } from '../../src/http/client-address.ts'
import { expectRefusal } from '../support/answers.ts'
import { captureLog } from '../support/captured-log.ts'
import { PASSWORD } from '../support/client.ts'
import { NOON_MS } from '../support/clock.ts'
import { freshWorker, membersOf, passToNextMinute, statusesOf } from '../support/rate-limits.ts'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: NOON_MS })
})
afterEach(() => {
  vi.useRealTimers()
})

const pass = (milliseconds: number) => vi.setSystemTime(Date.now() + milliseconds)

describe('what a client is counted by', () => {
  const networks = (first: string, second: string, third: string) => [
    { key: `${first}/64`, times: 1 },
    { key: `${second}/56`, times: 4 },
    { key: `${third}/48`, times: 16 },
  ]
  it.each([
    ['2001:db8:1:2:3:4:5:6', networks('2001:db8:1:2::', '2001:db8:1::', '2001:db8:1::')],
    ['2001:db8:1:2:ffff:ffff:ffff:ffff', networks('2001:db8:1:2::', '2001:db8:1::', '2001:db8:1::')],
    ['2001:DB8:1:2::1', networks('2001:db8:1:2::', '2001:db8:1::', '2001:db8:1::')],
    ['2001:db8:1:12ff::1', networks('2001:db8:1:12ff::', '2001:db8:1:1200::', '2001:db8:1::')],
    ['2001:db8:ffff:ffff::1', networks('2001:db8:ffff:ffff::', '2001:db8:ffff:ff00::', '2001:db8:ffff::')],
    ['::1', networks('::', '::', '::')],
    ['203.0.113.7', [{ key: '203.0.113.7', times: 1 }]],
    ['::ffff:203.0.113.7', [{ key: '203.0.113.7', times: 1 }]],
    ['::ffff:cb00:7107', [{ key: '203.0.113.7', times: 1 }]],
    ['', []],
    [null, []],
  ])('%s', (address, keys) => {
    expect(toRateKeys(address)).toEqual(keys)
  })

  it('is its zone where it is a Worker, because all Workers have one address', () => {
    const workers = '2a06:98c0:3600::103'
    expect(toRateKeys(workers, 'shop.example')).toEqual([{ key: 'zone shop.example', times: 1 }])
    expect(toRateKeys(workers)[0]).toEqual({ key: '2a06:98c0:3600::/64', times: 1 })
    expect(toRateKeys('203.0.113.7', 'shop.example')).toEqual([{ key: '203.0.113.7', times: 1 }])
  })
})

const LOGIN = { body: { identifier: 'nobody@example.com', password: PASSWORD } }
const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const VERIFY = { body: { token: 'not a token' } }
const FORGOT = { body: { email: 'nobody@example.com' } }

describe('limits by client address, over HTTP', () => {
  it('lets five sensitive requests a minute through, for each route and address by itself', async () => {
    const { ask } = freshWorker()
    expect(await statusesOf(7, () => ask('POST', '/auth/forgot-password', '203.0.113.1', FORGOT))).toEqual([
      202, 202, 202, 202, 202, 429, 429,
    ])
    expect((await ask('POST', '/auth/resend-verification', '203.0.113.1', FORGOT)).status).toBe(202)
    expect((await ask('POST', '/auth/forgot-password', '203.0.113.2', FORGOT)).status).toBe(202)
    passToNextMinute()
    expect((await ask('POST', '/auth/forgot-password', '203.0.113.1', FORGOT)).status).toBe(202)
  })

  it('lets 300 requests a minute through altogether, or as many as RATE_LIMIT_PER_MINUTE says', async () => {
    const { ask } = freshWorker()
    const paths = ['/health', '/auth/session', '/.well-known/jwks.json']
    const statuses = await statusesOf(300, () => ask('GET', paths[Math.floor(Math.random() * 3)] ?? '', '203.0.113.1'))
    expect(statuses).not.toContain(429)
    for (const path of [...paths, '/nothing/here'])
      await expectRefusal(await ask('GET', path, '203.0.113.1'), 429, 'rate_limited')
    expect((await ask('GET', '/health', '203.0.113.2')).status).toBe(200)
    const strict = freshWorker({ RATE_LIMIT_PER_MINUTE: '10' })
    expect(await statusesOf(12, () => strict.ask('GET', '/health', '203.0.113.1'))).toEqual([
      ...Array(10).fill(200),
      429,
      429,
    ])
  })

  it('lets as many sensitive requests through as RATE_LIMIT_SENSITIVE_PER_MINUTE says', async () => {
    const { ask } = freshWorker({ RATE_LIMIT_SENSITIVE_PER_MINUTE: '2' })
    const verify = () => ask('POST', '/auth/verify-email', '203.0.113.1', VERIFY)
    const first = await verify()
    expect(membersOf(first, 'RateLimit-Policy')).toContain('"sensitive";q=2;w=60')
    expect(await statusesOf(3, verify)).toEqual([400, 429, 429])
  })

  it('lets 24 times as many mails through an hour and 120 times as many a day as sensitive requests a minute', async () => {
    const { ask } = freshWorker({ RATE_LIMIT_SENSITIVE_PER_MINUTE: '1' })
    const forgot = () => ask('POST', '/auth/forgot-password', '203.0.113.1', FORGOT)
    const hourly = async () => {
      let admitted = 0
      for (let minute = 0; minute < 25; minute += 1) {
        if ((await forgot()).status === 202) admitted += 1
        passToNextMinute()
      }
      return admitted
    }
    vi.setSystemTime(Math.ceil(Date.now() / DAY_MS) * DAY_MS)
    for (let hour = 0; hour < 5; hour += 1) {
      expect(await hourly()).toBe(24)
      const refused = await forgot()
      expect(refused.status).toBe(429)
      expect(membersOf(refused, 'RateLimit')).toContain('"mail-hourly";r=0;t=2100')
      expect(refused.headers.get('Retry-After')).toBe('2100')
      vi.setSystemTime(Math.ceil(Date.now() / HOUR_MS) * HOUR_MS)
    }
    const refused = await forgot()
    expect(refused.headers.get('Retry-After')).toBe(String(19 * 3600))
    expect((await ask('POST', '/auth/resend-verification', '203.0.113.1', FORGOT)).status).toBe(202)
    expect((await ask('POST', '/auth/forgot-password', '203.0.113.2', FORGOT)).status).toBe(202)
    vi.setSystemTime(Math.ceil(Date.now() / DAY_MS) * DAY_MS)
    expect((await forgot()).status).toBe(202)
  })

  it('gives an IPv6 /56 four times the limit of a /64, and a /48 sixteen times', async () => {
    const { ask } = freshWorker()
    const verify = (address: string) => ask('POST', '/auth/verify-email', address, VERIFY)
    /** Sends ten requests from each of so many networks, and answers how many of them are let through. */
    const admitted = async (networks: number, addressOf: (network: number) => string) => {
      let count = 0
      for (let network = 0; network < networks; network += 1) {
        const statuses = await statusesOf(10, () => verify(addressOf(network)))
        count += statuses.filter((status) => status !== 429).length
      }
      return count
    }
    expect(await admitted(1, () => '2001:db8:1::1')).toBe(5)
    expect(await admitted(9, (network) => `2001:db8:2:${network}::1`)).toBe(20)
    expect(await admitted(20, (network) => `2001:db8:3:${(network * 256).toString(16)}::1`)).toBe(80)
    expect(await admitted(1, () => '2001:db8:4::1')).toBe(5)
  })

  it('does not count what a /64 was refused against its /56, so that a flood shuts no neighbour out', async () => {
    const { ask } = freshWorker()
    const verify = (address: string) => ask('POST', '/auth/verify-email', address, VERIFY)
    await statusesOf(50, () => verify('2001:db8:1:1::1'))
    expect(await statusesOf(5, () => verify('2001:db8:1:2::1'))).not.toContain(429)
  })

  it('says what the tightest of the three networks leaves', async () => {
    const { ask } = freshWorker()
    const leftOf = async (address: string) => {
      const response = await ask('POST', '/auth/verify-email', address, VERIFY)
      return membersOf(response, 'RateLimit').find((member) => member.startsWith('"sensitive"'))
    }
    for (let network = 0; network < 3; network += 1)
      for (let left = 4; left >= 0; left -= 1)
        expect(await leftOf(`2001:db8:1:${network}::1`)).toBe(`"sensitive";r=${left};t=60`)
    expect(await leftOf('2001:db8:1:4::1')).toBe('"sensitive";r=4;t=60')
    expect(await leftOf('2001:db8:1:5::1')).toBe('"sensitive";r=3;t=60')
    expect(await leftOf('2001:db8:1:6::1')).toBe('"sensitive";r=2;t=60')
    expect(await leftOf('2001:db8:2::1')).toBe('"sensitive";r=4;t=60')
  })

  it('costs no more KV operations for an IPv6 client than for one of IPv4', async () => {
    const costOf = async (address: string) => {
      const { ask, kv } = freshWorker()
      await statusesOf(3, () => ask('POST', '/auth/verify-email', address, VERIFY))
      const { reads, writes } = kv.take()
      return { reads, writes }
    }
    expect(await costOf('2001:db8:1:2::1')).toEqual(await costOf('203.0.113.1'))
  })

  it('counts Workers of other zones by their zone, so that none is shut out by another’s', async () => {
    const { ask } = freshWorker({ RATE_LIMIT_PER_MINUTE: '10' })
    const call = (zone: string) => ask('GET', '/health', '2a06:98c0:3600::103', { headers: { 'CF-Worker': zone } })
    expect(await statusesOf(11, () => call('flood.example'))).toContain(429)
    expect((await call('shop.example')).status).toBe(200)
  })

  it('does not believe CF-Worker from any other address', async () => {
    const { ask } = freshWorker({ RATE_LIMIT_PER_MINUTE: '10' })
    let zone = 0
    const statuses = await statusesOf(11, () => {
      zone += 1
      return ask('GET', '/health', '203.0.113.1', { headers: { 'CF-Worker': `zone${zone}.example` } })
    })
    expect(statuses.at(-1)).toBe(429)
  })

  it('counts an IPv6 subscriber’s whole /64 together, and IPv4 in either form', async () => {
    const { ask } = freshWorker()
    let host = 0
    const anyOf64 = () => {
      host += 1
      return ask('POST', '/auth/forgot-password', `2001:db8:1:2::${host.toString(16)}`, FORGOT)
    }
    expect(await statusesOf(6, anyOf64)).toEqual([202, 202, 202, 202, 202, 429])
    expect((await ask('POST', '/auth/forgot-password', '2001:db8:1:3::1', FORGOT)).status).toBe(202)
    await statusesOf(5, () => ask('POST', '/auth/forgot-password', '203.0.113.9', FORGOT))
    expect((await ask('POST', '/auth/forgot-password', '::ffff:203.0.113.9', FORGOT)).status).toBe(429)
  })

  it('believes CF-Connecting-IP alone: X-Forwarded-For and its like change nothing (ASVS 4.1.3, 15.3.4)', async () => {
    const { ask } = freshWorker()
    let forged = 0
    const statuses = await statusesOf(6, () => {
      forged += 1
      const address = `198.51.100.${forged}`
      const headers = {
        'X-Forwarded-For': address,
        'X-Real-IP': address,
        'True-Client-IP': address,
        Forwarded: `for=${address}`,
      }
      return ask('POST', '/auth/forgot-password', '203.0.113.1', { ...FORGOT, headers })
    })
    expect(statuses).toEqual([202, 202, 202, 202, 202, 429])
  })

  it('does not count all requests without a client address together, so that none shuts out the others', async () => {
    const { ask, kv } = freshWorker({ RATE_LIMIT_PER_MINUTE: '10' })
    const headers = { 'X-Forwarded-For': '198.51.100.1' }
    const statuses = await statusesOf(30, () => ask('POST', '/auth/forgot-password', null, { ...FORGOT, headers }))
    expect(new Set(statuses)).toEqual(new Set([202]))
    expect(kv.take()).toMatchObject({ reads: 0, writes: 0 })
  })

  it('warns once an isolate in production that requests without an address are not limited', async () => {
    const { ask } = freshWorker({
      ENVIRONMENT: 'production',
      ISSUER: 'https://auth.example.com',
      MAIL_TRANSPORT: 'binding',
      MAIL_FROM: 'auth@example.com',
    })
    const log = captureLog()
    const origin = 'https://auth.example.com'
    await ask('GET', '/health', '203.0.113.1', { origin })
    expect(log.lines().some(({ level }) => level === 'warn')).toBe(false)
    await statusesOf(3, () => ask('GET', '/health', null, { origin }))
    const warnings = log.lines().filter(({ level }) => level === 'warn')
    log.release()
    expect(warnings.map(({ message }) => message)).toEqual([expect.stringContaining('no client address')])
  })

  it('lets no spelling of a path skip its limit (better-auth CVE-2025-71399)', async () => {
    const { ask } = freshWorker()
    await statusesOf(5, () => ask('POST', '/auth/login', '203.0.113.1', LOGIN))
    const spellings = [
      '/auth/login',
      '/auth/login?x=1',
      '/auth/login#x',
      '/auth/%6cogin',
      '/%61uth/login',
      '/auth/x/../login',
      '/auth/./login',
      '/auth/%2e/login',
      '//auth/login',
      '/auth//login',
      '/auth/login/',
      '/auth/login//',
      '/AUTH/LOGIN',
      '/Auth/Login',
      '/auth/login%00',
      '/auth/login%20',
      '/auth%2flogin',
      '/auth/login;x=1',
      '/auth\\login',
      '/auth/log%69n%3f',
    ]
    for (const path of spellings) {
      const response = await ask('POST', path, '203.0.113.1', LOGIN)
      expect([404, 429], `${path}: ${response.status}`).toContain(response.status)
    }
    for (const path of ['/auth/login', '/auth/%6cogin', '/auth/x/../login'])
      expect((await ask('POST', path, '203.0.113.1', LOGIN)).status, path).toBe(429)
  })

  it('counts wrong spellings of a path towards the limit of all requests (better-auth CVE-2025-71399)', async () => {
    const { ask } = freshWorker({ RATE_LIMIT_PER_MINUTE: '10' })
    expect(await statusesOf(11, () => ask('POST', '//auth/login', '203.0.113.1', LOGIN))).toEqual([
      ...Array(10).fill(404),
      429,
    ])
  })

  it('refuses before anything is done, even before the body is read', async () => {
    const { ask } = freshWorker()
    const statuses = await statusesOf(6, () => ask('POST', '/auth/login', '203.0.113.1', { body: { not: 'valid' } }))
    expect(statuses).toEqual([400, 400, 400, 400, 400, 429])
  })

  it('limits nothing where RATE_LIMITS is off, which production refuses', async () => {
    const { ask } = freshWorker({ RATE_LIMITS: 'off' })
    expect(await statusesOf(8, () => ask('POST', '/auth/forgot-password', '203.0.113.1', FORGOT))).not.toContain(429)
    const production = freshWorker({
      RATE_LIMITS: 'off',
      ENVIRONMENT: 'production',
      ISSUER: 'https://auth.example.com',
      MAIL_TRANSPORT: 'binding',
      MAIL_FROM: 'auth@example.com',
    })
    const logged = vi.spyOn(console, 'error').mockImplementation(() => undefined)
    expect((await production.ask('GET', '/health', '203.0.113.1')).status).toBe(500)
    expect(String(logged.mock.calls)).toContain('RATE_LIMITS')
    logged.mockRestore()
  })

  it.each(['refuse', 'hang'] as const)(
    'answers as ever and without delay while KV is told to %s, and logs it (buildinternet/uploads#805)',
    async (how) => {
      const logged = vi.spyOn(console, 'error').mockImplementation(() => undefined)
      const { ask, kv } = freshWorker()
      kv.break(how)
      const statuses = await statusesOf(6, () => ask('POST', '/auth/forgot-password', '203.0.113.1', FORGOT))
      expect(statuses).toEqual([202, 202, 202, 202, 202, 429])
      expect(String(logged.mock.calls)).toContain('rate-limit counter not read')
      logged.mockRestore()
    },
  )
})
/** The fields must parse as these (RFC 9651). */
const POLICY = /^"([a-z-]+)";q=(\d+);w=(\d+)$/
const STATE = /^"([a-z-]+)";r=(\d+);t=(\d+)$/

describe('the fields of draft-ietf-httpapi-ratelimit-headers', () => {
  it('name every policy that was applied and what is left of each', async () => {
    const { ask } = freshWorker()
    pass(15_000)
    const response = await ask('POST', '/auth/verify-email', '203.0.113.1', VERIFY)
    expect(membersOf(response, 'RateLimit-Policy')).toEqual(['"global";q=300;w=60', '"sensitive";q=5;w=60'])
    expect(membersOf(response, 'RateLimit')).toEqual(['"global";r=299;t=45', '"sensitive";r=4;t=45'])
    expect(response.headers.get('Retry-After')).toBeNull()
  })

  it('are on refusals too, with a Retry-After that is long enough', async () => {
    const { ask } = freshWorker()
    pass(15_000)
    await statusesOf(5, () => ask('POST', '/auth/verify-email', '203.0.113.1', VERIFY))
    const refused = await ask('POST', '/auth/verify-email', '203.0.113.1', VERIFY)
    expect(refused.status).toBe(429)
    expect(refused.headers.get('Content-Type')).toBe('application/problem+json')
    expect(membersOf(refused, 'RateLimit')).toEqual(['"global";r=294;t=45', '"sensitive";r=0;t=45'])
    for (const member of membersOf(refused, 'RateLimit')) expect(member).toMatch(STATE)
    for (const member of membersOf(refused, 'RateLimit-Policy')) expect(member).toMatch(POLICY)
    expect(refused.headers.get('Retry-After')).toBe('45')
    pass(44_999)
    expect((await ask('POST', '/auth/verify-email', '203.0.113.1', VERIFY)).status).toBe(429)
    pass(1)
    expect((await ask('POST', '/auth/verify-email', '203.0.113.1', VERIFY)).status).toBe(400)
  })

  it('are readable by the pages of allowed origins', async () => {
    const { ask } = freshWorker({ ALLOWED_ORIGINS: 'https://app.example.com' })
    const headers = { Origin: 'https://app.example.com' }
    const response = await ask('POST', '/auth/forgot-password', '203.0.113.1', { ...FORGOT, headers })
    expect(response.headers.get('Access-Control-Expose-Headers')).toMatch(/RateLimit.*RateLimit-Policy/)
  })
})
