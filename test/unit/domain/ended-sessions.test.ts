import { v7 as uuidv7 } from 'uuid'
import { describe, expect, it } from 'vitest'
import { ENDED_SESSIONS_SHARDS } from '../../../src/config.ts'
import { addEntries, hasEntry, NOBODY_ENDED, placeOf, removeEntries } from '../../../src/domain/ended-sessions.ts'

/** KV takes values of this size at most. */
const KV_MAX_BYTES = 25 * 1024 * 1024

/** Makes the ids of sessions that begin in different milliseconds, as those of different people do. */
const newIds = (count: number, from: number) => Array.from({ length: count }, (_, at) => uuidv7({ msecs: from + at }))

describe('placeOf', () => {
  it('takes the random end of an id, so that sessions of one moment spread over all shards', () => {
    const counts = new Array<number>(ENDED_SESSIONS_SHARDS).fill(0)
    for (const id of newIds(32_000, 0)) {
      const { shard, entry } = placeOf(id)
      counts[shard] = (counts[shard] ?? 0) + 1
      expect(Number.isSafeInteger(entry)).toBe(true)
    }
    expect(Math.min(...counts)).toBeGreaterThan(1500)
    expect(Math.max(...counts)).toBeLessThan(2500)
  })

  it('keeps the last 52 bits exactly, up to the largest', () => {
    expect(placeOf('00000000-0000-7000-80a0-000000000000')).toEqual({ shard: 10, entry: 0 })
    expect(placeOf('00000000-0000-7000-80ff-ffffffffffff')).toEqual({ shard: 15, entry: 2 ** 52 - 1 })
    expect(placeOf('00000000-0000-7000-80ff-fffffffffffe')).toEqual({ shard: 15, entry: 2 ** 52 - 2 })
  })

  it.each(['', 'nobody', '0123', 'zzzzzzzz-zzzz-zzzz-zzzz-zzzzzzzzzzzz'])('refuses %j, which is no id', (id) => {
    expect(() => placeOf(id)).toThrow(TypeError)
  })
})

describe('a list of ended sessions', () => {
  it.each([1, 1000, 1_000_000])(
    'of %i sessions in all names each of them and nobody else, in eight bytes a session',
    (ended) => {
      const shards = Array.from({ length: ENDED_SESSIONS_SHARDS }, () => new Set<number>())
      const ids = newIds(ended, 0)
      for (const id of ids) {
        const { shard, entry } = placeOf(id)
        shards[shard]?.add(entry)
      }
      const lists = shards.map((entries) => addEntries(NOBODY_ENDED, entries))
      const isNamed = (id: string) => {
        const { shard, entry } = placeOf(id)
        return hasEntry(lists[shard] ?? NOBODY_ENDED, entry)
      }
      expect(ids.every(isNamed)).toBe(true)
      expect(newIds(100_000, 2 ** 40).some(isNamed)).toBe(false)
      // An isolate that has read every list holds these bytes, and KV holds the same.
      expect(lists.reduce((bytes, list) => bytes + list.byteLength, 0)).toBe(8 * ended)
      expect(Math.max(...lists.map(({ byteLength }) => byteLength))).toBeLessThan(Math.max(64, ended))
      expect(Math.max(...lists.map(({ byteLength }) => byteLength))).toBeLessThan(KV_MAX_BYTES / 40)
    },
    60_000,
  )

  it('is in order, whatever is added and removed, so that its bytes can be searched as they are', () => {
    const first = addEntries(NOBODY_ENDED, new Set([7, 2 ** 52 - 1, 3]))
    const second = addEntries(first, new Set([5, 0]))
    expect([...second]).toEqual([0, 3, 5, 7, 2 ** 52 - 1])
    expect([...removeEntries(second, new Set([0, 7]))]).toEqual([3, 5, 2 ** 52 - 1])
    expect([...first]).toEqual([3, 7, 2 ** 52 - 1])
    expect([4, 6, 8, 2 ** 52 - 2].some((entry) => hasEntry(second, entry))).toBe(false)
    expect(hasEntry(NOBODY_ENDED, 0)).toBe(false)
  })
})
