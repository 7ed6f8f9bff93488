import { ACCESS_TOKEN_MAX_TTL_SECONDS, ACCESS_TOKEN_RACE_SECONDS, KV_MIN_CACHE_TTL_SECONDS } from '../config.ts'
import { DependencyError } from '../errors.ts'
import { askDependency } from './dependency.ts'
import { logError } from './log.ts'

/** A message that names sessions whose mark KV did not take at once, so that the queue writes it later. */
export interface RevocationMessage {
  sessionIds: readonly string[]
}

/** The sessions that have ended. None of their access tokens may be accepted any more. */
export interface Blocklist {
  /** Tells whether this session has ended. In production the answer may lag (docs/security.md). */
  isRevoked(sessionId: string): Promise<boolean>
  /**
   * Marks these sessions as ended. What KV refuses is not lost, because a queue tries it again.
   * @throws {DependencyError} when KV and the queue both refuse.
   */
  revoke(sessionIds: readonly string[]): Promise<void>
  /** Marks the sessions of a message from the queue. @throws {DependencyError} when KV refuses once more. */
  revokeLate(message: RevocationMessage): Promise<void>
}

/** There is only this one mark, so no order of writes, however late or however many at once, makes a mark weaker. */
const MARK = 'ended'

/**
 * A mark outlives every access token that any configuration allows, so that lowering `ACCESS_TOKEN_TTL_SECONDS` revives
 * no token that was signed before. The added seconds are for a request that reads the session just before it ends and
 * signs a token just after.
 */
const MARK_TTL_SECONDS = ACCESS_TOKEN_MAX_TTL_SECONDS + ACCESS_TOKEN_RACE_SECONDS

/**
 * Makes the blocklist in KV. KV refuses a second write to a key within a second, and any write in an outage. Both go to
 * `queue`, so that a change which D1 has made is not answered with an error.
 */
export function createBlocklist(namespace: KVNamespace, queue: Queue<unknown>): Blocklist {
  const put = async (sessionId: string) =>
    await askDependency('blocklist', () => namespace.put(sessionId, MARK, { expirationTtl: MARK_TTL_SECONDS }))
  return {
    async isRevoked(sessionId) {
      const mark = await askDependency('blocklist', () =>
        namespace.get(sessionId, { cacheTtl: KV_MIN_CACHE_TTL_SECONDS }),
      )
      return mark !== null
    },
    async revoke(sessionIds) {
      const written = await Promise.allSettled(sessionIds.map(put))
      const refused = sessionIds.filter((_, index) => written[index]?.status === 'rejected')
      if (refused.length === 0) return
      const { reason } = written.find((result) => result.status === 'rejected') ?? {}
      logError('blocklist refused, queued instead', reason, { sessions: refused.length })
      const message: RevocationMessage = { sessionIds: refused }
      await askDependency('blocklist', () => queue.send(message))
    },
    async revokeLate({ sessionIds }) {
      const written = await Promise.allSettled(sessionIds.map(put))
      const refused = written.find((result) => result.status === 'rejected')
      if (refused) throw new DependencyError('blocklist', refused.reason)
    },
  }
}
