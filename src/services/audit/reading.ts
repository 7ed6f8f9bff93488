import { AUDIT_EXPORT_MAX_EVENTS, AUDIT_EXPORT_PAGE_EVENTS } from '../../config.ts'
import type { AuditEvent, AuditQuery } from '../../contracts/audit.ts'
import { readTimestamp, toTimestamp } from '../../domain/timestamp.ts'
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
  const { userId, actorId, type, from, to } = query
  const filter = { userId, actorId, type, from: readTimestamp(from), to: readTimestamp(to) }
  return await readPage(query, {
    listRows: (last, atMost) => readAsCaller(listAuditEventsStatement(db, { ...filter, before: last }, atMost)),
    positionOf: (event) => event,
    toItem: (event) => ({ ...event, at: toTimestamp(event.at) }),
  })
}

/**
 * Gives the audit trail as lines of JSON, an event each, as they are read from it: it holds one page at a time and
 * reads the next one when the client has taken the last. Each page asks anew whether the caller may read it. The last
 * line is `{ "nextCursor" }`, so that an export which broke off is not taken for a whole one. The cursor asks for what
 * is left where the export was too long for one answer.
 * @throws {Refusal} as `readAuditEvents`, before the first line.
 */
export async function exportAuditEvents(
  deps: Pick<Platform, 'db'>,
  readAsCaller: ReadAsCaller,
  query: AuditQuery,
): Promise<ReadableStream<Uint8Array>> {
  const readNext = (cursor: string | undefined) =>
    readAuditEvents(deps, readAsCaller, { ...query, cursor, limit: AUDIT_EXPORT_PAGE_EVENTS })
  const encoder = new TextEncoder()
  let page: Page<AuditEvent> | null = await readNext(query.cursor)
  let events = 0
  return new ReadableStream({
    async pull(controller) {
      if (!page) return controller.close()
      const { items, nextCursor }: Page<AuditEvent> = page
      events += items.length
      const isLast = nextCursor === null || events >= AUDIT_EXPORT_MAX_EVENTS
      const lines = [...items, ...(isLast ? [{ nextCursor }] : [])]
      controller.enqueue(encoder.encode(lines.map((line) => `${JSON.stringify(line)}\n`).join('')))
      page = isLast ? null : await readNext(nextCursor)
    },
  })
}
