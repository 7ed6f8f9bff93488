import { index, integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { users } from './users.ts'

/**
 * Each row says which object of the bucket is the picture of a user.
 * @about users
 * @why A user is shown with their picture.
 * @kept Until the user removes or replaces it. The object goes with the next run of the cron.
 */
export const pictures = sqliteTable('pictures', {
  userId: text('user_id')
    .primaryKey()
    .references(() => users.id, { onDelete: 'cascade' }),
  /** The key of the object: the SHA-256 hash of its content, and an id, so that no key is ever used again. */
  key: text('key').notNull(),
  mediaType: text('media_type').notNull(),
  bytes: integer('bytes').notNull(),
  /** The sides in pixels, as the picture is shown. */
  width: integer('width').notNull(),
  height: integer('height').notNull(),
  createdAt: integer('created_at').notNull(),
})

/**
 * Each row is an object of the bucket that is removed when it is due, unless it became a picture until then. It says of
 * nobody whose object it is.
 * @about nobody
 * @why No picture stays in the bucket that nobody has.
 * @kept Until the object is removed, a day at most.
 */
export const pictureRemovals = sqliteTable(
  'picture_removals',
  { key: text('key').primaryKey(), dueAt: integer('due_at').notNull() },
  (table) => [index('picture_removals_due').on(table.dueAt)],
)
