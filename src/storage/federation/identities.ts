import { and, eq, type SQL, sql } from 'drizzle-orm'
import { accountFields } from '../accounts/accounts.ts'
import { inOneBatch } from '../batch.ts'
import { insertWhere } from '../conditional-insert.ts'
import { userIdByFormerAddress } from '../conditions.ts'
import type { Database } from '../database.ts'
import { identities, users } from '../schema/index.ts'

export type NewIdentity = typeof identities.$inferInsert

/** The two values by which the database finds an identity. */
type IdentityKey = Pick<NewIdentity, 'issuer' | 'subject'>

/** Selects the identities other than this one, which may have been linked before. */
export const whenOtherThan = ({ issuer, subject }: IdentityKey): SQL =>
  sql`(issuer, subject) <> (${issuer}, ${subject})`

/** Holds where the account still has this identity. */
export const whenIdentityIsOf = (userId: string, { issuer, subject }: IdentityKey): SQL =>
  sql`exists (select 1 from identities where issuer = ${issuer} and subject = ${subject} and user_id = ${userId})`

export const whenIdentityExists = (id: string): SQL => sql`exists (select 1 from identities where id = ${id})`

/**
 * Finds, in one round trip, the account that somebody from a provider signs in to, the one that has their address, and
 * whether another account gave that address up and may still take it back.
 */
export async function findAccountsOf(db: Database, { issuer, subject }: IdentityKey, email: string | null) {
  const {
    owner: [owner = null],
    namesake: [namesake = null],
    reserved,
  } = await inOneBatch(db, {
    owner: db
      .select(accountFields)
      .from(users)
      .where(sql`${users.id} = (select user_id from identities where issuer = ${issuer} and subject = ${subject})`),
    namesake: db
      .select(accountFields)
      .from(users)
      .where(eq(users.email, email ?? '')),
    reserved: db
      .select({ id: users.id })
      .from(users)
      .where(sql`${users.id} = ${userIdByFormerAddress(email ?? '')}`),
  })
  return { owner, namesake, isReserved: reserved.length > 0 }
}

/** Links an identity if `when` holds and, by then, neither it nor another one of the same provider is linked. */
export function insertIdentityStatement(db: Database, identity: NewIdentity, when: SQL) {
  const { userId, provider, issuer, subject } = identity
  return insertWhere(
    db,
    identities,
    identity,
    sql`${when} and not exists (select 1 from identities
      where (issuer = ${issuer} and subject = ${subject}) or (user_id = ${userId} and provider = ${provider}))`,
  )
}

/** Records a login, and the provider's new tokens where they are kept. */
export function touchIdentityStatement(
  db: Database,
  { issuer, subject }: IdentityKey,
  use: { lastUsedAt: number; sealedTokens: string | null },
) {
  return db
    .update(identities)
    .set(use)
    .where(and(eq(identities.issuer, issuer), eq(identities.subject, subject)))
}

/**
 * Holds where the user has this provider linked and has another way to sign in: a password, another provider that is
 * still configured, or one of `otherWays`. The statement that unlinks asks this itself, so that of many which run at
 * once none removes the last way to sign in.
 */
export function whenOtherWayIn(
  { userId, provider }: { userId: string; provider: string },
  { configured, otherWays }: { configured: readonly string[]; otherWays: readonly SQL[] },
): SQL {
  const ways = [
    sql`exists (select 1 from users where id = ${userId} and password_hash is not null)`,
    sql`exists (select 1 from identities where user_id = ${userId} and provider <> ${provider}
      and provider in (select value from json_each(${JSON.stringify(configured)})))`,
    ...otherWays,
  ]
  return sql`exists (select 1 from identities where user_id = ${userId} and provider = ${provider})
    and (${sql.join(ways, sql` or `)})`
}

export function unlinkStatement(db: Database, userId: string, provider: string, when: SQL) {
  return db
    .delete(identities)
    .where(and(eq(identities.userId, userId), eq(identities.provider, provider), when))
    .returning({ id: identities.id })
}
