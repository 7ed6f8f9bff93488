import { and, asc, between, desc, getTableColumns, gt, lt, lte, sql } from 'drizzle-orm'
import { inOneBatch } from './batch.ts'
import type { Database } from './database.ts'
import { auditEvents, auditSeals } from './schema/index.ts'

export type AuditSeal = typeof auditSeals.$inferSelect
/** An event as it is stored: its details are their text. */
export type StoredEvent = Omit<typeof auditEvents.$inferSelect, 'details'> & { details: string }

/** Gives the details as they are stored, because a digest covers their text. */
const storedColumns = { ...getTableColumns(auditEvents), details: sql<string>`${auditEvents.details}` }

const { digests: _, ...sealColumns } = getTableColumns(auditSeals)

/** Reads the first and the last seal, and some of the events that no seal has yet, in their order. */
export async function readUnsealed(db: Database, limit: number) {
  const sealed = sql`coalesce((select last_sequence from audit_seals order by number desc limit 1), 0)`
  const { oldest, newest, events } = await inOneBatch(db, {
    oldest: db.select(sealColumns).from(auditSeals).orderBy(asc(auditSeals.number)).limit(1),
    newest: db.select(sealColumns).from(auditSeals).orderBy(desc(auditSeals.number)).limit(1),
    events: db
      .select(storedColumns)
      .from(auditEvents)
      .where(gt(auditEvents.sequence, sealed))
      .orderBy(asc(auditEvents.sequence))
      .limit(limit),
  })
  return { oldest: oldest[0] ?? null, newest: newest[0] ?? null, events }
}

/** Lists seals from one on whose events, like all events before them, are older than a time. */
export const listSealsFromBefore = (db: Database, before: number, { from, atMost }: { from: number; atMost: number }) =>
  db
    .select({ number: auditSeals.number, lastSequence: auditSeals.lastSequence })
    .from(auditSeals)
    .where(and(between(auditSeals.number, from, from + atMost - 1), lt(auditSeals.newestAt, before)))
    .orderBy(asc(auditSeals.number))

/** Makes a seal. The batch fails where another follower has made it. */
export const insertSealStatement = (db: Database, seal: AuditSeal) => db.insert(auditSeals).values(seal)

/** Deletes a seal and all seals before it, with their events. */
export const deleteSealedStatements = (
  db: Database,
  { number, lastSequence }: Pick<AuditSeal, 'number' | 'lastSequence'>,
) =>
  [
    db.delete(auditEvents).where(lte(auditEvents.sequence, lastSequence)),
    db.delete(auditSeals).where(lte(auditSeals.number, number)),
  ] as const
