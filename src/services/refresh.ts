import { REFRESH_GRACE_SECONDS } from '../config.ts'
import { AuthError } from '../errors.ts'
import type { Platform } from '../platform/compose.ts'
import { auditStatement } from '../storage/audit-events.ts'
import { sessionExists } from '../storage/conditions.ts'
import { endSessionStatement, rotateSession, type Session } from '../storage/sessions.ts'
import { readSessionOfRefreshToken } from './live-sessions.ts'
import { revokeSessions } from './session-ending.ts'
import { type IssuedTokens, issueTokens } from './tokens.ts'

type Needs = Pick<Platform, 'db' | 'now' | 'client' | 'settings' | 'keyRing' | 'blocklist'>

/**
 * Exchanges a refresh token for its successor (decision 2). The token before the current one gets the same successor for a few
 * seconds, so tabs that race agree; anything older was copied, and ends the session (RFC 9700 §4.14.2).
 * @throws {AuthError} `invalid_refresh_token`, whatever is wrong.
 */
export async function refreshSession(deps: Needs, refreshToken: string): Promise<IssuedTokens> {
  const now = deps.now()
  const live = await readSessionOfRefreshToken(deps, refreshToken)
  if (!live) throw new AuthError('invalid_refresh_token')
  const state = await rotateSession(deps.db, live.session.id, live.generation, now)
  if (!state) throw new AuthError('invalid_refresh_token', { reason: 'session ended meanwhile' })
  const isSuccessor = state.generation === live.generation + 1
  if (!isSuccessor || now - state.rotatedAt > REFRESH_GRACE_SECONDS * 1000) {
    await endStolenSession(deps, live.session)
    throw new AuthError('invalid_refresh_token', { reason: 'reused' })
  }
  return await issueTokens(deps, live.account, { ...live.session, generation: state.generation })
}

async function endStolenSession(deps: Needs, session: Session): Promise<void> {
  const { db } = deps
  const details = { sessionId: session.id }
  await db.batch([
    auditStatement(
      db,
      { type: 'session.refresh_reused', at: deps.now(), userId: session.userId, details },
      deps.client,
      sessionExists(session.id),
    ),
    endSessionStatement(db, session.userId, session.id),
  ])
  await revokeSessions(deps, [session.id])
}
