import { ACCESS_TOKEN_RACE_SECONDS, KV_MIN_CACHE_TTL_SECONDS, KV_MIN_TTL_SECONDS } from '../config.ts'
import { DependencyError } from '../errors.ts'
import { askDependency } from './dependency.ts'
import { logError } from './log.ts'

/** Which tokens of a session are dead: all of them, or those issued up to a time (seconds) while the session goes on. */
export type Revocation = 'ended' | number

/** What KV did not take at once, for the queue to bring. */
export interface RevocationMessage {
  sessionIds: readonly string[]
  revocation: Revocation
}

/** Access tokens that must not be honoured any more, by session (decision 4). */
export interface Blocklist {
  /** Whether a token of this session, issued at `issuedAt` (seconds), is revoked. Production may lag (docs/security.md). */
  isRevoked(sessionId: string, issuedAt: number): Promise<boolean>
  /** Revokes tokens of these sessions, for as long as one can live. What KV refuses is not lost: a queue brings it. */
  revoke(sessionIds: readonly string[], revocation: Revocation): Promise<void>
  /** Revokes what the queue brings. @throws {DependencyError} when KV refuses once more. */
  revokeLate(message: RevocationMessage): Promise<void>
}

/**
 * The blocklist in KV. A second write to a key within a second is refused there, and so is any write in an outage: both go to
 * `queue`, so that a change which D1 has made is never answered with an error and never half done.
 */
export function createBlocklist(
  namespace: KVNamespace,
  queue: Queue<unknown>,
  { accessTokenTtlSeconds, now }: { accessTokenTtlSeconds: number; now: () => number },
): Blocklist {
  // A token may be signed by a request that read the session just before it ended.
  const expirationTtl = Math.max(KV_MIN_TTL_SECONDS, accessTokenTtlSeconds + ACCESS_TOKEN_RACE_SECONDS)
  const put = async (sessionId: string, revocation: Revocation) =>
    await askDependency('blocklist', () => namespace.put(sessionId, String(revocation), { expirationTtl }))
  return {
    async isRevoked(sessionId, issuedAt) {
      const revocation = await askDependency('blocklist', () =>
        namespace.get(sessionId, { cacheTtl: KV_MIN_CACHE_TTL_SECONDS }),
      )
      return revocation === 'ended' || (revocation !== null && issuedAt <= Number(revocation))
    },
    async revoke(sessionIds, revocation) {
      const written = await Promise.allSettled(sessionIds.map((id) => put(id, revocation)))
      const refused = sessionIds.filter((_, index) => written[index]?.status === 'rejected')
      if (refused.length === 0) return
      const { reason } = written.find((result) => result.status === 'rejected') ?? {}
      logError('blocklist refused, queued instead', reason, { sessions: refused.length })
      const message: RevocationMessage = { sessionIds: refused, revocation }
      await askDependency('blocklist', () => queue.send(message))
    },
    async revokeLate({ sessionIds, revocation }) {
      // The session may have ended meanwhile: a mark that comes late counts from now, so it is never weaker than what it replaces.
      const current = revocation === 'ended' ? revocation : Math.floor(now() / 1000)
      const written = await Promise.allSettled(sessionIds.map((id) => put(id, current)))
      const refused = written.find((result) => result.status === 'rejected')
      if (refused) throw new DependencyError('blocklist', refused.reason)
    },
  }
}
