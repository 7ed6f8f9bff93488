import { and, eq, gt, lt, type SQL } from 'drizzle-orm'
import { accountFields } from '../accounts/accounts.ts'
import { insertWhere } from '../conditional-insert.ts'
import { type Database, deleteSome } from '../database.ts'
import { loginExchanges, users } from '../schema/index.ts'

export type LoginExchange = typeof loginExchanges.$inferSelect

/** Keeps a login until its code is exchanged, if what it was proven with is still there. */
export function insertExchangeStatement(db: Database, exchange: LoginExchange, when: SQL) {
  return insertWhere(db, loginExchanges, exchange, when)
}

/** Finds a waiting login by the id and salt of its verified code, with its account. */
export async function findExchange(db: Database, { id, salt }: Pick<LoginExchange, 'id' | 'salt'>, nowMs: number) {
  const row = await db
    .select({ exchange: loginExchanges, account: accountFields })
    .from(loginExchanges)
    .innerJoin(users, eq(users.id, loginExchanges.userId))
    .where(and(eq(loginExchanges.id, id), eq(loginExchanges.salt, salt), gt(loginExchanges.expiresAt, nowMs)))
    .get()
  return row ?? null
}

/** Takes a waiting login. Of many requests that try at once, one gets true. */
export async function takeExchange(db: Database, id: string): Promise<boolean> {
  const taken = await db.delete(loginExchanges).where(eq(loginExchanges.id, id)).returning({ id: loginExchanges.id })
  return taken.length > 0
}

/** Deletes the logins of a user that wait for their code to be exchanged. */
export function deleteExchangesStatement(db: Database, userId: string | SQL, when: SQL) {
  return db.delete(loginExchanges).where(and(eq(loginExchanges.userId, userId), when))
}

export function deleteExpiredExchanges(db: Database, nowMs: number, limit: number): Promise<number> {
  return deleteSome(db, loginExchanges, lt(loginExchanges.expiresAt, nowMs), limit)
}
