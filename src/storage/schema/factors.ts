import { sql } from 'drizzle-orm'
import { index, integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { users } from './users.ts'

/**
 * Each row is the shared secret of one account's authenticator app (RFC 6238). An account has at most one.
 * @about users
 * @why A second factor protects the account.
 * @kept Until the factor is removed.
 */
export const totpSecrets = sqliteTable(
  'totp_secrets',
  {
    userId: text('user_id')
      .primaryKey()
      .references(() => users.id, { onDelete: 'cascade' }),
    /** The secret, sealed for this account under each version of `AUTH_SECRET` that `sealedFor` lists. */
    seals: text('seals').notNull(),
    /** The versions in order, such as `v1,v2`, by which the cron finds what it has to seal anew. */
    sealedFor: text('sealed_for').notNull(),
    createdAt: integer('created_at').notNull(),
    /** Null until a code has shown that the app has the secret. Until then no login asks for it. */
    activatedAt: integer('activated_at'),
    /** The time step of the last code that was accepted. No code of this step or an earlier one is accepted again. */
    lastStep: integer('last_step').notNull().default(0),
  },
  (table) => [index('totp_secrets_active').on(table.userId).where(sql`activated_at is not null`)],
)

/**
 * Each row is a recovery code that was not used yet. Using a code deletes it.
 * @about users
 * @why The owner gets in who lost the other factors.
 * @kept Until the code is used or replaced.
 */
export const recoveryCodes = sqliteTable(
  'recovery_codes',
  {
    userId: text('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    /** A keyed hash of the code. */
    hash: text('hash').notNull(),
    createdAt: integer('created_at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.userId, table.hash] })],
)

/**
 * Each row is a passkey (WebAuthn Level 3 §4, "public key credential source").
 * @about users
 * @why The owner signs in without a password, or with a second factor.
 * @kept Until the passkey is removed.
 */
export const passkeys = sqliteTable(
  'passkeys',
  {
    id: text('id').primaryKey(),
    userId: text('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    /** The id that the authenticator chose, in base64url. */
    credentialId: text('credential_id').notNull().unique(),
    /**
     * The id of the user as the authenticator keeps it, in base64url, where that is not ours: the passkey was imported
     * from another system.
     */
    userHandle: text('user_handle'),
    /** The COSE public key, in base64url. */
    publicKey: text('public_key').notNull(),
    counter: integer('counter').notNull(),
    transports: text('transports', { mode: 'json' }).$type<string[]>().notNull(),
    aaguid: text('aaguid').notNull(),
    name: text('name').notNull(),
    /** Whether the authenticator may copy the passkey to other devices, and whether it has. */
    isBackupEligible: integer('is_backup_eligible', { mode: 'boolean' }).notNull(),
    isBackedUp: integer('is_backed_up', { mode: 'boolean' }).notNull(),
    /**
     * Whether it is known to open the account alone: its authenticator finds it without a name, and has verified its
     * user. Any other passkey is a second factor only.
     */
    opensAlone: integer('opens_alone', { mode: 'boolean' }).notNull(),
    createdAt: integer('created_at').notNull(),
    lastUsedAt: integer('last_used_at'),
  },
  (table) => [index('passkeys_user').on(table.userId, table.createdAt)],
)
