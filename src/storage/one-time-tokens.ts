import { and, eq, gt, lt, type SQL, sql } from 'drizzle-orm'
import { accountFields } from './accounts.ts'
import { insertWhere } from './conditional-insert.ts'
import type { Database } from './database.ts'
import { oneTimeTokens, users } from './schema/index.ts'

export type OneTimeToken = typeof oneTimeTokens.$inferSelect
export type OneTimeTokenPurpose = OneTimeToken['purpose']

/** What a new token needs besides its owner. */
export interface NewOneTimeToken {
  id: string
  salt: string
  createdAt: number
  expiresAt: number
}

/** Makes a token for the one user of a query, or none. `purpose` and `email` may be expressions over that user's row. */
export function issueTokenStatement(
  db: Database,
  token: NewOneTimeToken,
  owner: { where: SQL; purpose: OneTimeTokenPurpose | SQL; email?: string },
) {
  const ofOwner = (column: string) => sql`(select ${sql.raw(column)} from users where ${owner.where})`
  return insertWhere(
    db,
    oneTimeTokens,
    { ...token, userId: ofOwner('id'), email: owner.email ?? ofOwner('email'), purpose: owner.purpose },
    sql`exists (select 1 from users where ${owner.where})`,
  )
}

/** A live token and its account. */
export async function findToken(db: Database, id: string, purpose: OneTimeTokenPurpose, nowMs: number) {
  const row = await db
    .select({ token: oneTimeTokens, account: accountFields })
    .from(oneTimeTokens)
    .innerJoin(users, eq(users.id, oneTimeTokens.userId))
    .where(and(eq(oneTimeTokens.id, id), eq(oneTimeTokens.purpose, purpose), gt(oneTimeTokens.expiresAt, nowMs)))
    .get()
  return row ?? null
}

/**
 * Counts a guess at the code of a token, before it is compared; null when there is no token or its guesses are used up.
 * `which` picks the token: by id, or as the newest of an address.
 */
export async function countGuess(
  db: Database,
  which: { id: string } | { email: string },
  purpose: OneTimeTokenPurpose,
  maxAttempts: number,
  nowMs: number,
) {
  const id =
    'id' in which
      ? sql`${which.id}`
      : sql`(select t.id from one_time_tokens t join users u on u.id = t.user_id
          where u.email = ${which.email} and t.purpose = ${purpose} order by t.created_at desc, t.id desc limit 1)`
  const [counted, found] = await db.batch([
    db
      .update(oneTimeTokens)
      .set({ attempts: sql`attempts + 1` })
      .where(
        and(
          eq(oneTimeTokens.id, id),
          eq(oneTimeTokens.purpose, purpose),
          gt(oneTimeTokens.expiresAt, nowMs),
          lt(oneTimeTokens.attempts, maxAttempts),
        ),
      )
      .returning({ id: oneTimeTokens.id }),
    db
      .select({ token: oneTimeTokens, account: accountFields })
      .from(oneTimeTokens)
      .innerJoin(users, eq(users.id, oneTimeTokens.userId))
      .where(eq(oneTimeTokens.id, id)),
  ])
  return counted.length > 0 ? (found[0] ?? null) : null
}

/**
 * Uses a token up, and with it every other one of the same user and purpose. Last in a batch whose other statements depend on
 * the token: of two that race, one finds it in the answer and the other finds nothing done.
 */
export function consumeTokenStatement(db: Database, id: string) {
  return db
    .delete(oneTimeTokens)
    .where(sql`(user_id, purpose) = (select user_id, purpose from one_time_tokens where id = ${id})`)
    .returning({ id: oneTimeTokens.id })
}

/** The user of a live token, for use inside other statements of a batch. */
export const ownerOfToken = (id: string) => sql`select user_id from one_time_tokens where id = ${id}`

export async function deleteExpiredTokens(db: Database, nowMs: number, limit: number): Promise<number> {
  const expired = db.select({ id: oneTimeTokens.id }).from(oneTimeTokens).where(lt(oneTimeTokens.expiresAt, nowMs)).limit(limit)
  const gone = await db.delete(oneTimeTokens).where(sql`id in ${expired}`).returning({ id: oneTimeTokens.id })
  return gone.length
}
