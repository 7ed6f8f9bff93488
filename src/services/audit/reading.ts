import type { AuditEvent, AuditQuery } from '../../contracts/audit.ts'
import { readTimestamp } from '../../domain/timestamp.ts'
import type { Platform } from '../../platform/platform.ts'
import { listAuditEventsStatement } from '../../storage/audit.ts'
import { type Page, readPage } from '../paging.ts'
import type { ReadAsCaller } from '../sessions/reading.ts'

/**
 * Reads a page of the audit trail, newest first.
 * @throws {Refusal} `invalid_request` for a cursor that did not come from a page.
 */
export async function readAuditEvents(
  { db }: Pick<Platform, 'db'>,
  readAsCaller: ReadAsCaller,
  query: AuditQuery,
): Promise<Page<AuditEvent>> {
  const { userId, type, from, to } = query
  const filter = { userId, type, from: readTimestamp(from), to: readTimestamp(to) }
  return await readPage(query, {
    listRows: (last, atMost) => readAsCaller(listAuditEventsStatement(db, { ...filter, before: last }, atMost)),
    positionOf: (event) => event,
    toItem: (event) => ({ ...event, at: new Date(event.at).toISOString() }),
  })
}
