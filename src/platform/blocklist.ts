import { ENDED_HERE_MAX_PER_SHARD } from '../config.ts'
import { hasEntry, type Place, placeOf } from '../domain/ended-sessions.ts'
import { putBounded } from './bounded-map.ts'
import { askDependency } from './dependency.ts'
import { type KnownShard, loadEndedList, readEndedList } from './ended-lists.ts'
import { logError } from './log.ts'

/** A message that names the places whose object did not answer, so that the queue tells it later. */
export interface RevocationMessage {
  places: readonly Place[]
}

/** The sessions that have ended, and the rights that have changed: no access token of theirs may be accepted. */
export interface Blocklist {
  /**
   * Tells whether this session has ended, or whether one of the rights versions that a token of it was made from is a
   * former one. In production the answer may lag (docs/security.md).
   */
  isRevoked(sessionId: string, rightsVersions?: readonly number[]): Promise<boolean>
  /**
   * Tells the objects what is no longer accepted. What an object does not take is not lost, because a queue tries it
   * again.
   * @throws {DependencyError} when an object and the queue both refuse.
   */
  revoke(places: readonly Place[]): Promise<void>
  /** Tells the places of a message from the queue. @throws {DependencyError} when an object refuses once more. */
  revokeLate(message: RevocationMessage): Promise<void>
}

/** The object of a shard, which keeps and publishes its ended sessions. */
export interface EndedSessionsObject {
  end(entries: readonly number[]): void | Promise<void>
}

export interface BlocklistBindings {
  namespace: KVNamespace
  queue: Queue<unknown>
  /** Opens the object of a shard. */
  openObject: (shard: number) => EndedSessionsObject
  /** Gives the key in KV under which the object of a shard publishes its list. */
  keyOf: (shard: number) => string
}

/**
 * Makes the blocklist. Ended sessions go to one of a few Durable Objects, which publish them in KV as lists that every
 * isolate keeps in memory, so that a read normally asks nobody (docs/decisions/0018-blocklist.md).
 */
export function createBlocklist(
  { namespace, queue, openObject, keyOf }: BlocklistBindings,
  shards: readonly KnownShard[],
  runtime: { now: () => number; waitUntil: (promise: Promise<unknown>) => void },
): Blocklist {
  const knownOf = (shard: number) => {
    const known = shards[shard]
    if (known === undefined) throw new RangeError(`there is no shard ${shard}`)
    return known
  }
  /** This isolate need not wait for the published list to know what it has ended itself. */
  const remember = (places: readonly Place[]) => {
    for (const { shard, entry } of places) putBounded(knownOf(shard).endedHere, entry, true, ENDED_HERE_MAX_PER_SHARD)
  }
  /** Tells each object its entries, and answers which places were not taken, and why. */
  const tell = async (places: readonly Place[]) => {
    const groups = [...Map.groupBy(places, ({ shard }) => shard)]
    const told = await Promise.allSettled(
      groups.map(async ([shard, ofShard]) => {
        const entries = ofShard.map(({ entry }) => entry)
        await askDependency('blocklist', async () => await openObject(shard).end(entries))
        remember(ofShard)
      }),
    )
    const refused = groups.flatMap(([, ofShard], index) => (told[index]?.status === 'rejected' ? ofShard : []))
    const error: unknown = told.find((result) => result.status === 'rejected')?.reason
    return { refused, error }
  }
  return {
    async isRevoked(sessionId, rightsVersions = []) {
      const { shard, entry } = placeOf(sessionId)
      const known = knownOf(shard)
      const entries = [entry, ...rightsVersions]
      if (entries.some((one) => known.endedHere.has(one))) return true
      const list = await loadEndedList(known, () => readEndedList(namespace, keyOf(shard)), runtime)
      return entries.some((one) => hasEntry(list, one))
    },
    async revoke(places) {
      const { refused, error } = await tell(places)
      if (refused.length === 0) return
      logError('blocklist refused, queued instead', error, { entries: refused.length })
      const message: RevocationMessage = { places: refused }
      await askDependency('blocklist', () => queue.send(message))
      remember(refused)
    },
    async revokeLate({ places }) {
      const { refused, error } = await tell(places)
      if (refused.length > 0) throw error
    },
  }
}
