import { and, eq, lte, type SQL, sql } from 'drizzle-orm'
import { accountFields } from '../accounts/accounts.ts'
import { insertWhere } from '../conditional-insert.ts'
import { type Condition, whenTokenExists } from '../conditions.ts'
import type { Database } from '../database.ts'
import { factorRemovals, oneTimeTokens, users } from '../schema/index.ts'

/** An admin's wish to remove the factors of a user, which waits for its time. */
export type FactorRemoval = typeof factorRemovals.$inferSelect

/** Holds while the removal of a user's factors waits; with a token id, only for the removal that came with it. */
export const whenRemovalWaits = (userId: string, tokenId?: string): Condition =>
  sql`exists (select 1 from factor_removals where user_id = ${userId}
    and ${tokenId === undefined ? sql`true` : sql`token_id = ${tokenId}`})`

/**
 * Holds while the admin may change that user: both are active, the admin has `users:write`, and the user has no
 * permission that the admin lacks.
 */
export const whenMayChange = (adminId: string, userId: string): Condition => {
  const held = (id: string): SQL => sql`(select permission from role_permissions
    join user_roles using (role) where user_id = ${id})`
  return sql`(select count(*) from users where id in (${adminId}, ${userId}) and status = 'active') = 2
    and 'users:write' in ${held(adminId)}
    and not exists (select 1 from ${held(userId)} where permission not in ${held(adminId)})`
}

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

/** Finds an account by its id. */
export async function findAccount(db: Database, userId: string) {
  return (await db.select(accountFields).from(users).where(eq(users.id, userId)).get()) ?? null
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
