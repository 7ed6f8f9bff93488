import { REFRESH_GRACE_SECONDS } from '../../config.ts'
import { verifyToken } from '../../crypto/derived-token.ts'
import { Refusal } from '../../errors.ts'
import type { EndingSessions, Signing } from '../../platform/platform.ts'
import { byStranger } from '../../storage/actors.ts'
import { auditStatement } from '../../storage/audit.ts'
import { inOneBatch } from '../../storage/batch.ts'
import { whenSessionExists } from '../../storage/conditions.ts'
import { rotateGrant } from '../../storage/sessions/grants.ts'
import { endSessionStatement, type Session } from '../../storage/sessions/sessions.ts'
import { revokeSessions } from './ending.ts'
import { liveNow } from './live-sessions.ts'
import { type IssuedTokens, issueTokens } from './tokens.ts'

type Needs = Signing & EndingSessions

/**
 * Exchanges a refresh token for its successor. The token before the current one gets the same successor again, so that
 * racing tabs and lost answers do not end a session. It does so for a minute at most, and only until the successor
 * itself was presented. Any older token must have been copied, so it ends the session (RFC 9700 §4.14.2;
 * docs/decisions/0003-refresh-rotation.md).
 * @throws {Refusal} `invalid_refresh_token`, whatever is wrong.
 */
export async function refreshSession(deps: Needs, refreshToken: string): Promise<IssuedTokens> {
  const presented = verifyToken(deps.settings.secrets, refreshToken, 'refresh')
  if (!presented) throw new Refusal('invalid_refresh_token')
  const found = await rotateGrant(deps.db, presented, liveNow(deps))
  if (!found) throw new Refusal('invalid_refresh_token', { reason: 'session ended' })
  const { session, account, generation, sinceRotationMs } = found
  const isSuccessor = generation === presented.generation + 1
  if (!isSuccessor || sinceRotationMs > REFRESH_GRACE_SECONDS * 1000) {
    await endStolenSession(deps, session)
    throw new Refusal('invalid_refresh_token', { reason: 'reused' })
  }
  return await issueTokens(deps, account, session, { ...presented, generation })
}

/**
 * Ends a session whose token was copied. Unlike at a logout, the database comes first, because a thief must not stay
 * signed in when the blocklist is down.
 */
async function endStolenSession(deps: Needs, session: Pick<Session, 'id' | 'userId'>): Promise<void> {
  const { db } = deps
  const details = { sessionId: session.id }
  await inOneBatch(db, {
    audit: auditStatement(
      db,
      { type: 'session.refresh_reused', at: deps.now(), ...byStranger({ id: session.userId }), details },
      deps.requester,
      whenSessionExists(session.id),
    ),
    ended: endSessionStatement(db, session),
  })
  await revokeSessions(deps, [session])
}
