import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { RATE_CLASSES } from '../../src/config.ts'
import { toRateKey } from '../../src/http/client-address.ts'
import { createRateLimiter, type RatePolicy, type RateState } from '../../src/platform/rate-limiter.ts'
import { callWorker } from '../support/call-worker.ts'
import { PASSWORD, refusalOf } from '../support/client.ts'
import { listOperations, samplesOf } from '../support/openapi.ts'
import { createProductionKv, type ProductionKv } from '../support/production-kv.ts'

/** The start of a minute, so that windows begin with the test. */
const MINUTE_START = Date.parse('2026-11-20T08:00:00Z')
const SENSITIVE = RATE_CLASSES.sensitive
const GLOBAL: RatePolicy = { requests: 300, windowSeconds: 60 }

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: MINUTE_START })
})
afterEach(() => {
  vi.useRealTimers()
})

const pass = (milliseconds: number) => vi.setSystemTime(Date.now() + milliseconds)
const passToNextMinute = () => vi.setSystemTime(Math.floor(Date.now() / 60_000 + 1) * 60_000)

/** One isolate: a memory of its own, and KV as its location sees it. */
function isolate(kv: ProductionKv, location = 'FRA') {
  const pending: Promise<unknown>[] = []
  const limiter = createRateLimiter(kv.at(location), new Map(), {
    now: Date.now,
    waitUntil: (promise) => pending.push(promise),
  })
  return {
    async count(policy: RatePolicy, key = 'client'): Promise<RateState> {
      const state = await limiter.count(key, policy)
      await Promise.all(pending.splice(0))
      return state
    },
  }
}

/** How many of so many requests are let through, spread evenly over a time. */
async function admitted(
  isolates: readonly ReturnType<typeof isolate>[],
  requests: number,
  { policy = SENSITIVE as RatePolicy, overMs = 0 } = {},
): Promise<number> {
  let count = 0
  for (let sent = 0; sent < requests; sent += 1) {
    const state = await isolates[sent % isolates.length]?.count(policy)
    if (state?.isAllowed) count += 1
    if (overMs > 0) pass(overMs / requests)
  }
  return count
}

describe('the rate limiter against KV as production is (issue 3, line 2; decision 5)', () => {
  it('in one isolate is exact: the limit, and not one more', async () => {
    const kv = createProductionKv()
    const one = isolate(kv)
    expect(await admitted([one], 50)).toBe(SENSITIVE.requests)
    passToNextMinute()
    expect(await admitted([one], 50)).toBe(SENSITIVE.requests)
    expect(await admitted([isolate(kv)], 1000, { policy: GLOBAL })).toBe(GLOBAL.requests)
  })

  it('says what is left and when the window ends', async () => {
    const one = isolate(createProductionKv())
    expect(await one.count(SENSITIVE)).toEqual({ isAllowed: true, remaining: 4, resetSeconds: 60 })
    pass(20_500)
    expect(await one.count(SENSITIVE)).toEqual({ isAllowed: true, remaining: 3, resetSeconds: 40 })
    for (let count = 0; count < 3; count += 1) await one.count(SENSITIVE)
    pass(39_400)
    expect(await one.count(SENSITIVE)).toEqual({ isAllowed: false, remaining: 0, resetSeconds: 1 })
    pass(100)
    expect((await one.count(SENSITIVE)).isAllowed).toBe(true)
  })

  it('asks KV nothing far below the limit', async () => {
    const kv = createProductionKv()
    const one = isolate(kv)
    for (let minute = 0; minute < 10; minute += 1) {
      await admitted([one], GLOBAL.requests * 0.2, { policy: GLOBAL, overMs: 59_000 })
      expect((await one.count(SENSITIVE, 'client at login')).isAllowed).toBe(true)
      passToNextMinute()
    }
    expect(kv.take()).toEqual({ reads: 0, writes: 0, tooManyWrites: 0, badRequests: 0 })
  })

  it('reads once a window, and writes in steps of a tenth of the limit, a second or more apart', async () => {
    for (const policy of [SENSITIVE, GLOBAL]) {
      const kv = createProductionKv()
      await admitted([isolate(kv)], 1000, { policy, overMs: 59_000 })
      const { reads, writes, ...refused } = kv.take()
      expect(reads).toBe(1)
      expect(writes).toBeLessThanOrEqual(10)
      expect(refused).toEqual({ tooManyWrites: 0, badRequests: 0 })
      for (const key of kv.keys()) {
        const times = kv.writtenAt(key)
        for (const [index, at] of times.slice(1).entries())
          expect(at - (times[index] ?? 0)).toBeGreaterThanOrEqual(1000)
      }
    }
  })

  it('stops writing once KV knows that the limit is reached', async () => {
    const kv = createProductionKv()
    const one = isolate(kv)
    await admitted([one], 20, { overMs: 20_000 })
    kv.take()
    pass(12_000)
    await admitted([one, isolate(kv)], 100, { overMs: 20_000 })
    expect(kv.take().writes).toBe(0)
  })

  it('many isolates never make an error of it: KV takes one write a second, the rest are lost and logged', async () => {
    const logged = vi.spyOn(console, 'error').mockImplementation(() => undefined)
    const kv = createProductionKv({ propagationMs: 0 })
    const isolates = Array.from({ length: 20 }, () => isolate(kv))
    await admitted(isolates, 2000, { policy: GLOBAL, overMs: 59_000 })
    const { tooManyWrites, badRequests, writes } = kv.take()
    expect(badRequests).toBe(0)
    expect(writes).toBeLessThanOrEqual(20 * 10)
    expect(logged).toHaveBeenCalledTimes(tooManyWrites)
    for (const key of kv.keys()) expect(kv.writtenAt(key).length).toBeLessThanOrEqual(60)
    logged.mockRestore()
  })

  describe('overshoot: isolates × limit at worst (docs/security.md)', () => {
    // Isolates that write in one second are refused by KV, which is logged each time.
    beforeEach(() => void vi.spyOn(console, 'error').mockImplementation(() => undefined))

    it('is reached when no isolate knows of another: other locations, misses cached for a minute', async () => {
      const kv = createProductionKv()
      const isolates = Array.from({ length: 8 }, (_, index) => isolate(kv, `location ${index}`))
      for (let minute = 0; minute < 5; minute += 1) {
        expect(await admitted(isolates, 400, { overMs: 59_000 })).toBe(8 * SENSITIVE.requests)
        passToNextMinute()
      }
    })

    it.each([1, 2, 3, 8, 20])('never exceeds it, with %i isolates, in any clock minute', async (size) => {
      for (const propagationMs of [0, 10_000, 60_000]) {
        const kv = createProductionKv({ propagationMs })
        const isolates = Array.from({ length: size }, (_, index) => isolate(kv, `location ${index % 3}`))
        for (let minute = 0; minute < 2; minute += 1) {
          const count = await admitted(isolates, size * 20, { overMs: 50_000 })
          expect(count).toBeLessThanOrEqual(size * SENSITIVE.requests)
          expect(count).toBeGreaterThanOrEqual(SENSITIVE.requests)
          passToNextMinute()
        }
      }
    })

    it('an isolate that comes later, where KV shows the count, admits what is quiet and no more', async () => {
      const kv = createProductionKv()
      expect(await admitted([isolate(kv)], 20, { overMs: 10_000 })).toBe(5)
      pass(25_000)
      for (let fresh = 0; fresh < 5; fresh += 1) expect(await admitted([isolate(kv)], 20)).toBe(1)
    })

    it('two windows meet: twice the limit within a minute that is not the clock’s, and no more', async () => {
      const one = isolate(createProductionKv())
      vi.setSystemTime(MINUTE_START + 59_000)
      expect(await admitted([one], 20)).toBe(SENSITIVE.requests)
      pass(1000)
      expect(await admitted([one], 20)).toBe(SENSITIVE.requests)
      pass(58_000)
      expect(await admitted([one], 20)).toBe(0)
    })

    it('never counts more than there was: who stays below the limit is not refused, on however many isolates', async () => {
      const logged = vi.spyOn(console, 'error').mockImplementation(() => undefined)
      for (const propagationMs of [0, 60_000])
        for (const size of [1, 2, 5]) {
          const kv = createProductionKv({ propagationMs })
          const isolates = Array.from({ length: size }, () => isolate(kv))
          for (let minute = 0; minute < 3; minute += 1) {
            expect(await admitted(isolates, GLOBAL.requests, { policy: GLOBAL, overMs: 59_000 })).toBe(GLOBAL.requests)
            passToNextMinute()
          }
        }
      logged.mockRestore()
    })
  })

  describe('incident 19 (uploads#805): a store that fails or stalls is no outage (ASVS 16.5.2)', () => {
    it.each(['refuse', 'refuse writes', 'hang'] as const)(
      'KV that is told to %s: this isolate’s own count decides',
      async (how) => {
        const logged = vi.spyOn(console, 'error').mockImplementation(() => undefined)
        const kv = createProductionKv()
        kv.break(how)
        const limiter = createRateLimiter(kv.at('FRA'), new Map(), { now: Date.now, waitUntil: () => undefined })
        const states: boolean[] = []
        for (let count = 0; count < 8; count += 1) states.push((await limiter.count('client', SENSITIVE)).isAllowed)
        expect(states).toEqual([true, true, true, true, true, false, false, false])
        if (how !== 'refuse writes') expect(String(logged.mock.calls[0])).toContain('rate-limit counter not read')
        logged.mockRestore()
      },
    )

    it('garbage in a counter counts as nothing', async () => {
      const kv = createProductionKv()
      await kv.at('FRA').put(`client:${MINUTE_START / 60_000}`, 'garbage')
      expect(await admitted([isolate(kv)], 20)).toBe(SENSITIVE.requests)
    })
  })
})

describe('what a client is counted by', () => {
  it.each([
    ['203.0.113.7', '203.0.113.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8:1:2:ffff:ffff:ffff:ffff', '2001:db8:1:2::/64'],
    ['2001:DB8:1:2::1', '2001:db8:1:2::/64'],
    ['2001:db8:1:3::1', '2001:db8:1:3::/64'],
    ['::1', '::/64'],
    ['::ffff:203.0.113.7', '203.0.113.7'],
    ['::ffff:cb00:7107', '203.0.113.7'],
    ['', null],
    [null, null],
  ])('%s → %s', (address, key) => {
    expect(toRateKey(address)).toBe(key)
  })
})

/** A Worker whose memory and counters are its own, so that tests do not count each other's requests. */
function freshWorker(overrides: Record<string, unknown> = {}) {
  const kv = createProductionKv()
  const workerEnv = { ...env, COUNTERS: kv.at('FRA'), ...overrides } as Env
  return {
    kv,
    ask: (method: string, path: string, address: string | null, init: { body?: unknown; headers?: object } = {}) =>
      callWorker(workerEnv, method, path, {
        ...init,
        headers: { ...init.headers, ...(address === null ? {} : { 'CF-Connecting-IP': address }) },
      }),
  }
}
const LOGIN = { body: { identifier: 'nobody@example.com', password: PASSWORD } }
const FORGOT = { body: { email: 'nobody@example.com' } }

/** The statuses of so many requests. */
async function statusesOf(count: number, ask: () => Promise<Response>): Promise<number[]> {
  const statuses: number[] = []
  for (let sent = 0; sent < count; sent += 1) statuses.push((await ask()).status)
  return statuses
}

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
      expect(await refusalOf(await ask('GET', path, '203.0.113.1'))).toEqual({ status: 429, code: 'rate_limited' })
    expect((await ask('GET', '/health', '203.0.113.2')).status).toBe(200)
    const strict = freshWorker({ RATE_LIMIT_PER_MINUTE: '10' })
    expect(await statusesOf(12, () => strict.ask('GET', '/health', '203.0.113.1'))).toEqual([
      ...Array(10).fill(200),
      429,
      429,
    ])
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

  it('incident 14: requests without an address are not pooled into one bucket', async () => {
    const { ask, kv } = freshWorker({ RATE_LIMIT_PER_MINUTE: '10' })
    const headers = { 'X-Forwarded-For': '198.51.100.1' }
    const statuses = await statusesOf(30, () => ask('POST', '/auth/forgot-password', null, { ...FORGOT, headers }))
    expect(new Set(statuses)).toEqual(new Set([202]))
    expect(kv.take()).toMatchObject({ reads: 0, writes: 0 })
  })

  it('incident 1 (better-auth CVE-2025-71399): no spelling of a path skips its limit', async () => {
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

  it('incident 1: wrong spellings count towards the limit of all requests', async () => {
    const { ask } = freshWorker({ RATE_LIMIT_PER_MINUTE: '10' })
    expect(await statusesOf(11, () => ask('POST', '//auth/login', '203.0.113.1', LOGIN))).toEqual([
      ...Array(10).fill(404),
      429,
    ])
  })

  it('refuses before anything is done: the body is not even read', async () => {
    const { ask } = freshWorker()
    const statuses = await statusesOf(6, () => ask('POST', '/auth/login', '203.0.113.1', { body: { not: 'valid' } }))
    expect(statuses).toEqual([400, 400, 400, 400, 400, 429])
  })

  it('is off where RATE_LIMITS is off, which production refuses', async () => {
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
    'incident 19: KV told to %s is no 5xx and no wait, and is logged',
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
/** RFC 9651: what the fields must parse as. */
const POLICY = /^"([a-z]+)";q=(\d+);w=(\d+)$/
const STATE = /^"([a-z]+)";r=(\d+);t=(\d+)$/
const membersOf = (response: Response, field: string) => (response.headers.get(field) ?? '').split(/\s*,\s*/)

describe('the fields of draft-ietf-httpapi-ratelimit-headers', () => {
  it('name every policy that was applied and what is left of each', async () => {
    const { ask } = freshWorker()
    pass(15_000)
    const response = await ask('POST', '/auth/forgot-password', '203.0.113.1', FORGOT)
    expect(membersOf(response, 'RateLimit-Policy')).toEqual(['"global";q=300;w=60', '"sensitive";q=5;w=60'])
    expect(membersOf(response, 'RateLimit')).toEqual(['"global";r=299;t=45', '"sensitive";r=4;t=45'])
    expect(response.headers.get('Retry-After')).toBeNull()
  })

  it('stand on refusals too, with a Retry-After that holds', async () => {
    const { ask } = freshWorker()
    pass(15_000)
    await statusesOf(5, () => ask('POST', '/auth/forgot-password', '203.0.113.1', FORGOT))
    const refused = await ask('POST', '/auth/forgot-password', '203.0.113.1', FORGOT)
    expect(refused.status).toBe(429)
    expect(refused.headers.get('Content-Type')).toBe('application/problem+json')
    expect(membersOf(refused, 'RateLimit')).toEqual(['"global";r=294;t=45', '"sensitive";r=0;t=45'])
    for (const member of membersOf(refused, 'RateLimit')) expect(member).toMatch(STATE)
    for (const member of membersOf(refused, 'RateLimit-Policy')) expect(member).toMatch(POLICY)
    expect(refused.headers.get('Retry-After')).toBe('45')
    pass(44_999)
    expect((await ask('POST', '/auth/forgot-password', '203.0.113.1', FORGOT)).status).toBe(429)
    pass(1)
    expect((await ask('POST', '/auth/forgot-password', '203.0.113.1', FORGOT)).status).toBe(202)
  })

  it('are readable by the pages of allowed origins', async () => {
    const { ask } = freshWorker({ ALLOWED_ORIGINS: 'https://app.example.com' })
    const headers = { Origin: 'https://app.example.com' }
    const response = await ask('POST', '/auth/forgot-password', '203.0.113.1', { ...FORGOT, headers })
    expect(response.headers.get('Access-Control-Expose-Headers')).toMatch(/RateLimit.*RateLimit-Policy/)
  })
})

/** Every operation that tries a secret a person could guess, or sends a mail. New ones belong here. */
const SENSITIVE_OPERATIONS = [
  'POST /auth/register',
  'POST /auth/verify-email',
  'POST /auth/resend-verification',
  'POST /auth/login',
  'POST /auth/login/mfa',
  'POST /auth/login/mfa/email',
  'POST /auth/forgot-password',
  'POST /auth/reset-password',
  'POST /auth/change-password',
  'POST /auth/change-email',
  'POST /auth/confirm-email-change',
  'DELETE /auth/me',
]
/** These take something that looks like a secret, and 256 random bits or a client's configured secret is nothing to guess. */
const UNGUESSABLE = {
  'POST /auth/refresh': 'a refresh token is a MAC; a page may refresh in several tabs',
  'POST /auth/logout': 'ends what its token names, and says nothing',
  'POST /auth/introspect': 'services ask often; a client secret has 32 characters or more',
  'POST /auth/revoke': 'the same',
  'POST /auth/oauth/exchange': 'a code of 256 bits, bound to its verifier; limited as a step of a flow',
} as const
/** Members of a body that are a secret, or the address a mail goes to. */
const TELLTALES = /^(.*password.*|.*code|.*token|ticket|email|newEmail|identifier|secret)$/i

describe('every operation of the OpenAPI document', () => {
  const operations = listOperations().map((operation) => ({
    ...operation,
    name: `${operation.method} ${operation.path}`,
    members: Object.keys((operation.body?.schema.properties ?? {}) as object).concat(
      ((operation.body?.schema.anyOf ?? operation.body?.schema.oneOf ?? []) as { properties?: object }[]).flatMap(
        ({ properties }) => Object.keys(properties ?? {}),
      ),
    ),
  }))
  const bodyFor = ({ body }: (typeof operations)[number]) =>
    body?.mediaTypes.includes('application/json') ? { body: samplesOf(body.schema)[0] } : {}

  it('that takes a secret or an address is listed here as sensitive, or why it is not', () => {
    const suspects = operations.filter(
      ({ method, members }) => method !== 'GET' && members.some((name) => TELLTALES.test(name)),
    )
    const unlisted = suspects.filter(({ name }) => !SENSITIVE_OPERATIONS.includes(name) && !(name in UNGUESSABLE))
    expect(unlisted.map(({ name }) => name)).toEqual([])
    expect(operations.map(({ name }) => name)).toEqual(expect.arrayContaining(SENSITIVE_OPERATIONS))
  })

  it.each(SENSITIVE_OPERATIONS)('%s is limited to five a minute, before it asks who is calling', async (name) => {
    const operation = operations.find((candidate) => candidate.name === name)
    if (!operation) throw new Error('not in the document')
    const { ask } = freshWorker()
    const send = () => ask(operation.method, operation.path, '203.0.113.1', bodyFor(operation))
    const first = await send()
    expect(membersOf(first, 'RateLimit-Policy')).toEqual(['"global";q=300;w=60', '"sensitive";q=5;w=60'])
    expect(await statusesOf(4, send)).not.toContain(429)
    const refused = await send()
    expect(refused.headers.get('Retry-After')).toBe('60')
    expect(await refusalOf(refused)).toEqual({ status: 429, code: 'rate_limited' })
  })

  it.each(operations.map(({ name }) => name))(
    '%s documents 429 and counts towards the client’s total',
    async (name) => {
      const operation = operations.find((candidate) => candidate.name === name)
      if (!operation) throw new Error('not in the document')
      const { ask } = freshWorker()
      const path = operation.path.replaceAll(/\{[^}]+\}/g, 'x')
      const response = await ask(operation.method, path, '203.0.113.1', bodyFor(operation))
      expect(membersOf(response, 'RateLimit')[0]).toBe('"global";r=299;t=60')
      if (/^\/(health|\.well-known)/.test(operation.path)) return
      expect(operation.statuses).toContain(429)
    },
  )
})
