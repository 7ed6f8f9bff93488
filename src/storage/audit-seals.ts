import { and, asc, between, eq, getTableColumns, gt, lt, lte, sql } from 'drizzle-orm'
import { inOneBatch } from './batch.ts'
import type { Database } from './database.ts'
import { auditEvents, auditSeals } from './schema/index.ts'

export type AuditSeal = typeof auditSeals.$inferSelect
/** An event as it is stored: its details are their text. */
export type StoredEvent = Omit<typeof auditEvents.$inferSelect, 'details'> & { details: string }

/** Gives the details as they are stored, because a digest covers their text. */
const storedColumns = { ...getTableColumns(auditEvents), details: sql<string>`${auditEvents.details}` }

const { digests: _, ...sealColumns } = getTableColumns(auditSeals)

const whenOldest = sql`number = (select min(number) from audit_seals)`
const whenNewest = sql`number = (select max(number) from audit_seals)`

/** Reads the first and the last seal, and some of the events that no seal has yet, in their order. */
export async function readUnsealed(db: Database, limit: number) {
  const { oldest, newest, events } = await inOneBatch(db, {
    oldest: db.select(sealColumns).from(auditSeals).where(whenOldest),
    newest: newestSealStatement(db),
    events: db
      .select(storedColumns)
      .from(auditEvents)
      .where(gt(auditEvents.sequence, sealedUpTo))
      .orderBy(asc(auditEvents.sequence))
      .limit(limit),
  })
  return { oldest: oldest[0] ?? null, newest: newest[0] ?? null, events }
}

/** Finds the newest seal. */
export async function findNewestSeal(db: Database) {
  const [seal] = await newestSealStatement(db)
  return seal ?? null
}

const newestSealStatement = (db: Database) => db.select(sealColumns).from(auditSeals).where(whenNewest)

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

/** Lists the places of the seals after one, in their order. */
export const listSealsAfterStatement = (db: Database, after: number, limit: number) =>
  db
    .select({
      number: auditSeals.number,
      firstSequence: auditSeals.firstSequence,
      lastSequence: auditSeals.lastSequence,
    })
    .from(auditSeals)
    .where(gt(auditSeals.number, after))
    .orderBy(asc(auditSeals.number))
    .limit(limit)

/** A stretch of the trail: seals and events from one to another, with both ends. */
export interface Stretch {
  seals: readonly [number, number]
  events: readonly [number, number]
}

/** Reads, as they are at one moment, a stretch of the trail, the newest seal, and what lies beyond the seals. */
export async function readStretch(db: Database, stretch: Stretch) {
  const { seals, events, newest, beyond } = await inOneBatch(db, {
    seals: db
      .select()
      .from(auditSeals)
      .where(between(auditSeals.number, ...stretch.seals))
      .orderBy(asc(auditSeals.number)),
    events: db
      .select({ ...storedColumns, isErasedInVain: whenErasedInVain })
      .from(auditEvents)
      .where(between(auditEvents.sequence, ...stretch.events))
      .orderBy(asc(auditEvents.sequence)),
    newest: newestSealStatement(db),
    beyond: db.select(BEYOND).from(sql`(select 1)`),
  })
  const [found] = beyond
  if (!found) throw new Error('the database has not said what lies beyond the seals')
  return { seals, events, newest: newest[0] ?? null, beyond: found }
}

/** Gives the hash of a seal, where it is still there. */
export async function findSealHash(db: Database, number: number): Promise<string | null> {
  const [seal] = await db.select({ hash: auditSeals.hash }).from(auditSeals).where(eq(auditSeals.number, number))
  return seal?.hash ?? null
}

/** Is 1 where the origin of an event was erased although the account whose it is, that of the actor, is still there. */
const whenErasedInVain = sql<number>`(${auditEvents.salt} is null
  and exists (select 1 from users where id = coalesce(${auditEvents.actorId}, ${auditEvents.userId})))`

const sealedUpTo = sql`coalesce((select last_sequence from audit_seals where ${whenNewest}), 0)`

const BEYOND = {
  /** The first event that is older than the oldest seal; null where there is none. */
  beforeSeals: sql<number | null>`(select min(sequence) from audit_events
    where sequence < (select first_sequence from audit_seals where ${whenOldest}))`,
  /** The first number after the newest seal that no event has. */
  nextMissing: sql<number>`coalesce((select sequence + 1 from audit_events this where sequence > ${sealedUpTo}
    and exists (select 1 from audit_events where sequence = ${sealedUpTo} + 1)
    and not exists (select 1 from audit_events next where next.sequence = this.sequence + 1)
    order by sequence limit 1), ${sealedUpTo} + 1)`,
  /** The last number that SQLite gave to an event. */
  lastGiven: sql<number>`coalesce((select seq from sqlite_sequence where name = 'audit_events'), 0)`,
}
