import type { AuditEvent } from '../contracts/audit.ts'
import type { Platform } from '../platform/platform.ts'
import { listAuditEvents } from '../storage/audit.ts'
import { readCursor, toCursor } from './list-position.ts'

/**
 * A page of the audit trail, newest first.
 * @throws {Refusal} `invalid_request` for a cursor that no page gave.
 */
export async function readAuditEvents(
  deps: Pick<Platform, 'db'>,
  query: {
    userId?: string | undefined
    type?: string | undefined
    from?: string | undefined
    to?: string | undefined
    cursor?: string | undefined
    limit: number
  },
): Promise<{ items: AuditEvent[]; nextCursor: string | null }> {
  const { userId, type, from, to, cursor, limit } = query
  const filter = { userId, type, from: toTime(from), to: toTime(to), before: readCursor(cursor) }
  // One more than asked tells whether there is a next page.
  const rows = await listAuditEvents(deps.db, filter, limit + 1)
  const page = rows.slice(0, limit)
  const last = rows.length > limit ? page.at(-1) : undefined
  return {
    items: page.map((row) => ({ ...row, at: new Date(row.at).toISOString() })),
    nextCursor: last ? toCursor(last) : null,
  }
}

const toTime = (timestamp: string | undefined) => (timestamp === undefined ? undefined : Date.parse(timestamp))
