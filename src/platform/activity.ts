import { LAST_SEEN_MAX_SESSIONS } from '../config.ts'
import { logError } from './log.ts'

/** A session was used; `at` in milliseconds. */
export interface ActivityMessage {
  sessionId: string
  at: number
}

/** When this isolate last reported each session. */
export type ReportedSessions = Map<string, number>

/**
 * Tells the queue that a session is in use, at most once in `resolutionMs` for each isolate, and never on the request's path. What a
 * failing queue loses is a minute of accuracy.
 */
export async function reportActivity(
  queue: Queue<unknown>,
  reported: ReportedSessions,
  activity: ActivityMessage,
  resolutionMs: number,
): Promise<void> {
  const { sessionId, at } = activity
  if (at - (reported.get(sessionId) ?? 0) < resolutionMs) return
  reported.delete(sessionId)
  reported.set(sessionId, at)
  if (reported.size > LAST_SEEN_MAX_SESSIONS) {
    const [oldest] = reported.keys()
    if (oldest !== undefined) reported.delete(oldest)
  }
  try {
    await queue.send(activity)
  } catch (error) {
    logError('activity queue refused', error)
  }
}
