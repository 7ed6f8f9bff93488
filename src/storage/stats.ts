import { and, between, inArray, type SQL, sql } from 'drizzle-orm'
import { ACTIVE_USERS_KEEP_DAYS } from '../config.ts'
import { DAY_MS, toDay } from '../domain/day.ts'
import { insertSelect } from './conditional-insert.ts'
import { type Condition, whenDeactivated } from './conditions.ts'
import type { Database } from './database.ts'
import { activeUsers, auditCounts, countedUsers, dailyCounts, totals } from './schema/index.ts'

/** The kind under which the users who were active on a day are counted. */
export const ACTIVE = 'users.active'

/** How often something happened on a day. */
export interface DailyCount {
  day: string
  kind: string
  count: number
}

/** Adds each count that `source` finds to that of its day and kind. */
const addCounts = (db: Database, counts: Record<keyof DailyCount, SQL | string>, source: SQL) =>
  insertSelect(db, dailyCounts, counts as Record<keyof DailyCount, SQL>, source).onConflictDoUpdate({
    target: [dailyCounts.day, dailyCounts.kind],
    set: { count: sql`${dailyCounts.count} + excluded.count` },
  })

/** Adds to the counts of days. One parameter carries all of them. */
export function countStatement(db: Database, counts: readonly DailyCount[]) {
  const values = { day: sql`value ->> 'day'`, kind: sql`value ->> 'kind'`, count: sql`value ->> 'count'` }
  return addCounts(db, values, sql`from json_each(${JSON.stringify(counts)}) where true`)
}

/** Somebody was active on a day: a user, or whoever has a session. */
export type Activity = { day: string; userId: string } | { day: string; sessionId: string }

/**
 * Counts each user as active on each of these days, and nobody twice on a day. Days that are long past are left out,
 * because who was counted on them is forgotten.
 */
export function countActiveStatements(db: Database, activity: readonly Activity[], now: number) {
  const recent = activity.filter(({ day }) => day > oldestForgottenDay(now))
  const source = sql`from (select distinct value ->> 'day' as day,
      coalesce(value ->> 'userId', (select user_id from sessions where id = value ->> 'sessionId')) as user_id
      from json_each(${JSON.stringify(recent)})) as found
    where user_id is not null and not exists
      (select 1 from active_users as known where known.day = found.day and known.user_id = found.user_id)`
  const day = sql`found.day`
  return [
    addCounts(db, { day, kind: ACTIVE, count: sql`count(*)` }, sql`${source} group by found.day`),
    insertSelect(db, activeUsers, { day, userId: sql`found.user_id` }, source),
  ] as const
}

const oldestForgottenDay = (now: number): string => toDay(now - ACTIVE_USERS_KEEP_DAYS * DAY_MS)

/** Forgets who was active on days that are so long past that nobody is counted on them any more. */
export async function deleteActiveUsers(db: Database, now: number, limit: number): Promise<number> {
  const some = sql`(select rowid from active_users where day <= ${oldestForgottenDay(now)} limit ${limit})`
  const gone = await db.delete(activeUsers).where(sql`rowid in ${some}`).returning({ day: activeUsers.day })
  return gone.length
}

/** When an account is of a kind. */
type Kinds = Readonly<Record<string, Condition>>

const KINDS: Kinds = {
  users: sql`true`,
  verified: sql`email_verified_at is not null`,
  deactivated: whenDeactivated,
}

/**
 * Counts some accounts anew, as they are at this place in the batch, instead of as what they were counted before. So
 * the totals are right whatever happened to these accounts, and in whichever order it is told.
 */
export function recountStatements(
  db: Database,
  userIds: readonly string[],
  factorKindsOf: (userId: Condition) => Kinds,
) {
  const touched = sql`(select value from json_each(${JSON.stringify(userIds)}))`
  const kinds = Object.entries({ ...KINDS, ...factorKindsOf(sql`users.id`) })
  const named = kinds.map(([kind, when]) => sql`iif(${when}, ${kind}, null)`)
  const current = sql`(select id as user_id, json_array(${sql.join(named, sql`, `)}) as kinds
    from users where id in ${touched})`
  const changes = sql`(select 1 as sign, kinds from ${current}
    union all select -1, kinds from counted_users where user_id in ${touched})`
  const amounts = sql`(select value as kind, sum(sign) as amount
    from ${changes} as changes, json_each(changes.kinds) where value is not null group by value)`
  return [
    insertSelect(
      db,
      totals,
      { kind: sql`kind`, count: sql`amount` },
      sql`from ${amounts} where amount <> 0`,
    ).onConflictDoUpdate({ target: totals.kind, set: { count: sql`${totals.count} + excluded.count` } }),
    db
      .delete(countedUsers)
      .where(sql`user_id in ${touched} and user_id not in (select id from users where id in ${touched})`),
    insertSelect(
      db,
      countedUsers,
      { userId: sql`user_id`, kinds: sql`kinds` },
      sql`from ${current} where true`,
    ).onConflictDoUpdate({
      target: countedUsers.userId,
      set: { kinds: sql`excluded.kinds` },
      setWhere: sql`${countedUsers.kinds} <> excluded.kinds`,
    }),
  ] as const
}

/** The day under which `readCountsStatement` gives the totals. */
export const IN_ALL = 'in all'

/**
 * Reads the counts of these kinds on the days from `first` to `last`, those of events that concern no account included,
 * and the totals.
 */
export function readCountsStatement(
  db: Database,
  { first, last, kinds }: { first: string; last: string; kinds: readonly string[] },
) {
  const of = (table: typeof dailyCounts | typeof auditCounts) =>
    db
      .select({ day: table.day, kind: table.kind, count: table.count })
      .from(table)
      .where(and(between(table.day, first, last), inArray(table.kind, [...kinds])))
  const inAll = db
    .select({ day: sql<string>`${IN_ALL}`.as('day'), kind: totals.kind, count: totals.count })
    .from(totals)
  return of(dailyCounts).unionAll(of(auditCounts)).unionAll(inAll)
}
