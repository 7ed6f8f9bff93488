import type { Platform } from '../../platform/platform.ts'
import { recordSeenStatements } from '../../storage/sessions/sessions.ts'

/** Records when sessions were last used: the latest time of each, all in one batch. */
export async function recordActivity(
  deps: Pick<Platform, 'db'>,
  events: readonly { sessionId: string; at: number }[],
): Promise<void> {
  const latest = new Map<string, number>()
  for (const { sessionId, at } of events) latest.set(sessionId, Math.max(at, latest.get(sessionId) ?? 0))
  if (latest.size > 0) await deps.db.batch(recordSeenStatements(deps.db, [...latest]))
}
