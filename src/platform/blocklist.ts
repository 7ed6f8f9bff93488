import { ACCESS_TOKEN_MAX_TTL_SECONDS, ACCESS_TOKEN_RACE_SECONDS, KV_MIN_CACHE_TTL_SECONDS } from '../config.ts'
import { DependencyError } from '../errors.ts'
import { askDependency } from './dependency.ts'
import { logError } from './log.ts'

/** Sessions whose mark KV did not take at once, for the queue to bring. */
export interface RevocationMessage {
  sessionIds: readonly string[]
}

/** The sessions that have ended: none of their access tokens may be honoured any more. */
export interface Blocklist {
  /** Whether this session has ended. Production may lag (docs/security.md). */
  isRevoked(sessionId: string): Promise<boolean>
  /**
   * Marks these sessions as ended. What KV refuses is not lost: a queue brings it.
   * @throws {DependencyError} when KV and the queue both refuse.
   */
  revoke(sessionIds: readonly string[]): Promise<void>
  /** Marks what the queue brings. @throws {DependencyError} when KV refuses once more. */
  revokeLate(message: RevocationMessage): Promise<void>
}

/** There is one mark and no other, so no order of writes, however late or however many at once, makes one weaker. */
const MARK = 'ended'

/**
 * A mark outlives every access token that any configuration allows, so that lowering `ACCESS_TOKEN_TTL_SECONDS` revives
 * no token that was signed before. The rest is for a token that is signed by a request which read the session just
 * before it ended.
 */
const MARK_TTL_SECONDS = ACCESS_TOKEN_MAX_TTL_SECONDS + ACCESS_TOKEN_RACE_SECONDS

/**
 * The blocklist in KV. A second write to a key within a second is refused there, and so is any write in an outage: both
 * go to `queue`, so that a change which D1 has made is not answered with an error.
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
