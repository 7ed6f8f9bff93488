import { sql } from 'drizzle-orm'
import { index, integer, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core'

/** All times are milliseconds since the epoch. */
export const users = sqliteTable(
  'users',
  {
    id: text('id').primaryKey(),
    /** Canonical form: lower case, the domain as A-labels. */
    email: text('email').notNull().unique(),
    emailVerifiedAt: integer('email_verified_at'),
    username: text('username'),
    /**
     * What was asked for at sign-up: it becomes the username when the address is confirmed, if nobody has it by then.
     */
    usernameWish: text('username_wish'),
    name: text('name'),
    /** PHC string; null for an account that has no password. */
    passwordHash: text('password_hash'),
    /**
     * When its owner last set or changed the password. A rehash does not touch it. Null for an account that never had
     * one.
     */
    passwordChangedAt: integer('password_changed_at'),
    /** Set where the password must be reset by mail before it signs in again, as after a restored database. */
    passwordResetRequiredAt: integer('password_reset_required_at'),
    status: text('status', { enum: ['active', 'deactivated'] })
      .notNull()
      .default('active'),
    locale: text('locale').notNull().default('en'),
    totpActivatedAt: integer('totp_activated_at'),
    /**
     * Since when all that signs in here is known to be of whoever has the mailbox: a reset by mail, a confirmed
     * sign-up, or a provider that runs the mailbox showed it (docs/decisions/0015-proven-access.md). Null while a
     * stranger may have come first.
     */
    accessProvenAt: integer('access_proven_at'),
    createdAt: integer('created_at').notNull(),
    lastSeenAt: integer('last_seen_at'),
  },
  (table) => [
    uniqueIndex('users_username_unique').on(sql`lower(${table.username})`),
    index('users_unverified').on(table.createdAt).where(sql`email_verified_at is null`),
  ],
)
