import { sql } from 'drizzle-orm'
import { index, integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'

/**
 * Each row is an account that was deleted, until nothing of it is left elsewhere (docs/decisions/0032-erasure.md). Its
 * id then names nobody.
 * @about users who were deleted, by ids that name nobody
 * @why What is left of an account elsewhere is found and erased.
 * @kept A day, and until the last mail has left or was given up.
 */
export const erasures = sqliteTable(
  'erasures',
  {
    userId: text('user_id').primaryKey(),
    deletedAt: integer('deleted_at').notNull(),
    /** The sessions that ended with the account, as a JSON array, until the blocklist knows of them. */
    untoldSessions: text('untold_sessions', { mode: 'json' }).$type<string[]>(),
  },
  (table) => [
    index('erasures_age').on(table.deletedAt),
    index('erasures_untold').on(table.deletedAt).where(sql`untold_sessions is not null`),
  ],
)
