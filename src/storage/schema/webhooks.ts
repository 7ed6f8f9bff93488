import { index, integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'

/**
 * Each row is an endpoint of somebody else that wants to be told of events.
 * @about nobody
 * @why Other systems are told of events.
 * @kept Until the endpoint is removed.
 */
export const webhooks = sqliteTable('webhooks', {
  id: text('id').primaryKey(),
  /** It may hold a secret of the receiver, so no log and no event quotes it. */
  url: text('url').notNull(),
  /** The types of the events that are sent, as a JSON array. */
  events: text('events', { mode: 'json' }).$type<readonly string[]>().notNull(),
  status: text('status', { enum: ['active', 'disabled'] })
    .notNull()
    .default('active'),
  createdAt: integer('created_at').notNull(),
})

/**
 * Each row is a secret with which messages to an endpoint are signed. An endpoint has one, and for a while two, while
 * one is replaced.
 * @about nobody
 * @why A receiver knows who sent a message.
 * @kept Until the endpoint is removed, or a day after the secret was replaced.
 */
export const webhookSecrets = sqliteTable(
  'webhook_secrets',
  {
    id: text('id').primaryKey(),
    webhookId: text('webhook_id')
      .notNull()
      .references(() => webhooks.id, { onDelete: 'cascade' }),
    /** The secret, sealed under every version of `AUTH_SECRET` for this endpoint alone. */
    seals: text('seals').notNull(),
    sealedFor: text('sealed_for').notNull(),
    createdAt: integer('created_at').notNull(),
    /** The time until which a secret that was replaced still signs; null for the newest one. */
    expiresAt: integer('expires_at'),
  },
  (table) => [
    index('webhook_secrets_webhook').on(table.webhookId),
    index('webhook_secrets_expiry').on(table.expiresAt),
  ],
)

/**
 * Each row is one event that has to reach one endpoint.
 * @about users and administrators, by their ids
 * @why A message that could not be delivered is tried again.
 * @kept 30 days.
 */
export const webhookDeliveries = sqliteTable(
  'webhook_deliveries',
  {
    /** It is the `webhook-id` of each try, by which the receiver knows a message again. */
    id: text('id').primaryKey(),
    webhookId: text('webhook_id')
      .notNull()
      .references(() => webhooks.id, { onDelete: 'cascade' }),
    type: text('type').notNull(),
    /** The body, as it is signed and sent. */
    payload: text('payload').notNull(),
    createdAt: integer('created_at').notNull(),
    attempts: integer('attempts').notNull().default(0),
    /**
     * The time at which it may be tried next. A try moves this ahead, so that another follows if the Worker that makes
     * it crashes.
     */
    nextAttemptAt: integer('next_attempt_at').notNull(),
    state: text('state', { enum: ['pending', 'delivered', 'failed'] })
      .notNull()
      .default('pending'),
    /** Why the last try failed, without anything that the receiver said but its status. */
    lastError: text('last_error'),
  },
  (table) => [
    index('webhook_deliveries_due').on(table.state, table.webhookId, table.nextAttemptAt),
    index('webhook_deliveries_webhook').on(table.webhookId, table.createdAt, table.id),
    index('webhook_deliveries_state').on(table.webhookId, table.state, table.createdAt, table.id),
  ],
)
