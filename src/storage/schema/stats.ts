import { integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'

/**
 * Each row counts what happened on one day: the events of a type that stand in the audit trail, the logins by a
 * method, or the users who were active. It says nothing about anybody, so it outlives what it counts.
 * @about nobody
 * @why The operator sees how much the service is used.
 * @kept For ever.
 */
export const dailyCounts = sqliteTable(
  'daily_counts',
  {
    /** The day in UTC, as `YYYY-MM-DD`. */
    day: text('day').notNull(),
    kind: text('kind').notNull(),
    count: integer('count').notNull(),
  },
  (table) => [primaryKey({ columns: [table.day, table.kind] })],
)

/**
 * Each row says that a user was counted as active on a day. It is kept for some days, so that nobody is counted twice.
 * @about users, by their ids
 * @why Nobody is counted twice on a day.
 * @kept Seven days.
 */
export const activeUsers = sqliteTable(
  'active_users',
  {
    /** The day in UTC, as `YYYY-MM-DD`. */
    day: text('day').notNull(),
    userId: text('user_id').notNull(),
  },
  (table) => [primaryKey({ columns: [table.day, table.userId] })],
)

/**
 * Each row is how many accounts there are of one kind.
 * @about nobody
 * @why The operator sees how many accounts there are.
 * @kept For ever.
 */
export const totals = sqliteTable('totals', {
  kind: text('kind').primaryKey(),
  count: integer('count').notNull(),
})

/**
 * Each row says as what an account is counted in `totals`, so that it can be counted anew when it has changed, and no
 * more once it is deleted.
 * @about users, by their ids
 * @why The totals change by the right amount.
 * @kept Until a minute or two after the account is deleted.
 */
export const countedUsers = sqliteTable('counted_users', {
  userId: text('user_id').primaryKey(),
  /** The kinds that it is of, as a JSON array with null in the places of the others. */
  kinds: text('kinds').notNull(),
})
