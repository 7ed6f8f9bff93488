import { and, eq, lte, ne, sql } from 'drizzle-orm'
import { type Database, deleteSome } from '../database.ts'
import { hashParameters } from '../schema/index.ts'

type Row = typeof hashParameters.$inferSelect

/**
 * Gives the sealed parameters that the hash of an account refers to, or null. Their name stands behind
 * `imported:0000:$firebase-scrypt$`.
 */
export const parametersOfHash = sql<string | null>`(select json_object('id', id, 'seals', seals) from hash_parameters
  where id = substr(users.password_hash, 32, 22))`

/** Gives the dearest of all imported hashes that are still in use, or null. Their form puts it last. */
export const dearestImportedHash = sql<string | null>`(select max(password_hash) from users
  where password_hash >= 'imported:')`

/** Keeps parameters of imported hashes, or notes that they were imported again. */
export function putHashParametersStatement(db: Database, row: Row) {
  return db
    .insert(hashParameters)
    .values(row)
    .onConflictDoUpdate({ target: hashParameters.id, set: { importedAt: row.importedAt } })
}

/**
 * Lists the parameters that are not sealed under exactly these versions. Each project that was imported has one row.
 */
export async function listHashParametersToReseal(
  db: Database,
  sealedFor: string,
): Promise<Pick<Row, 'id' | 'seals'>[]> {
  const { id, seals } = hashParameters
  return await db.select({ id, seals }).from(hashParameters).where(ne(hashParameters.sealedFor, sealedFor))
}

export function resealHashParametersStatement(
  db: Database,
  { id, ...sealed }: Pick<Row, 'id' | 'seals' | 'sealedFor'>,
) {
  return db.update(hashParameters).set(sealed).where(eq(hashParameters.id, id))
}

/** Deletes parameters that no hash needs any more, and that no import brought lately. */
export function deleteUnusedHashParameters(db: Database, importedBefore: number, limit: number): Promise<number> {
  const isUnused = sql`id not in (select substr(password_hash, 32, 22) from users where password_hash >= 'imported:')`
  return deleteSome(db, hashParameters, and(lte(hashParameters.importedAt, importedBefore), isUnused), limit)
}
