import { ENDED_SESSIONS_SHARDS } from '../config.ts'

/**
 * The ended sessions of one shard as a list: one entry of eight bytes for each, in ascending order. It is published as
 * these bytes, so that a reader needs no more work than to point at them.
 */
export type EndedList = Float64Array<ArrayBuffer>

export const NOBODY_ENDED: EndedList = new Float64Array()

/** The number of hexadecimal digits of an entry: 52 bits, which a double holds exactly. */
const ENTRY_DIGITS = 13

/** Where something stands that is no longer accepted: in which shard, and by which entry. */
export interface Place {
  shard: number
  entry: number
}

/**
 * Says where a session stands if it has ended. Shard and entry come from the end of its id, which is random, while an
 * id begins with the time at which it was made (RFC 9562 UUIDv7). docs/decisions/0018-blocklist.md says how seldom two
 * sessions have the same place.
 */
export function placeOf(sessionId: string): Place {
  const digits = sessionId.replaceAll('-', '')
  const shard = Number.parseInt(digits.at(-ENTRY_DIGITS - 1) ?? '', 16) % ENDED_SESSIONS_SHARDS
  const entry = Number.parseInt(digits.slice(-ENTRY_DIGITS), 16)
  if (Number.isNaN(shard + entry)) throw new TypeError('this is not the id of a session')
  return { shard, entry }
}

/** The place in a UUID of the digit that chooses the shard. */
const SHARD_DIGIT = 21

/**
 * Gives the id of a session the shard of its user's id. So whoever reads by a token of the session finds in one list
 * whether the session has ended and whether the rights of its user have changed.
 */
export const toShardOf = (userId: string, sessionId: string): string =>
  sessionId.slice(0, SHARD_DIGIT) + userId.charAt(SHARD_DIGIT) + sessionId.slice(SHARD_DIGIT + 1)

/** Says where a former rights version of a user stands. All sessions of the user are in that shard. */
export const placeOfRights = (userId: string, version: number): Place => ({
  shard: placeOf(userId).shard,
  entry: version,
})

/** Says where a former rights version of a role stands: in every shard, because anybody may have the role. */
export const placesOfRole = (version: number): Place[] =>
  Array.from({ length: ENDED_SESSIONS_SHARDS }, (_, shard) => ({ shard, entry: version }))

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
