import { LAST_SEEN_MAX_SESSIONS } from '../config.ts'
import { putBounded } from './bounded-map.ts'
import { logError } from './log.ts'

/** A session was used; `at` in milliseconds. */
export interface ActivityMessage {
  sessionId: string
  at: number
}

/** When this isolate last reported each session. */
export type ReportedSessions = Map<string, number>

/**
 * Tells the queue that a session is in use, at most once in `resolutionMs` for each isolate, and never on the request's
 * path. What a failing queue loses is a minute of accuracy.
 */
export async function reportActivity(
  queue: Queue<unknown>,
  reported: ReportedSessions,
  activity: ActivityMessage,
  resolutionMs: number,
): Promise<void> {
  const { sessionId, at } = activity
  if (at - (reported.get(sessionId) ?? 0) < resolutionMs) return
  putBounded(reported, sessionId, at, LAST_SEEN_MAX_SESSIONS)
  try {
    await queue.send(activity)
  } catch (error) {
    logError('activity queue refused', error)
  }
}
