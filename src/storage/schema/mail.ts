import { index, integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'

/**
 * Each row is a mail that has to reach a person. It names the token from which its link is derived, and holds no
 * secret.
 * @about whoever a mail goes to
 * @why A mail that could not leave is tried again, and no mailbox gets too many.
 * @kept A day after it has left. A mail that was given up: 30 days. Of a deleted account: an hour or two.
 */
export const outbox = sqliteTable(
  'outbox',
  {
    id: text('id').primaryKey(),
    kind: text('kind').notNull(),
    recipient: text('recipient').notNull(),
    /** The recipient without a `+tag`, in lower case. The mail counts against the hourly limit of this mailbox. */
    mailbox: text('mailbox').notNull(),
    /**
     * Mails of priority 0 leave before those of 1, because a person waits for a reset or a code, while sign-ups may
     * come by the hundred.
     */
    priority: integer('priority').notNull(),
    locale: text('locale').notNull(),
    /** The user whom the mail concerns, for the audit trail. The account may have been deleted since. */
    userId: text('user_id'),
    /** The one-time token whose link and code the mail carries. */
    tokenId: text('token_id'),
    details: text('details', { mode: 'json' }).$type<Record<string, string>>().notNull(),
    /**
     * The time at which the mail is first due: that of the request, or a later one for a notice that had to wait its
     * turn.
     */
    createdAt: integer('created_at').notNull(),
    attempts: integer('attempts').notNull().default(0),
    /**
     * The time at which it may be tried next. A delivery that takes the mail moves this ahead, so that the mail is
     * tried again if the delivery crashes.
     */
    nextAttemptAt: integer('next_attempt_at').notNull(),
    state: text('state', { enum: ['pending', 'delivered', 'failed', 'dropped'] })
      .notNull()
      .default('pending'),
    lastError: text('last_error'),
  },
  (table) => [
    index('outbox_due').on(table.state, table.priority, table.nextAttemptAt),
    index('outbox_user').on(table.userId),
    index('outbox_mailbox').on(table.mailbox, table.kind, table.createdAt),
  ],
)
