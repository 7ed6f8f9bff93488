import { and, eq, gt, lt, type SQL } from 'drizzle-orm'
import { accountFields } from './accounts.ts'
import type { Database } from './database.ts'
import { deleteSome } from './delete-some.ts'
import { loginExchanges, users } from './schema/index.ts'

export type LoginExchange = typeof loginExchanges.$inferSelect

export function insertExchangeStatement(db: Database, exchange: LoginExchange) {
  return db.insert(loginExchanges).values(exchange)
}

/** A login that waits for its code, and its account. */
export async function findExchange(db: Database, id: string, nowMs: number) {
  const row = await db
    .select({ exchange: loginExchanges, account: accountFields })
    .from(loginExchanges)
    .innerJoin(users, eq(users.id, loginExchanges.userId))
    .where(and(eq(loginExchanges.id, id), gt(loginExchanges.expiresAt, nowMs)))
    .get()
  return row ?? null
}

/** Takes a waiting login: of many that try at once, one gets true. */
export async function takeExchange(db: Database, id: string): Promise<boolean> {
  const taken = await db.delete(loginExchanges).where(eq(loginExchanges.id, id)).returning({ id: loginExchanges.id })
  return taken.length > 0
}

/** Ends the logins of a user that wait for their code. */
export function deleteExchangesStatement(db: Database, userId: string, when: SQL) {
  return db.delete(loginExchanges).where(and(eq(loginExchanges.userId, userId), when))
}

export function deleteExpiredExchanges(db: Database, nowMs: number, limit: number): Promise<number> {
  return deleteSome(db, loginExchanges, lt(loginExchanges.expiresAt, nowMs), limit)
}
