import { index, integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { sessions } from './sessions.ts'

/**
 * Each refresh token stands for a grant, which is the right of one client to act in a session. Our own client has one
 * grant a session. The token is derived from the row (`crypto/derived-token.ts`), so no usable token is stored here.
 * @about users
 * @why A client goes on without a new login.
 * @kept As long as the session.
 */
export const grants = sqliteTable(
  'grants',
  {
    // The table has no rowid (docs/decisions/0036-tables-without-rowid.md).
    id: text('id').primaryKey(),
    sessionId: text('session_id')
      .notNull()
      .references(() => sessions.id, { onDelete: 'cascade' }),
    /** The application that holds the grant; null for our own client. */
    clientId: text('client_id'),
    /** The resource that the grant is for (RFC 8707); null where that is the default audience. */
    resource: text('resource'),
    scope: text('scope'),
    salt: text('salt').notNull(),
    /** Counts rotations of the refresh token. */
    generation: integer('generation').notNull().default(0),
    /** The time by the database's clock, because it is only compared with that clock. */
    rotatedAt: integer('rotated_at').notNull(),
  },
  (table) => [index('grants_session').on(table.sessionId)],
)
