import type { SessionView } from '../../contracts/sessions.ts'
import type { AccessTokenClaims } from '../../crypto/access-token.ts'
import { Refusal } from '../../errors.ts'
import type { Platform } from '../../platform/platform.ts'
import { listLiveSessions } from '../../storage/sessions/sessions.ts'
import { type ListPosition, readCursor, toCursor } from '../list-position.ts'
import { describeDevice } from '../login/facts.ts'
import { liveNow } from './live-sessions.ts'

/**
 * A page of the caller's live sessions, newest first. There are never many (`MAX_SESSIONS_PER_USER`), so all are read.
 * @throws {Refusal} `unauthenticated` when the caller's own has ended: the list says so for nothing. `invalid_request`
 * for a cursor that no page gave.
 */
export async function listSessions(
  deps: Pick<Platform, 'db' | 'now' | 'settings'>,
  claims: Pick<AccessTokenClaims, 'sub' | 'sid'>,
  { cursor, limit }: { cursor?: string | undefined; limit: number },
): Promise<{ items: SessionView[]; nextCursor: string | null }> {
  const last = readCursor(cursor)
  const rows = await listLiveSessions(deps.db, claims.sub, liveNow(deps))
  if (!rows.some(({ id }) => id === claims.sid)) throw new Refusal('unauthenticated', { reason: 'session ended' })
  const rest = last ? rows.filter((row) => isAfter(row, last)) : rows
  const page = rest.slice(0, limit)
  const end = rest.length > limit ? page.at(-1) : undefined
  const items = page.map((row) => ({
    id: row.id,
    current: row.id === claims.sid,
    createdAt: new Date(row.createdAt).toISOString(),
    lastSeenAt: new Date(row.lastSeenAt).toISOString(),
    expiresAt: new Date(row.expiresAt).toISOString(),
    device: { name: describeDevice(row.userAgent), userAgent: row.userAgent },
    location: row.country === null ? null : { country: row.country, city: row.city },
  }))
  return { items, nextCursor: end ? toCursor({ at: end.createdAt, id: end.id }) : null }
}

/** Whether a session comes after a position in the order of `listLiveSessions`. */
const isAfter = ({ createdAt, id }: { createdAt: number; id: string }, last: ListPosition): boolean =>
  createdAt < last.at || (createdAt === last.at && id < last.id)
