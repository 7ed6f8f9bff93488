import { index, integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { users } from './users.ts'

/** A row is a live session; ending one deletes it. No usable token stands here: see `crypto/derived-token.ts`. */
export const sessions = sqliteTable(
  'sessions',
  {
    id: text('id').primaryKey(),
    userId: text('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    salt: text('salt').notNull(),
    /** Counts rotations of the refresh token. */
    generation: integer('generation').notNull().default(0),
    rotatedAt: integer('rotated_at').notNull(),
    /** RFC 8176 authentication method references, as a JSON array. */
    methods: text('methods', { mode: 'json' }).$type<string[]>().notNull(),
    authenticatedAt: integer('authenticated_at').notNull(),
    createdAt: integer('created_at').notNull(),
    lastSeenAt: integer('last_seen_at').notNull(),
    expiresAt: integer('expires_at').notNull(),
    userAgent: text('user_agent'),
    country: text('country'),
    city: text('city'),
  },
  (table) => [index('sessions_user').on(table.userId, table.createdAt), index('sessions_expiry').on(table.expiresAt)],
)
