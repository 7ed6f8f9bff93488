import type { Platform } from '../../platform/platform.ts'
import { findLiveSession } from '../../storage/sessions/sessions.ts'

type Needs = Pick<Platform, 'db' | 'now' | 'settings'>

/** How long a session may rest, in milliseconds; 0 means for as long as it lives. */
export const idleTimeoutMs = ({ settings }: Pick<Platform, 'settings'>): number =>
  settings.sessionIdleTimeoutSeconds * 1000

/**
 * A session and its account as they are now; null when it has ended, run out or rested too long, or the account is not
 * active.
 */
export async function readLiveSession(deps: Needs, sessionId: string) {
  return await findLiveSession(deps.db, sessionId, deps.now(), idleTimeoutMs(deps))
}
