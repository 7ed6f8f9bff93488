import { and, eq, ne, type SQL, sql } from 'drizzle-orm'
import { toChangeTime } from '../conditions.ts'
import type { Database } from '../database.ts'
import { deleteExchangesStatement } from '../federation/login-exchanges.ts'
import { identities, oneTimeTokens, users } from '../schema/index.ts'

/**
 * What becomes of the ways in to an account once the owner of its address is known. An account is proven or not as a
 * whole (`users.access_proven_at`): what is linked to a proven account was linked by its owner, and what is linked to
 * another may be a stranger's.
 */

/**
 * An identity that is its owner's: the account is proven, or the provider runs the mailbox of its address. Others may
 * be a stranger's.
 */
export const whenIdentityIsProven = sql`exists (select 1 from users where users.id = identities.user_id
  and (users.access_proven_at is not null or (identities.is_authority and identities.email = users.email)))`
export const whenIdentityIsUnproven = sql`not ${whenIdentityIsProven}`

export function deleteIdentitiesStatement(db: Database, userId: string | SQL, when: SQL) {
  return db.delete(identities).where(and(eq(identities.userId, userId), when))
}

/**
 * Deletes what was mailed for an account, but for links to set a new password: whoever has the mailbox asked for them,
 * or may use them.
 */
export function deleteTokensButResetsStatement(db: Database, userId: string | SQL, when: SQL) {
  return db
    .delete(oneTimeTokens)
    .where(and(eq(oneTimeTokens.userId, userId), ne(oneTimeTokens.purpose, 'reset_password'), when))
}

/** Leaves no password in an account, if `when` holds. */
export function dropPasswordStatement(db: Database, userId: string | SQL, { at, when }: { at: number; when: SQL }) {
  return db
    .update(users)
    .set({ passwordHash: null, passwordChangedAt: toChangeTime(at) })
    .where(and(eq(users.id, userId), when))
}

/** Takes note that its owner sets a password by mail. Before the statement that verifies the address. */
export function proveAccessStatements(db: Database, userId: string, { at, when }: { at: number; when: SQL }) {
  return [
    deleteIdentitiesStatement(db, userId, sql`${when} and ${whenIdentityIsUnproven}`),
    deleteExchangesStatement(db, userId, when),
    db
      .update(users)
      .set({ accessProvenAt: at })
      .where(and(eq(users.id, userId), when)),
  ] as const
}

/**
 * Names the identities of an account for a mail: `GitHub (ada@example.com), Microsoft (ada@example.com)`; null where
 * there are none.
 * @param names what each provider is called; one that is configured no more is called by its id.
 */
export function describeIdentities(
  userId: string | SQL,
  names: ReadonlyMap<string, string>,
  when: SQL = sql`true`,
): SQL {
  const name = sql`coalesce((select value from json_each(${JSON.stringify(Object.fromEntries(names))}) where key = provider), provider)`
  return sql`(select group_concat(${name} || coalesce(' (' || email || ')', ''), ', ' order by provider) from identities
    where user_id = ${userId} and ${when})`
}

/** Facts of a mail, with those that are only known within the batch; one that is null is left out. */
export function factsWith(facts: Readonly<Record<string, string>>, found: Readonly<Record<string, SQL>>): SQL {
  const pairs = Object.entries(found).flatMap(([key, value]) => [sql`${key}`, value])
  return sql`json_patch(${JSON.stringify(facts)}, json_object(${sql.join(pairs, sql`, `)}))`
}
