import { LAST_SEEN_MAX_SESSIONS } from '../config.ts'
import { putBounded } from './bounded-map.ts'
import { logError } from './log.ts'

/** A message that says a session was used; `at` is in milliseconds. */
export interface ActivityMessage {
  sessionId: string
  at: number
}

/** When this isolate last reported each session. */
export type ReportedSessions = Map<string, number>

/**
 * Tells the queue that a session is in use. It does so after the answer, and in each isolate at most once in
 * `resolutionMs`. A queue that fails costs a minute of accuracy and nothing else.
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
