import type { Platform, Reading } from '../../platform/platform.ts'
import { findLiveSession, type LiveAt } from '../../storage/sessions/sessions.ts'

/** How long a session may be idle, in milliseconds; 0 means for as long as it lives. */
export const idleTimeoutMs = ({ settings }: Pick<Platform, 'settings'>): number =>
  settings.sessionIdleTimeoutSeconds * 1000

/** What makes a session live now. */
export const liveNow = (deps: Pick<Platform, 'now' | 'settings'>): LiveAt => ({
  nowMs: deps.now(),
  idleTimeoutMs: idleTimeoutMs(deps),
})

/**
 * A session and its account as they are now; null when it has ended, expired or been idle for too long, or the account
 * is not active.
 */
export async function readLiveSession(deps: Reading, sessionId: string) {
  return await findLiveSession(deps.db, sessionId, liveNow(deps))
}
