import { eq, ne, sql } from 'drizzle-orm'
import type { Database } from '../database.ts'
import { hashParameters, users } from '../schema/index.ts'

type Row = typeof hashParameters.$inferSelect

/** The parameters that the hash of an account refers to (`crypto/password-hash/parameters.ts`). */
export const whenParametersOfHash = sql`${hashParameters.id} = substr(${users.passwordHash}, 18, 22)`

/** Keeps parameters of imported hashes, or notes that they were imported again. */
export function putHashParametersStatement(db: Database, row: Row) {
  return db
    .insert(hashParameters)
    .values(row)
    .onConflictDoUpdate({ target: hashParameters.id, set: { importedAt: row.importedAt } })
}

/** Lists the parameters that are not sealed under exactly these versions. Each project that was imported has one row. */
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
