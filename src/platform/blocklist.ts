import { ENDED_HERE_MAX_PER_SHARD } from '../config.ts'
import { hasEntry, placeOf } from '../domain/ended-sessions.ts'
import { putBounded } from './bounded-map.ts'
import { askDependency } from './dependency.ts'
import { type KnownShard, loadEndedList, readEndedList } from './ended-lists.ts'
import { logError } from './log.ts'

/** A message that names ended sessions whose object did not answer, so that the queue tells it later. */
export interface RevocationMessage {
  sessionIds: readonly string[]
}

/** The sessions that have ended. None of their access tokens may be accepted any more. */
export interface Blocklist {
  /** Tells whether this session has ended. In production the answer may lag (docs/security.md). */
  isRevoked(sessionId: string): Promise<boolean>
  /**
   * Tells the objects that these sessions have ended. What an object does not take is not lost, because a queue tries
   * it again.
   * @throws {DependencyError} when an object and the queue both refuse.
   */
  revoke(sessionIds: readonly string[]): Promise<void>
  /** Tells the sessions of a message from the queue. @throws {DependencyError} when an object refuses once more. */
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
  const find = (sessionId: string) => {
    const { shard, entry } = placeOf(sessionId)
    const known = shards[shard]
    if (known === undefined) throw new RangeError(`there is no shard ${shard}`)
    return { shard, entry, known }
  }
  /** This isolate need not wait for the published list to know what it has ended itself. */
  const remember = (sessionIds: readonly string[]) => {
    for (const { entry, known } of sessionIds.map(find))
      putBounded(known.endedHere, entry, true, ENDED_HERE_MAX_PER_SHARD)
  }
  /** Tells each object its sessions, and answers which sessions were not taken, and why. */
  const tell = async (sessionIds: readonly string[]) => {
    const groups = [...Map.groupBy(sessionIds, (id) => find(id).shard)]
    const told = await Promise.allSettled(
      groups.map(async ([shard, ids]) => {
        const entries = ids.map((id) => find(id).entry)
        await askDependency('blocklist', async () => await openObject(shard).end(entries))
        remember(ids)
      }),
    )
    const refused = groups.flatMap(([, ids], index) => (told[index]?.status === 'rejected' ? ids : []))
    const error: unknown = told.find((result) => result.status === 'rejected')?.reason
    return { refused, error }
  }
  return {
    async isRevoked(sessionId) {
      const { shard, entry, known } = find(sessionId)
      if (known.endedHere.has(entry)) return true
      const list = await loadEndedList(known, () => readEndedList(namespace, keyOf(shard)), runtime)
      return hasEntry(list, entry)
    },
    async revoke(sessionIds) {
      const { refused, error } = await tell(sessionIds)
      if (refused.length === 0) return
      logError('blocklist refused, queued instead', error, { sessions: refused.length })
      const message: RevocationMessage = { sessionIds: refused }
      await askDependency('blocklist', () => queue.send(message))
      remember(refused)
    },
    async revokeLate({ sessionIds }) {
      const { refused, error } = await tell(sessionIds)
      if (refused.length > 0) throw error
    },
  }
}
