import { evictDurableObject } from 'cloudflare:test'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import {
  DEPENDENCY_TIMEOUT_MS,
  ENDED_LIST_PUBLISH_INTERVAL_MS,
  ENDED_LIST_PUBLISH_MAX_PAUSE_MS,
  ENDED_SESSION_KEEP_SECONDS,
} from '../../src/config.ts'
import { type EndedList, hasEntry, placeOf } from '../../src/domain/ended-sessions.ts'
import { readEndedList } from '../../src/platform/ended-lists.ts'
import { holdClock, pass } from '../support/locations.ts'
import { fakeOwnTimers } from '../support/own-timers.ts'
import { createReader, createShard } from '../support/shard-bench.ts'
import { inObject } from '../support/shards.ts'

const names = (list: EndedList, id: string) => hasEntry(list, placeOf(id).entry)

afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

describe('publication of ended sessions', () => {
  beforeEach(holdClock)

  it('comes at once after a quiet time, and then a second after the last one, with all that ended meanwhile', async () => {
    const { end, newId, publish, writes, alarmAt, list, kv } = createShard()
    const [first, second, third] = [newId(), newId(), newId()]
    const start = Date.now()
    await end(first)
    expect(await alarmAt()).toBe(start)
    await publish()
    pass(10)
    await end(second)
    pass(10)
    await end(third)
    expect(await alarmAt()).toBe(start + ENDED_LIST_PUBLISH_INTERVAL_MS)
    pass(ENDED_LIST_PUBLISH_INTERVAL_MS - 20)
    await publish()
    expect(writes()).toEqual([start, start + ENDED_LIST_PUBLISH_INTERVAL_MS])
    const published = await list()
    expect([first, second, third].map((id) => names(published, id))).toEqual([true, true, true])
    expect(kv.take()).toMatchObject({ writes: 2, tooManyWrites: 0 })
  })

  it('is held up by no clock that was ahead and was set back, before or after it was published', async () => {
    const { end, newId, publish, alarmAt } = createShard()
    const start = Date.now()
    vi.setSystemTime(start + 86_400_000)
    await end(newId())
    vi.setSystemTime(start)
    await end(newId())
    expect(await alarmAt()).toBe(start)
    vi.setSystemTime(start + 86_400_000)
    await publish()
    vi.setSystemTime(start)
    await end(newId())
    expect(await alarmAt()).toBe(start)
  })

  it('writes nothing where nothing new has ended, also when the alarm comes twice', async () => {
    const { end, newId, publish, stub, kv, alarmAt } = createShard()
    const id = newId()
    await end(id)
    await publish()
    expect(kv.take().writes).toBe(1)
    await inObject(stub, (object) => object.alarm())
    pass(5000)
    await end(id)
    await publish()
    expect(await alarmAt()).toBeNull()
    expect(kv.take().writes).toBe(0)
  })

  it('survives an eviction between the entry and its publication, and publishes everything from before it', async () => {
    const { end, newId, publish, stub, list, rows } = createShard()
    const [before, between, after] = [newId(), newId(), newId()]
    await end(before)
    await publish()
    await end(between)
    await evictDurableObject(stub)
    pass(2000)
    await publish()
    expect([names(await list(), before), names(await list(), between)]).toEqual([true, true])
    await evictDurableObject(stub)
    await end(before, after)
    await publish()
    const published = await list()
    expect([before, between, after].map((id) => names(published, id))).toEqual([true, true, true])
    expect(published).toHaveLength(3)
    expect(await rows()).toBe(3)
  })

  it('is repeated without harm where an alarm comes again after a restart', async () => {
    const { end, newId, publish, stub, list } = createShard()
    const id = newId()
    await end(id)
    await publish()
    await evictDurableObject(stub)
    pass(2000)
    await inObject(stub, (object) => object.alarm()).catch(() => undefined)
    expect(names(await list(), id)).toBe(true)
  })

  it('drops an entry with the first publication after the longest access token has expired, and not before', async () => {
    const { end, newId, publish, list, rows } = createShard()
    const [old, later, last] = [newId(), newId(), newId()]
    await end(old)
    await publish()
    pass(ENDED_SESSION_KEEP_SECONDS * 1000 - 1)
    await end(later)
    await publish()
    pass(1)
    const kept = await rows()
    await end(last)
    pass(1000)
    await publish()
    const published = await list()
    expect(kept).toBe(2)
    expect([old, later, last].map((id) => names(published, id))).toEqual([false, true, true])
    expect(await rows()).toBe(2)
  })

  it('lets KV forget the list of a quiet shard no sooner than its last entry may be dropped', async () => {
    const { end, newId, publish, list, kv } = createShard()
    const id = newId()
    await end(id)
    await publish()
    expect(kv.take().badRequests).toBe(0)
    pass((ENDED_SESSION_KEEP_SECONDS - 61) * 1000)
    expect(names(await list(), id)).toBe(true)
    pass(1000)
    expect(await list()).toHaveLength(0)
  })

  it('has eight bytes for each of 62,500 sessions, which is a sixteenth of a million, and loads them after a restart', async () => {
    const { end, newId, publish, stub, list, bytes, kv } = createShard()
    await inObject(stub, (_, { storage }) => {
      storage.sql.exec(
        `insert into ended select abs(random()) >> 11, ? from (with recursive counted(n) as
          (select 1 union all select n + 1 from counted where n < 62499) select n from counted)`,
        Date.now() + ENDED_SESSION_KEEP_SECONDS * 1000,
      )
    })
    const id = newId()
    await end(id)
    await publish()
    expect(bytes()).toBe(8 * 62_500)
    expect(kv.take().writes).toBe(1)
    const published = await list()
    expect(names(published, id)).toBe(true)
    expect(published.every((entry, at) => at === 0 || (published[at - 1] ?? 0) < entry)).toBe(true)
  })
})

describe('when KV does not take a list', () => {
  let errors: ReturnType<typeof vi.spyOn>
  beforeEach(() => {
    holdClock()
    errors = vi.spyOn(console, 'error').mockImplementation(() => undefined)
  })

  it('it is published again after pauses that grow to a minute, also for what ends meanwhile, and nothing is lost', async () => {
    const { end, newId, publish, alarmAt, list, kv } = createShard()
    const ids = [newId()]
    kv.break('refuse writes')
    await end(...ids)
    const pauses: number[] = []
    for (let tries = 0; tries < 8; tries += 1) {
      await publish()
      const next = (await alarmAt()) ?? 0
      pauses.push(next - Date.now())
      const another = newId()
      ids.push(another)
      await end(another)
      expect(await alarmAt()).toBe(next)
      vi.setSystemTime(next)
    }
    expect(pauses).toEqual([2, 4, 8, 16, 32, 60, 60, 60].map((seconds) => seconds * 1000))
    expect(pauses.at(-1)).toBe(ENDED_LIST_PUBLISH_MAX_PAUSE_MS)
    expect(errors).toHaveBeenCalledTimes(8)
    expect(String(errors.mock.calls[0])).not.toContain(ids[0])
    kv.break('work')
    await publish()
    const published = await list()
    expect(ids.every((id) => names(published, id))).toBe(true)
    await end(newId())
    await publish()
    expect(await list()).toHaveLength(ids.length + 1)
  })

  it('survives an eviction in a pause', async () => {
    const { end, newId, publish, stub, list, kv } = createShard()
    const id = newId()
    kv.break('refuse writes')
    await end(id)
    await publish()
    await evictDurableObject(stub)
    kv.break('work')
    pass(60_000)
    await publish()
    expect(names(await list(), id)).toBe(true)
  })

  it('gives a write that hangs up after ten seconds, and publishes once more when that write arrives late', async () => {
    const writes: { entries: EndedList; arrive: () => void }[] = []
    const put = (_key: string, entries: EndedList) =>
      new Promise<void>((arrive) => {
        writes.push({ entries: entries.slice(), arrive })
      })
    const { newId, stub } = createShard()
    const [first, second] = [newId(), newId()]
    const run = fakeOwnTimers({ withDate: true })
    // All of it happens inside the object, because no other context may settle its promises.
    const alarmAfterLateWrite = await inObject(stub, async (object, { storage }) => {
      Object.assign(object, { env: { BLOCKLIST: { put } } })
      object.end([placeOf(first).entry])
      const alarm = run(() => object.alarm())
      object.end([placeOf(second).entry])
      await vi.advanceTimersByTimeAsync(DEPENDENCY_TIMEOUT_MS)
      await alarm
      const again = run(() => object.alarm())
      writes[1]?.arrive()
      await again
      await storage.deleteAlarm()
      writes[0]?.arrive()
      await vi.advanceTimersByTimeAsync(0)
      const next = await storage.getAlarm()
      await storage.deleteAlarm()
      return next
    })
    expect(writes.map(({ entries }) => names(entries, second))).toEqual([false, true])
    // The first write had only the first entry, and KV keeps whatever arrives last.
    expect(alarmAfterLateWrite).not.toBeNull()
  })
})

describe('fifty sessions that end at once, by the clock and the alarms of the platform', () => {
  it('are all published, with at most one write a second', async () => {
    const { end, newId, writes, kv, stub } = createShard()
    const ids = Array.from({ length: 50 }, newId)
    await Promise.all(ids.slice(0, 25).map((id) => end(id)))
    await vi.waitUntil(() => writes().length > 0, { timeout: 20_000, interval: 20 })
    await Promise.all(ids.slice(25).map((id) => end(id)))
    const isDone = async () => (await inObject(stub, (_, { storage }) => storage.getAlarm())) === null
    await vi.waitUntil(async () => (await isDone()) && writes().length > 1, { timeout: 20_000, interval: 20 })
    const at = writes()
    const gaps = at.slice(1).map((moment, index) => moment - (at[index] ?? 0))
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(ENDED_LIST_PUBLISH_INTERVAL_MS)
    expect(kv.take()).toMatchObject({ tooManyWrites: 0, badRequests: 0 })
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() })
    const published = await readEndedList(createReader(kv), kv.keys()[0] ?? '')
    expect(ids.every((id) => names(published, id))).toBe(true)
  }, 60_000)
})
