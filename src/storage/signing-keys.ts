import { and, desc, eq, gte, lt } from 'drizzle-orm'
import type { Database } from './database.ts'
import { signingKeys } from './schema/index.ts'

export type SigningKeyRow = typeof signingKeys.$inferSelect

/** The keys of a period and later ones, newest first. */
export async function listSigningKeys(db: Database, fromPeriod: number): Promise<SigningKeyRow[]> {
  return await db
    .select()
    .from(signingKeys)
    .where(gte(signingKeys.period, fromPeriod))
    .orderBy(desc(signingKeys.period))
}

/** Adds keys; where a period has one already, that one stays. */
export async function insertSigningKeys(db: Database, rows: SigningKeyRow[]): Promise<void> {
  await db.insert(signingKeys).values(rows).onConflictDoNothing()
}

/** Replaces the sealing of a private key, if nobody else has done so. */
export async function resealSigningKey(db: Database, kid: string, oldSealed: string, newSealed: string): Promise<void> {
  await db
    .update(signingKeys)
    .set({ sealedPrivateJwk: newSealed })
    .where(and(eq(signingKeys.kid, kid), eq(signingKeys.sealedPrivateJwk, oldSealed)))
}

export async function deleteSigningKeysBefore(db: Database, period: number): Promise<void> {
  await db.delete(signingKeys).where(lt(signingKeys.period, period))
}
