import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'

/** One key a period. The period is the primary key, so isolates that make one at the same moment agree on the winner. */
export const signingKeys = sqliteTable('signing_keys', {
  period: integer('period').primaryKey(),
  kid: text('kid').notNull().unique(),
  publicJwk: text('public_jwk', { mode: 'json' }).$type<{ kid?: string }>().notNull(),
  /** The private JWK as a JWE under `AUTH_SECRET`. */
  sealedPrivateJwk: text('sealed_private_jwk').notNull(),
  createdAt: integer('created_at').notNull(),
})
