import { and, desc, eq, gte, lt } from 'drizzle-orm'
import type { Database } from './database.ts'
import { signingKeys } from './schema/index.ts'

export type SigningKeyRow = typeof signingKeys.$inferSelect

/** Lists the keys of a period and of later ones, newest first. */
export async function listSigningKeys(db: Database, fromPeriod: number): Promise<SigningKeyRow[]> {
  return await db
    .select()
    .from(signingKeys)
    .where(gte(signingKeys.period, fromPeriod))
    .orderBy(desc(signingKeys.period), desc(signingKeys.ordinal))
}

/** Adds keys. Where another isolate has stored one under the same period and ordinal first, that key stays. */
export async function insertSigningKeys(db: Database, rows: SigningKeyRow[]): Promise<void> {
  await db.insert(signingKeys).values(rows).onConflictDoNothing()
}

/** Replaces the seals of a key, if nobody else has done so. */
export async function resealSigningKey(
  db: Database,
  { kid, seals }: Pick<SigningKeyRow, 'kid' | 'seals'>,
  newSeals: SigningKeyRow['seals'],
): Promise<void> {
  await db
    .update(signingKeys)
    .set({ seals: newSeals })
    .where(and(eq(signingKeys.kid, kid), eq(signingKeys.seals, seals)))
}

export async function deleteSigningKeysBefore(db: Database, period: number): Promise<void> {
  await db.delete(signingKeys).where(lt(signingKeys.period, period))
}
