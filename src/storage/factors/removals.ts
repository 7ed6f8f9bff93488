import { and, eq, lte, sql } from 'drizzle-orm'
import { accountFields } from '../accounts/accounts.ts'
import { insertWhere } from '../conditional-insert.ts'
import { type Condition, whenActive, whenTokenExists } from '../conditions.ts'
import type { Database } from '../database.ts'
import { whenMayActUpon } from '../roles.ts'
import { factorRemovals, oneTimeTokens, users } from '../schema/index.ts'

/** An admin's wish to remove the factors of a user, which waits for its time. */
export type FactorRemoval = typeof factorRemovals.$inferSelect

/** Holds while the removal of a user's factors waits; with a token id, only for the removal that came with it. */
export const whenRemovalWaits = (userId: string, tokenId?: string): Condition =>
  sql`exists (select 1 from factor_removals where user_id = ${userId}
    and ${tokenId === undefined ? sql`true` : sql`token_id = ${tokenId}`})`

/** Holds while the admin may change that user (`whenMayActUpon`), who is active. */
export const whenMayRemoveFactors = (adminId: string, userId: string): Condition =>
  sql`${whenMayActUpon({ id: adminId, permission: 'users:write' }, userId)}
    and exists (select 1 from users where id = ${userId} and ${whenActive})`

/** Lets a removal wait if the token by which the user can stop it was mailed, and no other removal waits. */
export function insertRemovalStatement(db: Database, removal: FactorRemoval) {
  return insertWhere(db, factorRemovals, removal, whenTokenExists(removal.tokenId)).onConflictDoNothing()
}

/** Reads when the factors of a user are to be removed. */
export function selectRemovalStatement(db: Database, userId: string) {
  return db
    .select({ removesAt: factorRemovals.removesAt })
    .from(factorRemovals)
    .where(eq(factorRemovals.userId, userId))
}

/** Deletes the waiting removal of a user's factors, and the tokens by which it can be stopped. */
export function deleteRemovalStatements(db: Database, userId: string, when: Condition) {
  return [
    db
      .delete(oneTimeTokens)
      .where(and(eq(oneTimeTokens.userId, userId), eq(oneTimeTokens.purpose, 'keep_factors'), when)),
    db.delete(factorRemovals).where(and(eq(factorRemovals.userId, userId), when)),
  ] as const
}

/** Finds the removal that has been due for longest, with the account of its user. */
export async function findDueRemoval(db: Database, nowMs: number) {
  const row = await db
    .select({ removal: factorRemovals, account: accountFields })
    .from(factorRemovals)
    .innerJoin(users, eq(users.id, factorRemovals.userId))
    .where(lte(factorRemovals.removesAt, nowMs))
    .orderBy(factorRemovals.removesAt)
    .limit(1)
    .get()
  return row ?? null
}
