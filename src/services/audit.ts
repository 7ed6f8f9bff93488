import type { AuditEvent, AuditQuery } from '../contracts/audit.ts'
import type { Platform } from '../platform/platform.ts'
import { listAuditEvents } from '../storage/audit.ts'
import { type Page, readPage } from './paging.ts'

/**
 * Reads a page of the audit trail, newest first.
 * @throws {Refusal} `invalid_request` for a cursor that did not come from a page.
 */
export async function readAuditEvents(deps: Pick<Platform, 'db'>, query: AuditQuery): Promise<Page<AuditEvent>> {
  const { userId, type, from, to } = query
  const filter = { userId, type, from: toTime(from), to: toTime(to) }
  return await readPage(query, {
    listRows: (last, atMost) => listAuditEvents(deps.db, { ...filter, before: last }, atMost),
    positionOf: (event) => event,
    toItem: (event) => ({ ...event, at: new Date(event.at).toISOString() }),
  })
}

const toTime = (timestamp: string | undefined) => (timestamp === undefined ? undefined : Date.parse(timestamp))
