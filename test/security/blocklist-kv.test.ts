import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import {
  DEPENDENCY_TIMEOUT_MS,
  ENDED_LIST_MAX_AGE_SECONDS,
  ENDED_LIST_RENEW_SECONDS,
  ENDED_LIST_STALE_MAX_SECONDS,
  KV_MIN_TTL_SECONDS,
} from '../../src/config.ts'
import { DependencyError } from '../../src/errors.ts'
import { signedIn, verified } from '../support/accounts.ts'
import { expectRefusal } from '../support/answers.ts'
import { callWorker } from '../support/call-worker.ts'
import { bearer, logIn, PASSWORD, type SignedIn } from '../support/client.ts'
import { ENDINGS } from '../support/endings.ts'
import { blocklistOf, change, createDeployment, holdClock, logOut, pass, read } from '../support/locations.ts'
import { fakeOwnTimers } from '../support/own-timers.ts'
import { newSessionIn } from '../support/shards.ts'

const MAX_AGE_MS = ENDED_LIST_MAX_AGE_SECONDS * 1000
const RENEW_MS = ENDED_LIST_RENEW_SECONDS * 1000
const STALE_MAX_MS = ENDED_LIST_STALE_MAX_SECONDS * 1000
/** By then every isolate knows what is published now. */
const WORST_LAG_MS = 105_000

const newSession = () => newSessionIn(5)

let errors: ReturnType<typeof vi.spyOn>
beforeEach(() => {
  holdClock()
  errors = vi.spyOn(console, 'error').mockImplementation(() => undefined)
})
afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

describe('an isolate, when KV fails', () => {
  it.each(['refuse', 'hang'] as const)(
    'told to %s, an isolate goes on for five minutes with what it knows, logs it once, and then refuses (ASVS 16.5.3)',
    async (how) => {
      const { at, here, kv, shards } = createDeployment()
      const [victim, guest] = [newSession(), newSession()]
      await blocklistOf(here).revoke(victim)
      await shards.publish()
      const reader = blocklistOf(at('FRA'))
      expect([await reader.isRevoked(victim), await reader.isRevoked(guest)]).toEqual([true, false])
      kv.break(how)
      // Deadlines pass at once.
      const run = fakeOwnTimers({ withDate: true })
      const ask = async (id: string) => {
        const asking = run(() => reader.isRevoked(id))
        void asking.catch(() => {})
        await vi.advanceTimersByTimeAsync(0)
        const before = Date.now()
        while (vi.getTimerCount() > 0) await vi.advanceTimersToNextTimerAsync()
        vi.setSystemTime(before)
        return await asking
      }
      for (let age = 0; age < STALE_MAX_MS; age += 5000) {
        expect([await ask(victim), await ask(guest)], `${age} ms`).toEqual([true, false])
        pass(5000)
      }
      expect(errors).toHaveBeenCalledTimes(1)
      await expect(ask(victim)).rejects.toThrow(DependencyError)
      await expect(ask(guest)).rejects.toThrow(DependencyError)
      kv.break('work')
      expect([await ask(victim), await ask(guest)]).toEqual([true, false])
    },
  )

  it('a new isolate refuses at once, because it knows nothing, and works as soon as KV does', async () => {
    const { here, kv } = createDeployment()
    const reader = blocklistOf(here)
    kv.break('refuse')
    await expect(reader.isRevoked(newSession())).rejects.toThrow(DependencyError)
    kv.break('work')
    expect(await reader.isRevoked(newSession())).toBe(false)
  })

  it('it is asked once in ten seconds while the other requests are answered from memory', async () => {
    const { here, kv } = createDeployment()
    const reader = blocklistOf(here)
    await reader.isRevoked(newSession())
    kv.break('refuse')
    pass(MAX_AGE_MS)
    await reader.isRevoked(newSession())
    kv.take()
    for (let second = 0; second < 60; second += 1) {
      pass(1000)
      await Promise.all(Array.from({ length: 10 }, () => reader.isRevoked(newSession())))
    }
    expect(kv.take().reads).toBe(60_000 / RENEW_MS)
  })

  it('with a list that is damaged, it is as if KV did not answer', async () => {
    const { here, kv, shards } = createDeployment()
    await kv.at('FRA').put(shards.keyFor(newSession()), new Uint8Array(12))
    await expect(blocklistOf(here).isRevoked(newSession())).rejects.toThrow(DependencyError)
  })

  it('for writes alone, the other isolates learn of an end a minute after it works again at the latest', async () => {
    const { at, here, kv, shards } = createDeployment()
    const victim = newSession()
    kv.break('refuse writes')
    await blocklistOf(here).revoke(victim)
    for (let tries = 0; tries < 10; tries += 1) {
      await shards.publish()
      pass(60_000)
    }
    expect(await blocklistOf(here).isRevoked(victim)).toBe(true)
    const reader = blocklistOf(at('SYD'))
    expect(await reader.isRevoked(victim)).toBe(false)
    kv.break('work')
    await shards.publish()
    pass(WORST_LAG_MS)
    expect(await reader.isRevoked(victim)).toBe(true)
  })
})

describe('a request, when KV fails', () => {
  it.each(['refuse', 'refuse writes', 'hang'] as const)(
    'told to %s, every change is done without it, and nothing is queued',
    async (how) => {
      for (const [, end] of ENDINGS) {
        const { here, kv, queued } = createDeployment()
        const { email } = await verified()
        const [victim, other] = [await logIn(email), await logIn(email)]
        kv.break(how)
        expect((await end(here, { victim, other })).status).toBe(204)
        expect(queued).toEqual([])
        expect([await change(here, victim), await read(here, victim)]).toEqual([401, 401])
        expect(kv.take().writes).toBe(0)
      }
    },
  )

  it('reads of others are refused with 503 where an isolate knows no list, and answered where it does', async () => {
    const { here, at, kv } = createDeployment()
    const guest = await signedIn()
    expect(await read(here, guest)).toBe(200)
    kv.break('refuse')
    expect(await read(here, guest)).toBe(200)
    const refused = await callWorker(at('FRA'), 'GET', '/auth/session', { headers: bearer(guest.tokens.accessToken) })
    expect(refused.headers.get('Retry-After')).toMatch(/^\d+$/)
    await expectRefusal(refused, 503, 'dependency_unavailable')
    for (const path of ['/auth/me', '/auth/sessions']) expect(await read(at('FRA'), guest, path)).toBe(200)
  })

  it('a request waits for ten seconds and no longer where the isolate knows no list', async () => {
    const { here, kv } = createDeployment()
    const victim = await signedIn()
    await callWorker(here, 'GET', '/.well-known/jwks.json')
    kv.break('hang')
    const run = fakeOwnTimers()
    let status: number | null = null
    const reading = run(() => read(here, victim)).then((answered) => (status = answered))
    while (vi.getTimerCount() === 0) await scheduler.wait(1)
    await vi.advanceTimersByTimeAsync(DEPENDENCY_TIMEOUT_MS - 1)
    expect(status).toBeNull()
    await vi.advanceTimersByTimeAsync(1)
    expect(await reading).toBe(503)
    expect(DEPENDENCY_TIMEOUT_MS).toBe(10_000)
  })
})

/** Vite adds this function, which reads files as text. */
interface RawGlob {
  glob(pattern: string, options: { query: '?raw'; import: 'default'; eager: true }): Record<string, string>
}

describe('the life of a value in KV, which takes no less than 60 s', () => {
  it('is 60 s or more, however short a token lives (better-auth#7124, openauth 0.4.3)', async () => {
    for (const ttl of [60, 61, 900, 86_400]) {
      const { kv, here, shards } = createDeployment()
      const short = { ...here, ACCESS_TOKEN_TTL_SECONDS: String(ttl) } as Env
      const response = await callWorker(short, 'POST', '/auth/login', {
        body: { identifier: (await verified()).email, password: PASSWORD },
      })
      const session: SignedIn = await response.json()
      expect((await logOut(short, session)).status).toBe(204)
      await shards.publish()
      expect(kv.take()).toMatchObject({ writes: 1, badRequests: 0 })
    }
  })

  it('is bounded from below in every source file that writes to KV', async () => {
    const sources = (import.meta as unknown as RawGlob).glob('../../src/**/*.ts', {
      query: '?raw',
      import: 'default',
      eager: true,
    })
    const literal = Object.entries(sources).filter(([, text]) =>
      /(expirationTtl|cacheTtl):\s*\d|expiration:/.test(text),
    )
    expect(literal.map(([path]) => path)).toEqual([])
    const kvWriters = Object.entries(sources).filter(([, text]) => text.includes('expirationTtl'))
    expect(kvWriters.map(([path]) => path.split('/').at(-1)).sort()).toEqual(['ended-sessions.ts', 'rate-limiter.ts'])
    // The time to live of a list is more than a day. That of a count is its window and the least that KV accepts.
    for (const [path, text] of kvWriters)
      expect(text, path).toMatch(/expirationTtl(: ENDED_SESSION_KEEP_SECONDS| = windowSeconds \+ KV_MIN_TTL_SECONDS)/)
    expect(KV_MIN_TTL_SECONDS).toBe(60)
  })
})
