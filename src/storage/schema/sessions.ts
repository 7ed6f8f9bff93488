import { index, integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { users } from './users.ts'

/** Each row is a live session. Ending a session deletes its row and its grants. */
export const sessions = sqliteTable(
  'sessions',
  {
    id: text('id').primaryKey(),
    userId: text('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    /** RFC 8176 authentication method references, as a JSON array. */
    methods: text('methods', { mode: 'json' }).$type<string[]>().notNull(),
    authenticatedAt: integer('authenticated_at').notNull(),
    /** When a second factor or a passkey was last shown in this session; null where none was. */
    strongAuthenticatedAt: integer('strong_authenticated_at'),
    createdAt: integer('created_at').notNull(),
    lastSeenAt: integer('last_seen_at').notNull(),
    expiresAt: integer('expires_at').notNull(),
    userAgent: text('user_agent'),
    country: text('country'),
    city: text('city'),
  },
  (table) => [index('sessions_user').on(table.userId, table.createdAt), index('sessions_expiry').on(table.expiresAt)],
)
