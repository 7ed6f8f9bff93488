import { index, integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { users } from './users.ts'

/**
 * Each row is a federated login that waits until its one-use code is exchanged. Taking it deletes it.
 * @about users
 * @why A login at a provider reaches the app that asked for it.
 * @kept Until the code is exchanged, or has expired, and an hour at most after that.
 */
export const loginExchanges = sqliteTable(
  'login_exchanges',
  {
    id: text('id').primaryKey(),
    userId: text('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    salt: text('salt').notNull(),
    /** The S256 challenge (RFC 7636); null where the code only counts together with the session that asked to link. */
    codeChallenge: text('code_challenge'),
    delivery: text('delivery', { enum: ['cookie', 'body'] }).notNull(),
    /** RFC 8176 authentication method references, as a JSON array. */
    methods: text('methods', { mode: 'json' }).$type<string[]>().notNull(),
    /** The identity that is linked once its owner confirms it, as a JWE under `AUTH_SECRET`. */
    sealedLink: text('sealed_link'),
    createdAt: integer('created_at').notNull(),
    expiresAt: integer('expires_at').notNull(),
  },
  (table) => [index('login_exchanges_expiry').on(table.expiresAt), index('login_exchanges_user').on(table.userId)],
)
