import type { Reading } from '../../platform/platform.ts'
import type { NamedStatements } from '../../storage/batch.ts'

/** An event of the audit trail, as it is stored. */
export interface AuditRow {
  /** Its place in the trail. Later events have higher numbers. */
  sequence: number
  id: string
  /** Another version of this Worker may have written the event, so its type need not be one that this version knows. */
  type: string
  at: number
  actorId: string | null
  userId: string | null
  ip: string | null
  country: string | null
  userAgent: string | null
  requestId: string | null
  details: Readonly<Record<string, unknown>>
}

/** Something that takes note of every event once, for example to count it or to tell others of it. */
export interface AuditFollower {
  readonly name: string
  /**
   * Gives what takes note of these events, which come in the order of the trail. The statements join the batch that
   * seals the events, so they take effect exactly once, however often the job runs and wherever it stops. When one of
   * them fails, nothing is sealed, and every follower gets the same events again a minute later.
   */
  statements(deps: Reading, events: readonly AuditRow[]): NamedStatements
}
