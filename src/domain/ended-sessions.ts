import { ENDED_SESSIONS_SHARDS } from '../config.ts'

/**
 * The ended sessions of one shard as a list: one entry of eight bytes for each, in ascending order. It is published as
 * these bytes, so that a reader needs no more work than to point at them.
 */
export type EndedList = Float64Array<ArrayBuffer>

export const NOBODY_ENDED: EndedList = new Float64Array()

/** The number of hexadecimal digits of an entry: 52 bits, which a double holds exactly. */
const ENTRY_DIGITS = 13

/**
 * Says where a session stands if it has ended: in which shard, and by which entry. Both come from the end of its id,
 * which is random, while an id begins with the time at which it was made (RFC 9562 UUIDv7).
 * docs/decisions/0018-blocklist.md says how seldom two sessions have the same place.
 */
export function placeOf(sessionId: string): { shard: number; entry: number } {
  const digits = sessionId.replaceAll('-', '')
  const shard = Number.parseInt(digits.at(-ENTRY_DIGITS - 1) ?? '', 16) % ENDED_SESSIONS_SHARDS
  const entry = Number.parseInt(digits.slice(-ENTRY_DIGITS), 16)
  if (Number.isNaN(shard + entry)) throw new TypeError('this is not the id of a session')
  return { shard, entry }
}

export function hasEntry(list: EndedList, entry: number): boolean {
  let [low, high] = [0, list.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((list[middle] ?? entry) < entry) low = middle + 1
    else high = middle
  }
  return list[low] === entry
}

/** Gives a list with other entries in addition. None of them may stand in the list already. */
export function addEntries(list: EndedList, added: ReadonlySet<number>): EndedList {
  const longer = new Float64Array(list.length + added.size)
  longer.set(list)
  longer.set([...added], list.length)
  return longer.sort()
}

/** Gives a list without some of its entries. */
export const removeEntries = (list: EndedList, removed: ReadonlySet<number>): EndedList =>
  removed.size === 0 ? list : list.filter((entry) => !removed.has(entry))
