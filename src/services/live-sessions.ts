import { isGenuineToken, readToken } from '../crypto/derived-token.ts'
import type { Platform } from '../platform/compose.ts'
import { findLiveSession } from '../storage/sessions.ts'

type Needs = Pick<Platform, 'db' | 'now' | 'settings'>

/** How long a session may rest, in milliseconds; 0 means for as long as it lives. */
export const idleTimeoutMs = ({ settings }: Pick<Platform, 'settings'>): number =>
  settings.sessionIdleTimeoutSeconds * 1000

/** A session and its account as they are now; null when it has ended, run out or rested too long, or the account is not active. */
export async function readLiveSession(deps: Needs, sessionId: string) {
  return await findLiveSession(deps.db, sessionId, deps.now(), idleTimeoutMs(deps))
}

/** The live session that a refresh token belongs to, and the generation it is of; null for one that this service never made. */
export async function readSessionOfRefreshToken(
  deps: Needs,
  refreshToken: string,
  restsAtMostMs = idleTimeoutMs(deps),
) {
  const claimed = readToken(refreshToken)
  const live = claimed && (await findLiveSession(deps.db, claimed.id, deps.now(), restsAtMostMs))
  const isGenuine =
    live && isGenuineToken(deps.settings.secrets, claimed, { purpose: 'refresh', salt: live.session.salt })
  return isGenuine ? { ...live, generation: claimed.generation } : null
}
