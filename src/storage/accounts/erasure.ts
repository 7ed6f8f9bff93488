import { and, asc, inArray, isNotNull, lt, sql } from 'drizzle-orm'
import { insertSelect, insertWhere } from '../conditional-insert.ts'
import type { Condition } from '../conditions.ts'
import type { Database } from '../database.ts'
import { auditEvents, erasures, outbox } from '../schema/index.ts'

/** Records that an account is deleted, if `when` holds. It stands before what ends the account's sessions. */
export function recordErasureStatement(db: Database, userId: string, { at, when }: { at: number; when: Condition }) {
  const untoldSessions = sql`(select json_group_array(id) from sessions where user_id = ${userId})`
  return insertWhere(db, erasures, { userId, deletedAt: at, untoldSessions }, when)
}

/** Records that all accounts are deleted which `when` holds for. Nobody ever signed in to them. */
export const recordErasuresStatement = (db: Database, at: number, when: Condition) =>
  insertSelect(
    db,
    erasures,
    { userId: sql`users.id`, deletedAt: at },
    sql`from users where ${when}`,
  ).onConflictDoNothing()

/** Lists some of the deleted accounts of whose sessions the blocklist may not know yet. */
export const listUntoldErasures = (db: Database, limit: number) =>
  db
    .select({ userId: erasures.userId, sessions: erasures.untoldSessions })
    .from(erasures)
    .where(isNotNull(erasures.untoldSessions))
    .orderBy(asc(erasures.deletedAt))
    .limit(limit)

/** Forgets the sessions of deleted accounts, of which the blocklist knows by now. */
export const forgetSessionsStatement = (db: Database, userIds: readonly string[]) =>
  db
    .update(erasures)
    .set({ untoldSessions: null })
    .where(inArray(erasures.userId, [...userIds]))

// SQLite takes the tables of a cross join in the order in which they stand. Otherwise it may walk through every event
// and every mail, because it does not know that few accounts were deleted.

/**
 * Erases the addresses, countries and user agents of some events whose actor was deleted, or that concern a deleted
 * account and have no actor. The chain of the trail verifies without them (docs/decisions/0025-audit-chain.md).
 */
export async function eraseOrigins(db: Database, limit: number): Promise<number> {
  const some = sql`(select event.sequence from erasures cross join audit_events as event
    on event.actor_id = erasures.user_id or (event.user_id = erasures.user_id and event.actor_id is null)
    where event.salt is not null limit ${limit})`
  const erased = await db
    .update(auditEvents)
    .set({ ip: null, country: null, userAgent: null, salt: null })
    .where(sql`${auditEvents.sequence} in ${some}`)
    .returning({ sequence: auditEvents.sequence })
  return erased.length
}

/**
 * Deletes some of the mails of deleted accounts that have left, were given up or are needed no more, if they are from
 * before a time: until then they count against the hourly limit of their mailbox.
 */
export async function eraseMails(db: Database, createdBefore: number, limit: number): Promise<number> {
  const some = sql`(select mail.id from erasures cross join outbox as mail on mail.user_id = erasures.user_id
    where mail.state <> 'pending' and mail.created_at < ${createdBefore} limit ${limit})`
  const erased = await db.delete(outbox).where(sql`${outbox.id} in ${some}`).returning({ id: outbox.id })
  return erased.length
}

/** Deletes some of the records of accounts that were deleted before a time and of which no mail is left. */
export async function deleteErasures(db: Database, deletedBefore: number, limit: number): Promise<number> {
  const some = db
    .select({ userId: erasures.userId })
    .from(erasures)
    .where(
      and(
        lt(erasures.deletedAt, deletedBefore),
        sql`untold_sessions is null and not exists (select 1 from outbox where outbox.user_id = erasures.user_id)`,
      ),
    )
    .limit(limit)
  const gone = await db.delete(erasures).where(inArray(erasures.userId, some)).returning({ userId: erasures.userId })
  return gone.length
}
