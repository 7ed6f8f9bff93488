import { index, integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'

/** A mail that has to reach a person. It names the token a link is derived from, and holds no secret itself. */
export const outbox = sqliteTable(
  'outbox',
  {
    id: text('id').primaryKey(),
    kind: text('kind').notNull(),
    recipient: text('recipient').notNull(),
    /** The recipient without a `+tag`, in lower case: whose hourly limit the mail counts for. */
    mailbox: text('mailbox').notNull(),
    /** 0 leaves before 1: a person waits for a reset or a code, while sign-ups may come by the hundred. */
    priority: integer('priority').notNull(),
    locale: text('locale').notNull(),
    /** Whom it concerns, for the audit trail; may have been deleted since. */
    userId: text('user_id'),
    /** The one-time token whose link and code the mail carries. */
    tokenId: text('token_id'),
    details: text('details', { mode: 'json' }).$type<Record<string, string>>().notNull(),
    /** When it is first due: the request's time, or later for a notice that had to wait its turn. */
    createdAt: integer('created_at').notNull(),
    attempts: integer('attempts').notNull().default(0),
    /** When it may be tried next; moved ahead while a delivery holds it, so a crashed one is tried again. */
    nextAttemptAt: integer('next_attempt_at').notNull(),
    state: text('state', { enum: ['pending', 'delivered', 'failed', 'dropped'] })
      .notNull()
      .default('pending'),
    lastError: text('last_error'),
  },
  (table) => [
    index('outbox_due').on(table.state, table.priority, table.nextAttemptAt),
    index('outbox_mailbox').on(table.mailbox, table.kind, table.createdAt),
  ],
)
