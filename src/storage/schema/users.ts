import { sql } from 'drizzle-orm'
import { index, integer, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core'

/** Makes a rights version (`domain/rights-version.ts`): 52 random bits, which are as many as an entry of a list has. */
export const newRightsVersion = sql`(random() & 4503599627370495)`

/**
 * Each row is an account. All times are milliseconds since the epoch.
 * @about users
 * @why It is the account.
 * @kept Until the account is deleted. One whose address nobody confirmed: a week.
 */
export const users = sqliteTable(
  'users',
  {
    id: text('id').primaryKey(),
    /** The canonical form of the address: lower case, with the domain as A-labels. */
    email: text('email').notNull().unique(),
    emailVerifiedAt: integer('email_verified_at'),
    username: text('username'),
    /**
     * The username that was asked for at sign-up. It becomes the username when the address is confirmed, if nobody has
     * it by then.
     */
    usernameWish: text('username_wish'),
    name: text('name'),
    /** The name as it is searched for: in lower case, without accents (`foldText`). */
    nameFolded: text('name_folded'),
    /**
     * The hash as a PHC string, or in the form of an imported one (`crypto/password-hash/imported.ts`); null for an
     * account that has no password.
     */
    passwordHash: text('password_hash'),
    /**
     * The time at which its owner last set or changed the password. A rehash does not touch it. It is null for an
     * account that never had a password.
     */
    passwordChangedAt: integer('password_changed_at'),
    /**
     * It is set where the password must be reset by mail before it signs in again, for example after a restored
     * database.
     */
    passwordResetRequiredAt: integer('password_reset_required_at'),
    status: text('status', { enum: ['active', 'deactivated'] })
      .notNull()
      .default('active'),
    /** It changes with the roles of the account, so that no token stays good that names the former ones. */
    rightsVersion: integer('rights_version').notNull().default(newRightsVersion),
    /** The time at which the account is deleted, unless its owner signs in before; null where nobody asked for that. */
    deletesAt: integer('deletes_at'),
    locale: text('locale').notNull().default('en'),
    /**
     * The time since which everything that signs in here is known to belong to whoever has the mailbox. A reset by
     * mail, a confirmed sign-up, or a provider that runs the mailbox proved it (docs/decisions/0015-proven-access.md).
     * It is null while a stranger may have signed up before the owner.
     */
    accessProvenAt: integer('access_proven_at'),
    createdAt: integer('created_at').notNull(),
    /**
     * The time at which the account came from another system, which is that of the event `users.imported`. It is null
     * for an account that was made here. An imported account does not expire while nobody confirms its address.
     */
    importedAt: integer('imported_at'),
    lastSeenAt: integer('last_seen_at'),
  },
  (table) => [
    uniqueIndex('users_username_unique').on(sql`lower(${table.username})`),
    // The dearest of the imported hashes is the last one of this index.
    index('users_imported_hash').on(table.passwordHash).where(sql`password_hash >= 'imported:'`),
    index('users_name').on(table.nameFolded),
    index('users_created').on(table.createdAt, table.id),
    index('users_deactivated').on(table.createdAt, table.id).where(sql`status = 'deactivated'`),
    index('users_deletion').on(table.deletesAt).where(sql`deletes_at is not null`),
    // Its first column is always null. It tells the planner that this index finds fewer rows than `users_created`. The
    // second one keeps the clean-up from reading all imported accounts.
    index('users_unverified')
      .on(table.emailVerifiedAt, table.importedAt, table.createdAt)
      .where(sql`email_verified_at is null`),
  ],
)
