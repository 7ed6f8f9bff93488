import { index, integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { users } from './users.ts'

/**
 * Each row is a live session. Ending a session deletes its row and its grants.
 * @about users
 * @why The owner stays signed in, sees where, and ends what is not theirs.
 * @kept Until the session ends, `REFRESH_TOKEN_TTL_SECONDS` at most, and an hour at most after that.
 */
export const sessions = sqliteTable(
  'sessions',
  {
    // The table has no rowid (docs/decisions/0036-tables-without-rowid.md).
    id: text('id').primaryKey(),
    userId: text('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    /** RFC 8176 authentication method references, as a JSON array. */
    methods: text('methods', { mode: 'json' }).$type<string[]>().notNull(),
    authenticatedAt: integer('authenticated_at').notNull(),
    /**
     * It is `authenticatedAt` where a second factor, or a passkey that verified its user, was shown then, and null
     * where a single factor was.
     */
    strongAuthenticatedAt: integer('strong_authenticated_at'),
    /** The hash of the id that the device's token carries. Null for a session that was opened without one. */
    device: text('device'),
    createdAt: integer('created_at').notNull(),
    lastSeenAt: integer('last_seen_at').notNull(),
    expiresAt: integer('expires_at').notNull(),
    userAgent: text('user_agent'),
    country: text('country'),
    city: text('city'),
  },
  (table) => [index('sessions_user').on(table.userId, table.createdAt), index('sessions_expiry').on(table.expiresAt)],
)

/**
 * Each row is a device on which somebody has shown a second factor and asked not to be asked for one again. The
 * configuration says for how long that counts. It counts only while nothing that opens the account has changed, so no
 * change has to delete it.
 * @about users
 * @why A device is not asked for a second factor each time.
 * @kept `MFA_REMEMBER_DAYS`, and an hour at most after that.
 */
export const trustedDevices = sqliteTable(
  'trusted_devices',
  {
    /** The hash of the id that the device's token carries. */
    id: text('id').primaryKey(),
    userId: text('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    /** What opened the account when the device was trusted (`credentialsVersion` in `storage/conditions.ts`). */
    credentialsVersion: text('credentials_version').notNull(),
    userAgent: text('user_agent'),
    createdAt: integer('created_at').notNull(),
  },
  (table) => [index('trusted_devices_user').on(table.userId), index('trusted_devices_age').on(table.createdAt)],
)
