import { index, integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'

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
