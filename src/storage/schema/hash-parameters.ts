import { index, integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'

/**
 * Each row holds the parameters that the imported password hashes of one project share, such as Firebase's signer key.
 * @about nobody
 * @why Passwords that were imported with such parameters can be verified.
 * @kept Until no account has such a password, and a day after the last import.
 */
export const hashParameters = sqliteTable(
  'hash_parameters',
  {
    /** A digest of the parameters, which the hashes that need them name (`crypto/password-hash/parameters.ts`). */
    id: text('id').primaryKey(),
    /** The parameters as JSON, sealed under every version of `AUTH_SECRET`. */
    seals: text('seals').notNull(),
    sealedFor: text('sealed_for').notNull(),
    /** The time of the last import that brought them. */
    importedAt: integer('imported_at').notNull(),
  },
  (table) => [index('hash_parameters_imported').on(table.importedAt)],
)
