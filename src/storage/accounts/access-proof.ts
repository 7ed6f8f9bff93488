import { and, eq, type SQL, sql } from 'drizzle-orm'
import { toChangeTime } from '../conditions.ts'
import type { Database } from '../database.ts'
import { deleteExchangesStatement } from '../federation/login-exchanges.ts'
import { deleteTokensStatement } from '../one-time-tokens.ts'
import { identities, oneTimeTokens, users } from '../schema/index.ts'

/**
 * Statements about the ways to sign in to an account once the owner of its address is known. An account is proven or
 * not as a whole (`users.access_proven_at`): its owner has linked whatever is linked to a proven account, while a
 * stranger may have linked what is linked to any other.
 */

/**
 * Holds for an identity that belongs to the owner: the account is proven, or the provider runs the mailbox of its
 * address. A stranger may have linked any other identity.
 */
export const whenIdentityIsProven = sql`exists (select 1 from users where users.id = identities.user_id
  and (users.access_proven_at is not null or (identities.is_authority and identities.email = users.email)))`
export const whenIdentityIsUnproven = sql`not ${whenIdentityIsProven}`

export function deleteIdentitiesStatement(db: Database, userId: string | SQL, when: SQL) {
  return db.delete(identities).where(and(eq(identities.userId, userId), when))
}

/**
 * Deletes the tokens that were mailed for an account, except those of links to set a new password or to undo something:
 * only somebody who has the mailbox can use these.
 */
export function deleteTokensButResetsStatement(db: Database, userId: string | SQL, when: SQL) {
  return deleteTokensStatement(db, userId, sql`${oneTimeTokens.purpose} <> 'reset_password' and ${when}`)
}

/** Removes the password of an account, if `when` holds. */
export function dropPasswordStatement(db: Database, userId: string | SQL, { at, when }: { at: number; when: SQL }) {
  return db
    .update(users)
    .set({ passwordHash: null, passwordChangedAt: toChangeTime(at) })
    .where(and(eq(users.id, userId), when))
}

/**
 * Records that the owner of an account sets its password by mail. These come before the statement that verifies the
 * address.
 */
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
 * Names the identities of an account for a mail, as in `GitHub (ada@example.com), Microsoft (ada@example.com)`. The
 * answer is null where there are none.
 * @param names gives the name of each provider; one that is no longer configured is called by its id.
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

/** Builds the facts of a mail, with those that are only known within the batch. A fact that is null is left out. */
export function factsWith(facts: Readonly<Record<string, string>>, found: Readonly<Record<string, SQL>>): SQL {
  const pairs = Object.entries(found).flatMap(([key, value]) => [sql`${key}`, value])
  return sql`json_patch(${JSON.stringify(facts)}, json_object(${sql.join(pairs, sql`, `)}))`
}
