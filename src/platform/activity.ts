import { LAST_SEEN_MAX_SESSIONS } from '../config.ts'
import { putBounded } from './bounded-map.ts'
import { logError } from './log.ts'

/** A message that says a session was used; `at` is in milliseconds. */
export interface ActivityMessage {
  sessionId: string
  at: number
}

/** When this isolate last reported each session, the longest ago first. */
export type ReportedSessions = Map<string, number>

/**
 * Tells whether a use is worth a message, and takes note of it: in each isolate, a session is reported at most once in
 * `resolutionMs`. Reports that are older than that are forgotten, because they make no difference any more.
 */
export function isUnreported(reported: ReportedSessions, activity: ActivityMessage, resolutionMs: number): boolean {
  const { sessionId, at } = activity
  if (at - (reported.get(sessionId) ?? 0) < resolutionMs) return false
  for (const [id, reportedAt] of reported) {
    if (at - reportedAt < resolutionMs) break
    reported.delete(id)
  }
  putBounded(reported, sessionId, at, LAST_SEEN_MAX_SESSIONS)
  return true
}

/**
 * Tells the queue that a session is in use, after the answer. A queue that fails costs a minute of accuracy and nothing
 * else.
 */
export async function reportActivity(queue: Queue<unknown>, activity: ActivityMessage): Promise<void> {
  try {
    await queue.send(activity)
  } catch (error) {
    logError('activity queue refused', error)
  }
}
