import { toDay } from '../../domain/day.ts'
import type { Platform, Reading } from '../../platform/platform.ts'
import { inOneBatch } from '../../storage/batch.ts'
import { findLiveSession, type LiveAt, recordSeenStatements } from '../../storage/sessions/sessions.ts'
import { countActiveStatements } from '../../storage/stats.ts'

/** Gives how long a session may be idle, in milliseconds; 0 means for as long as it lives. */
export const idleTimeoutMs = ({ settings }: Pick<Platform, 'settings'>): number =>
  settings.sessionIdleTimeoutSeconds * 1000

/** Without an idle time-out a session may have been used at any time. */
const SINCE_EVER = -1

/** Gives the conditions under which a session is live now. */
export function liveNow(deps: Pick<Platform, 'now' | 'settings'>): LiveAt {
  const nowMs = deps.now()
  return { nowMs, seenAfterMs: idleTimeoutMs(deps) > 0 ? nowMs - idleTimeoutMs(deps) : SINCE_EVER }
}

/**
 * Reads a session and its account as they are now. The answer is null when the session has ended, expired or been idle
 * for too long, or when the account is not active.
 */
export async function readLiveSession(deps: Reading, sessionId: string) {
  return await findLiveSession(deps.db, sessionId, liveNow(deps))
}

/**
 * Records when sessions were last used, and who was active on a day. It writes the latest time of each session, and all
 * of them in one batch.
 */
export async function recordActivity(
  { db, now }: Pick<Platform, 'db' | 'now'>,
  events: readonly { sessionId: string; at: number }[],
): Promise<void> {
  const latest = new Map<string, number>()
  for (const { sessionId, at } of events) latest.set(sessionId, Math.max(at, latest.get(sessionId) ?? 0))
  const activity = events.map(({ sessionId, at }) => ({ sessionId, day: toDay(at) }))
  if (latest.size === 0) return
  await inOneBatch(db, {
    seen: recordSeenStatements(db, [...latest]),
    active: countActiveStatements(db, activity, now()),
  })
}
