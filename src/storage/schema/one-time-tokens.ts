import { sql } from 'drizzle-orm'
import { index, integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { sessions } from './sessions.ts'
import { users } from './users.ts'

/**
 * Each row is a token for a verification, a reset, an e-mail change, a step-up or an undo (`not_me`), or to stop the
 * removal of the factors, or an MFA ticket. Using a token deletes it, and a code that is guessed too often makes it
 * useless.
 * @about users
 * @why A mailed link or code proves who has the mailbox.
 * @kept Until it is used, or a day after it has expired.
 */
export const oneTimeTokens = sqliteTable(
  'one_time_tokens',
  {
    id: text('id').primaryKey(),
    userId: text('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    purpose: text('purpose', {
      enum: ['verify_email', 'reset_password', 'change_email', 'mfa_ticket', 'step_up', 'not_me', 'keep_factors'],
    }).notNull(),
    salt: text('salt').notNull(),
    /** The address the token proves: the account's own at that time, or the new one of an e-mail change. */
    email: text('email').notNull(),
    /** The session that asked for the code of a step-up, which dies with it; null for any other token. */
    sessionId: text('session_id').references(() => sessions.id, { onDelete: 'cascade' }),
    /** The methods by which the login of an MFA ticket was begun (RFC 8176), as a JSON array. */
    methods: text('methods', { mode: 'json' }).$type<string[]>(),
    /** What the account was before the event that a `not_me` token undoes, as JSON (`accounts/former-state.ts`). */
    formerState: text('former_state'),
    /** The client that began the login of a ticket, as a keyed hash; null for any other token. */
    client: text('client'),
    attempts: integer('attempts').notNull().default(0),
    createdAt: integer('created_at').notNull(),
    expiresAt: integer('expires_at').notNull(),
  },
  (table) => [
    index('one_time_tokens_user').on(table.userId, table.purpose, table.createdAt),
    index('one_time_tokens_email').on(table.email, table.purpose, table.createdAt),
    index('one_time_tokens_session').on(table.sessionId).where(sql`session_id is not null`),
    index('one_time_tokens_expiry').on(table.expiresAt),
  ],
)
