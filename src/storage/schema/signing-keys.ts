import { integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'

/**
 * The keys of a period: one, and a further one where a Worker can use none of those that are there. The ordinal is part
 * of the primary key, so isolates that make a key at the same moment agree on the winner.
 */
export const signingKeys = sqliteTable(
  'signing_keys',
  {
    period: integer('period').notNull(),
    ordinal: integer('ordinal').notNull(),
    kid: text('kid').notNull().unique(),
    /** JSON, read only once a seal has proven it. */
    publicJwk: text('public_jwk').notNull(),
    /** JSON, by version of `AUTH_SECRET`: a MAC over the public part, and the private JWK as a JWE. */
    seals: text('seals').notNull(),
    createdAt: integer('created_at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.period, table.ordinal] })],
)
