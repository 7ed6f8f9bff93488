import { expect } from 'vitest'
import { AUDIT_EVENTS, type AuditType } from '../../src/domain/audit-events.ts'
import { rows } from './database.ts'

/**
 * Checks the details of every event in the trail by the schema of its type. What the database or a script composes in
 * SQL is beyond the compiler. Events that a test has put into the trail itself are
 * left out: they belong to no request.
 */
export async function expectKnownDetails(): Promise<void> {
  const found = await rows<{ type: string; details: string }>(
    'select distinct type, details from audit_events where request_id is not null',
  )
  for (const { type, details } of found) {
    const known = AUDIT_EVENTS[type as AuditType]?.details.safeParse(JSON.parse(details))
    expect(known, `${type} ${details}`).toMatchObject({ success: true })
  }
}
