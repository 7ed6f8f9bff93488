import { KV_MIN_TTL_SECONDS } from '../config.ts'
import { askDependency } from './dependency.ts'

/** Access tokens that must not be honoured any more, by session (decision 4). */
export interface Blocklist {
  /** Whether a token of this session, issued at `issuedAt` (seconds), is revoked. Production may lag a minute (docs/security.md). */
  isRevoked(sessionId: string, issuedAt: number): Promise<boolean>
  /** Revokes every token that these sessions were issued up to `upTo` (seconds), for as long as one can live. */
  revoke(sessionIds: readonly string[], upTo: number): Promise<void>
}

export function createBlocklist(namespace: KVNamespace, accessTokenTtlSeconds: number): Blocklist {
  const expirationTtl = Math.max(KV_MIN_TTL_SECONDS, accessTokenTtlSeconds)
  return {
    async isRevoked(sessionId, issuedAt) {
      const upTo = await askDependency('blocklist', () => namespace.get(sessionId, { cacheTtl: 30 }))
      return upTo !== null && issuedAt <= Number(upTo)
    },
    async revoke(sessionIds, upTo) {
      await askDependency('blocklist', () =>
        Promise.all(sessionIds.map((id) => namespace.put(id, String(upTo), { expirationTtl }))),
      )
    },
  }
}
