import { index, integer, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core'
import { users } from './users.ts'

/**
 * Each row says who a user is at a provider. It is found by `(issuer, subject)` and never by an address, which can
 * change hands (CVE-2026-31813). A user has one identity of each provider, so a second account at the same provider
 * opens nothing, even with the same address.
 * @about users
 * @why The owner signs in with a provider.
 * @kept Until the provider is unlinked.
 */
export const identities = sqliteTable(
  'identities',
  {
    id: text('id').primaryKey(),
    userId: text('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    /**
     * The provider's id in the configuration. Microsoft's issuers differ by tenant, so `issuer` does not tell the
     * provider.
     */
    provider: text('provider').notNull(),
    issuer: text('issuer').notNull(),
    subject: text('subject').notNull(),
    /**
     * The address at the provider when the identity was linked. It lets people tell accounts apart; nothing is looked
     * up by it.
     */
    email: text('email'),
    /**
     * How the identity came to the account: its sign-in made or claimed the account, a mail asked the owner about it,
     * the owner linked it, or it was imported.
     */
    how: text('how', { enum: ['created', 'claimed', 'asked_by_mail', 'linked', 'imported'] }).notNull(),
    /**
     * Tells whether its provider runs the mailbox of `email` (`isAuthoritativeFor`). Where `email` is the account's
     * address, no stranger has such an identity.
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
    index('identities_provider').on(table.provider, table.userId),
  ],
)

/**
 * Each row is a provider's answer or the answer of a passkey that was used, so that a copied callback opens nothing
 * (RFC 9700 §4.7), and neither does a copied assertion (WebAuthn Level 3 §13.4.3).
 * @about nobody
 * @why A link or an answer that was copied opens nothing.
 * @kept Until what it stands for has expired, and an hour at most after that.
 */
export const spentStates = sqliteTable(
  'spent_states',
  {
    /** The SHA-256 hash of the state, or of the ticket that carries the challenge. */
    id: text('id').primaryKey(),
    expiresAt: integer('expires_at').notNull(),
  },
  (table) => [index('spent_states_expiry').on(table.expiresAt)],
)
