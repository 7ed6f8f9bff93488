import type { Session as SessionView } from '../contracts/sessions.ts'
import type { AccessTokenClaims } from '../crypto/access-token.ts'
import { AuthError } from '../errors.ts'
import type { Platform } from '../platform/compose.ts'
import { listLiveSessions } from '../storage/sessions.ts'
import { idleTimeoutMs } from './live-sessions.ts'
import { describeDevice } from './login-facts.ts'

/**
 * The caller's live sessions, newest first. There are never more than a page of them (`MAX_SESSIONS_PER_USER`).
 * @throws {AuthError} `unauthenticated` when the caller's own has ended: the list says so for nothing.
 */
export async function listSessions(
  deps: Pick<Platform, 'db' | 'now' | 'settings'>,
  claims: Pick<AccessTokenClaims, 'sub' | 'sid'>,
): Promise<SessionView[]> {
  const rows = await listLiveSessions(deps.db, claims.sub, deps.now(), idleTimeoutMs(deps))
  if (!rows.some(({ id }) => id === claims.sid)) throw new AuthError('unauthenticated', { reason: 'session ended' })
  return rows.map((row) => ({
    id: row.id,
    current: row.id === claims.sid,
    createdAt: new Date(row.createdAt).toISOString(),
    lastSeenAt: new Date(row.lastSeenAt).toISOString(),
    expiresAt: new Date(row.expiresAt).toISOString(),
    device: { name: describeDevice(row.userAgent), userAgent: row.userAgent },
    location: row.country === null ? null : { country: row.country, city: row.city },
  }))
}
