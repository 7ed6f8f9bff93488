import { and, eq, type SQL, sql } from 'drizzle-orm'
import type { Condition } from '../conditions.ts'
import type { Database } from '../database.ts'
import { recoveryCodes } from '../schema/index.ts'

/** Reads the hashes of an account's codes that were not used yet. */
export async function readRecoveryCodeHashes(db: Database, userId: string): Promise<string[]> {
  const rows = await db.select({ hash: recoveryCodes.hash }).from(recoveryCodes).where(eq(recoveryCodes.userId, userId))
  return rows.map(({ hash }) => hash)
}

export const whenRecoveryCodeExists = (userId: string, hash: string): Condition =>
  sql`exists (select 1 from recovery_codes where user_id = ${userId} and hash = ${hash})`

/** Holds where the account has no codes and `when` holds. */
export const whenNoRecoveryCodes = (userId: string, when: Condition): Condition =>
  sql`${when} and not exists (select 1 from recovery_codes where user_id = ${userId})`

/** Gives how many codes an account has left, less the one that the batch is about to use, as text. */
export const codesLeftAfterUse = (userId: string): SQL =>
  sql`(select cast(count(*) - 1 as text) from recovery_codes where user_id = ${userId})`

/** Gives codes to an account, if `when` holds. One parameter carries all of them. */
export function insertRecoveryCodesStatement(
  db: Database,
  { userId, hashes, createdAt }: { userId: string; hashes: readonly string[]; createdAt: number },
  when: Condition,
) {
  return db
    .insert(recoveryCodes)
    .select(sql`select ${userId}, value, ${createdAt} from json_each(${JSON.stringify(hashes)}) where ${when}`)
    .returning({ hash: recoveryCodes.hash })
}

/** Uses a code up, if `when` holds. */
export function spendRecoveryCodeStatement(
  db: Database,
  { userId, hash }: { userId: string; hash: string },
  when: Condition,
) {
  return db.delete(recoveryCodes).where(and(eq(recoveryCodes.userId, userId), eq(recoveryCodes.hash, hash), when))
}

export function deleteRecoveryCodesStatement(db: Database, userId: string | SQL, when: Condition) {
  return db.delete(recoveryCodes).where(and(eq(recoveryCodes.userId, userId), when))
}
