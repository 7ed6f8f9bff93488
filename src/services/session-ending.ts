import type { Platform } from '../platform/compose.ts'
import { auditStatement } from '../storage/audit-events.ts'
import { sessionIsOf } from '../storage/conditions.ts'
import { endSessionStatement, endSessionsStatement } from '../storage/sessions.ts'

type Needs = Pick<Platform, 'db' | 'now' | 'client' | 'blocklist'>

/** Puts ended sessions on the blocklist, so that reads refuse their access tokens too. */
export async function revokeSessions(deps: Pick<Platform, 'blocklist'>, sessionIds: readonly string[]): Promise<void> {
  await deps.blocklist.revoke(sessionIds, 'ended')
}

/**
 * Ends one session of a user; false, and nothing done, when it is not there or not of this user. It is the user's act, or that of the
 * service that asked for it.
 */
export async function endSession(
  deps: Needs,
  session: { id: string; userId: string },
  service: string | null = null,
): Promise<boolean> {
  const { db } = deps
  const { id, userId } = session
  const details = { sessionId: id, ...(service === null ? {} : { client: service }) }
  const [, ended] = await db.batch([
    auditStatement(
      db,
      { type: 'session.ended', at: deps.now(), actorId: service ?? userId, userId, details },
      deps.client,
      sessionIsOf(userId, id),
    ),
    endSessionStatement(db, userId, id),
  ])
  if (ended.length === 0) return false
  await revokeSessions(deps, [id])
  return true
}

/** Ends the session that a verified access token names. The blocklist is told either way, so a retry completes a broken one. */
export async function endSessionOfToken(
  deps: Needs,
  { sid, sub }: { sid: string; sub: string },
  service: string | null = null,
): Promise<void> {
  const hasEnded = await endSession(deps, { id: sid, userId: sub }, service)
  if (!hasEnded) await revokeSessions(deps, [sid])
}

/** Ends every session of a user but one. */
export async function endOtherSessions(deps: Needs, current: { id: string; userId: string }): Promise<void> {
  const { db } = deps
  const { id, userId } = current
  const [, ended] = await db.batch([
    auditStatement(
      db,
      { type: 'session.ended', at: deps.now(), actorId: userId, userId, details: { allBut: id } },
      deps.client,
    ),
    endSessionsStatement(db, userId, { except: id }),
  ])
  await revokeSessions(
    deps,
    ended.map((session) => session.id),
  )
}
