import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { users } from './users.ts'

/**
 * Each row is what administrators have noted about a user. The user sees it only in their own export.
 * @about users and administrators
 * @why Administrators remember what a user asked for.
 * @kept Until the note is removed.
 */
export const userNotes = sqliteTable('user_notes', {
  userId: text('user_id')
    .primaryKey()
    .references(() => users.id, { onDelete: 'cascade' }),
  note: text('note').notNull(),
  changedAt: integer('changed_at').notNull(),
  /** The administrator who wrote it. They may be gone by now, so it is no foreign key. */
  changedBy: text('changed_by').notNull(),
})
