import { index, integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'

/** Who did what to whom, from where. Outlives the account it speaks of, so it has no foreign keys. */
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
 * How often on a day something happened that concerns no account: however many strangers try, it takes a row a day and
 * kind.
 */
export const auditCounts = sqliteTable(
  'audit_counts',
  {
    /** The day in UTC, as `YYYY-MM-DD`. */
    day: text('day').notNull(),
    /** The type that an event of the trail would have. */
    kind: text('kind').notNull(),
    count: integer('count').notNull(),
  },
  (table) => [primaryKey({ columns: [table.day, table.kind] })],
)
