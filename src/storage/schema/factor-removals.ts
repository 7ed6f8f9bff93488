import { index, integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { users } from './users.ts'

/**
 * Each row is an admin's wish to remove the second factors of a user. It waits, so that the user can stop it.
 * @about users and administrators
 * @why A user who lost every factor gets in again, and can stop it.
 * @kept Until the factors are removed, or it was stopped.
 */
export const factorRemovals = sqliteTable(
  'factor_removals',
  {
    userId: text('user_id')
      .primaryKey()
      .references(() => users.id, { onDelete: 'cascade' }),
    /** The token of the mail by which the user can stop it. */
    tokenId: text('token_id').notNull(),
    /** The admin who asked for it. It is no foreign key, because the admin's account may be deleted meanwhile. */
    requestedBy: text('requested_by').notNull(),
    requestedAt: integer('requested_at').notNull(),
    removesAt: integer('removes_at').notNull(),
  },
  (table) => [index('factor_removals_due').on(table.removesAt)],
)
