import { REFRESH_GRACE_SECONDS } from '../config.ts'
import { isGenuineToken, readToken } from '../crypto/derived-token.ts'
import { AuthError } from '../errors.ts'
import type { Platform } from '../platform/compose.ts'
import { auditStatement } from '../storage/audit-events.ts'
import { sessionExists } from '../storage/conditions.ts'
import { endSessionStatement, findLiveSession, rotateSession, type Session } from '../storage/sessions.ts'
import { revokeSessions } from './session-ending.ts'
import { type IssuedTokens, issueTokens } from './tokens.ts'

type Needs = Pick<Platform, 'db' | 'now' | 'client' | 'settings' | 'keyRing' | 'blocklist'>

/**
 * Exchanges a refresh token for its successor (decision 2). The token before the current one gets the same successor for a few
 * seconds, so tabs that race agree; anything older was copied, and ends the session (RFC 9700 §4.14.2).
 * @throws {AuthError} `invalid_refresh_token`, whatever is wrong.
 */
export async function refreshSession(deps: Needs, refreshToken: string): Promise<IssuedTokens> {
  const { db, settings } = deps
  const now = deps.now()
  const claimed = readToken(refreshToken)
  const live = claimed && (await findLiveSession(db, claimed.id, now, settings.sessionIdleTimeoutSeconds * 1000))
  if (!live || !isGenuineToken(settings.secrets, claimed, { purpose: 'refresh', salt: live.session.salt }))
    throw new AuthError('invalid_refresh_token')
  const state = await rotateSession(db, claimed.id, claimed.generation, now)
  if (!state) throw new AuthError('invalid_refresh_token', { reason: 'session ended meanwhile' })
  const isSuccessor = state.generation === claimed.generation + 1
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
