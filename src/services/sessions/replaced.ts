import type { Platform, Signing } from '../../platform/platform.ts'
import { bySelf } from '../../storage/actors.ts'
import { auditStatement } from '../../storage/audit.ts'
import { whenReplaced } from '../../storage/conditions.ts'
import { endSessionStatement, findNamedSessions } from '../../storage/sessions/sessions.ts'
import { nameSessions } from './authentication.ts'

/** The session tokens that a request brought in cookies. Nothing says yet whether they are genuine. */
export interface SessionCookies {
  accessToken: string | null
  refreshToken: string | null
}

/** The cookies of a login that sets no cookies, and therefore replaces no session. */
export const NO_SESSION_COOKIES: SessionCookies = { accessToken: null, refreshToken: null }

/** A session that ends because a login overwrites its cookies in the browser. */
export interface ReplacedSession {
  id: string
  userId: string
}

/**
 * Finds the sessions that genuine cookies belong to, whoever owns them. Usually there is one, and none where no cookies
 * were sent.
 */
export async function findReplacedSessions(deps: Signing, cookies: SessionCookies): Promise<ReplacedSession[]> {
  const named = await nameSessions(deps, cookies)
  return named ? await findNamedSessions(deps.db, named) : []
}

/**
 * Ends the sessions whose cookies a login overwrites, if its own session was opened (ASVS 7.2.4). Only a thief could
 * still have their tokens.
 */
export function endReplacedStatements(
  { db, requester }: Pick<Platform, 'db' | 'requester'>,
  replaced: readonly ReplacedSession[],
  opened: { sessionId: string; at: number },
) {
  return replaced.flatMap(({ id, userId }) => {
    const when = whenReplaced({ id, userId }, opened.sessionId)
    const details = { sessionId: id, replacedBy: opened.sessionId }
    return [
      auditStatement(db, { type: 'session.ended', at: opened.at, ...bySelf({ id: userId }), details }, requester, when),
      endSessionStatement(db, { id, userId }, when),
    ]
  })
}
