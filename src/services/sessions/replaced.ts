import type { Platform, Signing } from '../../platform/platform.ts'
import { bySelf } from '../../storage/actors.ts'
import { auditStatement } from '../../storage/audit.ts'
import { whenReplaced } from '../../storage/conditions.ts'
import { endSessionStatement, findNamedSessions } from '../../storage/sessions/sessions.ts'
import { nameSessions } from './authentication.ts'

/** What a request's cookies hold of a session, genuine or not. */
export interface SessionCookies {
  accessToken: string | null
  refreshToken: string | null
}

/** The cookies of a login that sets none, and therefore replaces nothing. */
export const NO_SESSION_COOKIES: SessionCookies = { accessToken: null, refreshToken: null }

/** A session that a login takes the place of, in the browser that brought its cookies. */
export interface ReplacedSession {
  id: string
  userId: string
}

/** The sessions that genuine cookies belong to, whoever owns them: one as a rule, and none where none were sent. */
export async function findReplacedSessions(deps: Signing, cookies: SessionCookies): Promise<ReplacedSession[]> {
  const named = await nameSessions(deps, cookies)
  return named ? await findNamedSessions(deps.db, named) : []
}

/**
 * Ends the sessions whose cookies a login overwrites, if its own session was opened (ASVS 7.2.4). From then on nobody
 * has their tokens, unless they were stolen.
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
