import { and, desc, eq, gte, lt, sql } from 'drizzle-orm'
import type { Condition } from './conditions.ts'
import type { Database } from './database.ts'
import { signingKeys } from './schema/index.ts'

export type SigningKeyRow = typeof signingKeys.$inferSelect

/** Lists the keys of a period and of later ones, newest first. */
export const listSigningKeysStatement = (db: Database, fromPeriod: number) =>
  db
    .select()
    .from(signingKeys)
    .where(gte(signingKeys.period, fromPeriod))
    .orderBy(desc(signingKeys.period), desc(signingKeys.ordinal))

export const whenKeyIsOf = (kid: string, period: number): Condition =>
  sql`exists (select 1 from signing_keys where kid = ${kid} and period = ${period})`

/** Gives a key to another period, as the newest one there, if `when` holds. */
export const promoteSigningKeyStatement = (
  db: Database,
  { kid, period }: Pick<SigningKeyRow, 'kid' | 'period'>,
  place: Pick<SigningKeyRow, 'period' | 'seals'>,
  when: Condition,
) =>
  db
    .update(signingKeys)
    .set({
      ...place,
      ordinal: sql`(select coalesce(max(ordinal), -1) + 1 from signing_keys where period = ${place.period})`,
    })
    .where(and(eq(signingKeys.kid, kid), eq(signingKeys.period, period), when))

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
