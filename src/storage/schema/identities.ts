import { index, integer, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core'
import { users } from './users.ts'

/**
 * Who a user is elsewhere. It is found by `(issuer, subject)` and never by an address, which can change hands
 * (CVE-2026-31813). A user has one of each provider, so a second account there, with the same address, opens nothing.
 */
export const identities = sqliteTable(
  'identities',
  {
    id: text('id').primaryKey(),
    userId: text('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    /** The provider's id in the configuration. Microsoft's issuers differ by tenant, so `issuer` does not tell it. */
    provider: text('provider').notNull(),
    issuer: text('issuer').notNull(),
    subject: text('subject').notNull(),
    /**
     * The address at the provider when it was linked, for people to tell accounts apart; nothing is looked up by it.
     */
    email: text('email'),
    /** How it came: its sign-in made or claimed the account, or a mail asked for it; or it was linked, or imported. */
    how: text('how', { enum: ['created', 'claimed', 'asked_by_mail', 'linked', 'imported'] }).notNull(),
    /**
     * Whether its provider runs the mailbox of `email` (`isAuthoritativeFor`): where that is the account's address, no
     * stranger has it.
     */
    isAuthority: integer('is_authority', { mode: 'boolean' }).notNull().default(false),
    createdAt: integer('created_at').notNull(),
    lastUsedAt: integer('last_used_at').notNull(),
    /** The provider's tokens as a JWE under `AUTH_SECRET`; null unless `KEEP_PROVIDER_TOKENS` asks for them. */
    sealedTokens: text('sealed_tokens'),
  },
  (table) => [
    uniqueIndex('identities_issuer_subject').on(table.issuer, table.subject),
    uniqueIndex('identities_user_provider').on(table.userId, table.provider),
  ],
)

/** The answers of providers that were used, so that a copied callback opens nothing (RFC 9700 §4.7). */
export const spentStates = sqliteTable(
  'spent_states',
  {
    /** SHA-256 of the state. */
    id: text('id').primaryKey(),
    expiresAt: integer('expires_at').notNull(),
  },
  (table) => [index('spent_states_expiry').on(table.expiresAt)],
)
