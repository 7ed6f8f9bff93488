import { sql } from 'drizzle-orm'
import { index, integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'

/**
 * Each row says who did what to whom, and from where. It outlives the account that it is about, so it has no foreign
 * keys.
 * @about users, administrators and services
 * @why The operator sees who did what, and finds an attack. The owner of an account sees what happened to it.
 * @kept `AUDIT_RETENTION_DAYS`. After a deletion the address, the country and the user agent of its owner are erased
 * within an hour or two, and the ids name nobody.
 */
export const auditEvents = sqliteTable(
  'audit_events',
  {
    /**
     * The place of the row in the order in which rows were written. SQLite gives each number once and gives none to
     * what it rolls back, so a number that is missing tells of a row that was removed.
     */
    sequence: integer('sequence').primaryKey({ autoIncrement: true }),
    id: text('id').notNull().unique(),
    type: text('type').notNull(),
    at: integer('at').notNull(),
    actorId: text('actor_id'),
    userId: text('user_id'),
    ip: text('ip'),
    country: text('country'),
    userAgent: text('user_agent'),
    /**
     * It hides the address, the country and the user agent in the digest that a seal has of them. So they can be erased
     * with the salt, and the digest that stays tells nothing (docs/decisions/0025-audit-chain.md).
     */
    salt: text('salt').default(sql`(lower(hex(randomblob(16))))`),
    requestId: text('request_id'),
    details: text('details', { mode: 'json' }).$type<Record<string, unknown>>().notNull(),
  },
  (table) => [
    index('audit_events_at').on(table.at),
    index('audit_events_user').on(table.userId, table.at),
    index('audit_events_actor').on(table.actorId, table.at),
    index('audit_events_type').on(table.type, table.at),
  ],
)

/**
 * Each row seals the events from one place of the trail to another, and the seal before it
 * (docs/decisions/0025-audit-chain.md).
 * @about nobody
 * @why A change of the trail shows.
 * @kept As long as the events that it seals.
 */
export const auditSeals = sqliteTable('audit_seals', {
  /** Seals are numbered from 1 without a gap, so that of two followers only one can make the next. */
  number: integer('number').primaryKey(),
  /** A seal that has no events ends one place before it begins. */
  firstSequence: integer('first_sequence').notNull(),
  lastSequence: integer('last_sequence').notNull(),
  /** The time of the newest event that this seal, or one before it, has. */
  newestAt: integer('newest_at').notNull(),
  /** The number of the last seal that retention had removed, with its events, when this one was made. */
  removedUpTo: integer('removed_up_to').notNull(),
  /** Two digests of each event, one after another, in the order of the events. */
  digests: text('digests').notNull(),
  previousHash: text('previous_hash').notNull(),
  hash: text('hash').notNull(),
  /** The version of `AUTH_SECRET` under which `mac` was made. */
  keyVersion: text('key_version').notNull(),
  mac: text('mac').notNull(),
  sealedAt: integer('sealed_at').notNull(),
})

/**
 * Each row counts how often, on one day, one kind of event happened that concerns no account. So it takes one row for
 * each day and kind, however many strangers try.
 * @about nobody
 * @why The operator sees attempts against names that nobody has.
 * @kept For ever.
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
