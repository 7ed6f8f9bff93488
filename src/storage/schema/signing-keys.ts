import { integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'

/**
 * The keys of each period. A period has one key, and a further one where a Worker can use none of those that are
 * there. The ordinal is part of the primary key, so isolates that make a key at the same moment agree on the winner.
 * @about nobody
 * @why Access tokens are signed.
 * @kept Until no token that the key has signed can be valid any more.
 */
export const signingKeys = sqliteTable(
  'signing_keys',
  {
    period: integer('period').notNull(),
    ordinal: integer('ordinal').notNull(),
    kid: text('kid').notNull().unique(),
    /** The public JWK as JSON. It is only read once a seal has proven it. */
    publicJwk: text('public_jwk').notNull(),
    /**
     * A JSON object by version of `AUTH_SECRET`. Each entry holds a MAC over the public part, and the private JWK as a
     * JWE.
     */
    seals: text('seals').notNull(),
    createdAt: integer('created_at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.period, table.ordinal] })],
)
