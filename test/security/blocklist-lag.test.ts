import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import {
  ENDED_HERE_MAX_PER_SHARD,
  ENDED_LIST_MAX_AGE_SECONDS,
  ENDED_LIST_PUBLISH_INTERVAL_MS,
  ENDED_LIST_RENEW_SECONDS,
  ENDED_SESSIONS_SHARDS,
  KV_MIN_CACHE_TTL_SECONDS,
} from '../../src/config.ts'
import { blocklistOf, createDeployment, holdClock, PROPAGATION_MS, pass } from '../support/locations.ts'
import { newSessionIn } from '../support/shards.ts'

const CACHED_MS = KV_MIN_CACHE_TTL_SECONDS * 1000
const MAX_AGE_MS = ENDED_LIST_MAX_AGE_SECONDS * 1000
const RENEW_MS = ENDED_LIST_RENEW_SECONDS * 1000
/**
 * Production may go on accepting a token for at most this long: until the next publication, on the way to other
 * locations, in their caches, and in the memory of an isolate.
 */
const WORST_LAG_MS = ENDED_LIST_PUBLISH_INTERVAL_MS + PROPAGATION_MS + CACHED_MS + MAX_AGE_MS

const newSession = () => newSessionIn(5)

beforeEach(holdClock)
afterEach(() => {
  vi.useRealTimers()
})

describe('how late a read may learn that a session has ended (ASVS 7.4.1)', () => {
  it('is 105 s at most: 1 s to publish, 60 s on the way, 30 s in a cache and 14 s in an isolate', async () => {
    expect(WORST_LAG_MS).toBe(105_000)
    const { at, here, shards } = createDeployment()
    const [reader, warmer] = [blocklistOf(at('SYD')), blocklistOf(at('SYD'))]
    const victim = newSession()
    await blocklistOf(here).revoke(newSession())
    await shards.publish()
    pass(1)
    const endedAt = Date.now()
    await blocklistOf(here).revoke(victim)
    pass(ENDED_LIST_PUBLISH_INTERVAL_MS - 1)
    await shards.publish()
    // Each step reads at the last moment at which it still gets what is old.
    pass(PROPAGATION_MS - 1)
    expect(await warmer.isRevoked(victim)).toBe(false)
    pass(CACHED_MS - 1)
    expect(await reader.isRevoked(victim)).toBe(false)
    pass(MAX_AGE_MS - 1)
    expect(await reader.isRevoked(victim)).toBe(false)
    pass(1)
    expect(await reader.isRevoked(victim)).toBe(true)
    expect(Date.now() - endedAt).toBeLessThanOrEqual(WORST_LAG_MS)
    expect(Date.now() - endedAt).toBeGreaterThan(WORST_LAG_MS - 10)
  })

  it('is within the bound in every isolate, however often it is asked', async () => {
    const { at, here, shards } = createDeployment()
    const ended: { victim: string; endedAt: number }[] = []
    const isolates = [1, 3, 7, 11, 13, 29].map((everySeconds) => ({ everySeconds, blocklist: blocklistOf(at('SYD')) }))
    const askAll = async (second: number) => {
      const due = ended.filter(({ endedAt }) => Date.now() - endedAt >= WORST_LAG_MS)
      for (const { everySeconds, blocklist } of isolates.filter((isolate) => second % isolate.everySeconds === 0)) {
        await blocklist.isRevoked(newSession())
        for (const { victim } of due) expect(await blocklist.isRevoked(victim), `every ${everySeconds} s`).toBe(true)
      }
    }
    for (let second = 0; second < 240; second += 1) {
      const victim = newSession()
      if (second % 5 === 0) await blocklistOf(here).revoke(victim)
      if (second % 5 === 0) ended.push({ victim, endedAt: Date.now() })
      pass(1000)
      await shards.publish()
      await askAll(second)
    }
    expect(ended).toHaveLength(48)
  }, 60_000)

  it('is nothing in the isolate that ended it, before anything is published', async () => {
    const { here, shards } = createDeployment()
    const victim = newSession()
    expect(await blocklistOf(here).isRevoked(victim)).toBe(false)
    await blocklistOf(here).revoke(victim)
    expect(await blocklistOf(here).isRevoked(victim)).toBe(true)
    await shards.publish()
    expect(await blocklistOf(here).isRevoked(victim)).toBe(true)
  })

  it('is nothing in a new isolate where KV has cached nothing, once the list is published', async () => {
    const { at, here, shards } = createDeployment()
    const victim = newSession()
    await blocklistOf(here).revoke(victim)
    await shards.publish()
    expect(await blocklistOf(at('FRA')).isRevoked(victim)).toBe(true)
  })

  it('never begins again: a session that an isolate knows to have ended stays so for as long as a token may live', async () => {
    const { at, here, shards } = createDeployment()
    const victim = newSession()
    await blocklistOf(here).revoke(victim)
    await shards.publish()
    pass(WORST_LAG_MS)
    const reader = blocklistOf(at('SYD'))
    for (let hour = 0; hour < 24; hour += 1) {
      expect(await reader.isRevoked(victim), `hour ${hour}`).toBe(true)
      await blocklistOf(here).revoke(victim, newSession())
      pass(3_599_000)
      await shards.publish()
      pass(1000)
    }
  })
})

describe('what an isolate remembers', () => {
  it('takes one read of KV for a shard when it is new, and none that a request waits for while it is in use', async () => {
    const { here, kv } = createDeployment()
    const reader = blocklistOf(here)
    kv.take()
    for (let second = 0; second < 60; second += 1) {
      expect(await reader.isRevoked(newSession())).toBe(false)
      pass(1000)
    }
    // One read a renewal: after 0, 10, 20, 30, 40 and 50 seconds.
    expect(kv.take()).toMatchObject({ reads: 60_000 / RENEW_MS, writes: 0 })
  })

  it('is read by one request at a time, whose answer nobody waits for', async () => {
    const { here, kv } = createDeployment()
    const reader = blocklistOf(here)
    await reader.isRevoked(newSession())
    pass(RENEW_MS)
    kv.take()
    await Promise.all(Array.from({ length: 50 }, () => reader.isRevoked(newSession())))
    expect(kv.take().reads).toBe(1)
  })

  it('is a list for each shard, which it reads only when it is asked about one', async () => {
    const { here, kv } = createDeployment()
    const reader = blocklistOf(here)
    for (let shard = 0; shard < ENDED_SESSIONS_SHARDS; shard += 1) await reader.isRevoked(newSessionIn(shard))
    expect(kv.take().reads).toBe(ENDED_SESSIONS_SHARDS)
    for (let shard = 0; shard < ENDED_SESSIONS_SHARDS; shard += 1) await reader.isRevoked(newSessionIn(shard))
    expect(kv.take().reads).toBe(0)
  })

  it('of its own endings is bounded: beyond a thousand in a shard the oldest is known by its published list', async () => {
    const { here, shards, kv } = createDeployment()
    const isolate = blocklistOf(here)
    const first = newSession()
    await isolate.revoke(first)
    await isolate.revoke(...Array.from({ length: ENDED_HERE_MAX_PER_SHARD }, newSession))
    kv.take()
    expect(await isolate.isRevoked(first)).toBe(false)
    expect(kv.take().reads).toBe(1)
    await shards.publish()
    pass(CACHED_MS)
    expect(await isolate.isRevoked(first)).toBe(true)
  })

  it('is renewed by a request that waits where the renewal after an answer has failed', async () => {
    const { here, kv } = createDeployment()
    const [reader, victim] = [blocklistOf(here), newSession()]
    await reader.isRevoked(victim)
    pass(RENEW_MS)
    kv.break('refuse')
    expect(await reader.isRevoked(victim)).toBe(false)
    kv.break('work')
    kv.take()
    pass(MAX_AGE_MS - RENEW_MS)
    await reader.isRevoked(victim)
    expect(kv.take().reads).toBe(1)
  })

  it('is right again at once when the clock was set back', async () => {
    const { here, at, shards } = createDeployment()
    const reader = blocklistOf(at('FRA'))
    const victim = newSession()
    pass(600_000)
    await reader.isRevoked(victim)
    pass(-600_000)
    await blocklistOf(here).revoke(victim)
    await shards.publish()
    expect(await reader.isRevoked(victim)).toBe(false)
    pass(-CACHED_MS)
    pass(600_000 + 3 * CACHED_MS)
    expect(await reader.isRevoked(victim)).toBe(true)
  })
})
