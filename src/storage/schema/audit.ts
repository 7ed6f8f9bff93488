import { index, integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'

/**
 * Each row says who did what to whom, and from where. It outlives the account that it is about, so it has no foreign
 * keys.
 */
export const auditEvents = sqliteTable(
  'audit_events',
  {
    id: text('id').primaryKey(),
    type: text('type').notNull(),
    at: integer('at').notNull(),
    actorId: text('actor_id'),
    userId: text('user_id'),
    ip: text('ip'),
    country: text('country'),
    userAgent: text('user_agent'),
    requestId: text('request_id'),
    details: text('details', { mode: 'json' }).$type<Record<string, unknown>>().notNull(),
  },
  (table) => [
    index('audit_events_at').on(table.at),
    index('audit_events_user').on(table.userId, table.at),
    index('audit_events_type').on(table.type, table.at),
  ],
)

/**
 * Each row counts how often, on one day, one kind of event happened that concerns no account. So it takes one row for
 * each day and kind, however many strangers try.
 */
export const auditCounts = sqliteTable(
  'audit_counts',
  {
    /** The day in UTC, as `YYYY-MM-DD`. */
    day: text('day').notNull(),
    /** The type that the event would have in the trail. */
    kind: text('kind').notNull(),
    count: integer('count').notNull(),
  },
  (table) => [primaryKey({ columns: [table.day, table.kind] })],
)
