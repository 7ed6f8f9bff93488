import { and, asc, eq, type SQL, sql } from 'drizzle-orm'
import { accountFields } from '../accounts/accounts.ts'
import { insertWhere } from '../conditional-insert.ts'
import { type Condition, whenSessionIsOf } from '../conditions.ts'
import type { Database } from '../database.ts'
import { passkeys, users } from '../schema/index.ts'

export type StoredPasskey = typeof passkeys.$inferSelect

/** A passkey as its owner names it. */
export type OwnedPasskey = Pick<StoredPasskey, 'id' | 'userId'>

export const whenPasskeyExists = (id: string): SQL => sql`exists (select 1 from passkeys where id = ${id})`

export const whenPasskeyIsSet = (userId: string | SQL): SQL =>
  sql`exists (select 1 from passkeys where user_id = ${userId})`

/** The ids of all who have a passkey. */
export const passkeyOwners: SQL = sql`select distinct user_id from passkeys`

/** Holds where the user has a passkey that opens the account without a name, a password or another factor. */
export const whenPasskeyOpensAlone = (userId: string): SQL =>
  sql`exists (select 1 from passkeys where user_id = ${userId} and opens_alone)`

/** Holds where the user has this passkey. */
export const whenPasskeyIsOf = ({ id, userId }: OwnedPasskey): SQL =>
  sql`exists (select 1 from passkeys where id = ${id} and user_id = ${userId})`

export function listPasskeysStatement(db: Database, userId: string) {
  return db
    .select()
    .from(passkeys)
    .where(eq(passkeys.userId, userId))
    .orderBy(asc(passkeys.createdAt), asc(passkeys.id))
}

export const listPasskeys = async (db: Database, userId: string): Promise<StoredPasskey[]> =>
  await listPasskeysStatement(db, userId)

/** Finds a passkey by the id that its authenticator chose, with the account that it belongs to. */
export async function findPasskey(db: Database, credentialId: string) {
  const row = await db
    .select({ passkey: passkeys, account: accountFields })
    .from(passkeys)
    .innerJoin(users, eq(users.id, passkeys.userId))
    .where(eq(passkeys.credentialId, credentialId))
    .get()
  return row ?? null
}

/**
 * Adds a passkey if the session that asked for it is there, its challenge is `unspent`, and its user has fewer than
 * `limit`.
 */
export function insertPasskeyStatement(
  db: Database,
  passkey: StoredPasskey,
  { sessionId, unspent, limit }: { sessionId: string; unspent: Condition; limit: number },
) {
  const { userId } = passkey
  const when = sql`${unspent} and ${whenSessionIsOf({ id: sessionId, userId })}
    and (select count(*) from passkeys where user_id = ${userId}) < ${limit}`
  return insertWhere(db, passkeys, passkey, when)
}

/** What a passkey has shown of itself. */
export interface PasskeyUse {
  counter: number
  isBackedUp: boolean
  /** Whether it has just opened the account by itself. */
  openedAlone: boolean
  at: number
}

/**
 * Holds where `when` does and the counter of a passkey has not gone up since its last use, so that there may be a copy
 * of it (WebAuthn Level 3 §6.1.1). Authenticators that do not count always say zero.
 */
export const whenCounterReversed = (id: string, counter: number, when: Condition): Condition =>
  sql`${when} and exists (select 1 from passkeys where id = ${id} and counter >= ${counter} and counter > 0)`

/**
 * Records the use of a passkey, if it is still there and `when` holds. The counter never goes down, so a copy is
 * noticed each time until it has overtaken the original.
 */
export function recordPasskeyUseStatement(db: Database, id: string, use: PasskeyUse, when: SQL) {
  return db
    .update(passkeys)
    .set({
      counter: sql`max(${passkeys.counter}, ${use.counter})`,
      isBackedUp: use.isBackedUp,
      lastUsedAt: use.at,
      ...(use.openedAlone ? { opensAlone: true } : {}),
    })
    .where(and(eq(passkeys.id, id), when))
    .returning({ id: passkeys.id })
}

export function renamePasskeyStatement(db: Database, owned: OwnedPasskey, name: string) {
  return db.update(passkeys).set({ name }).where(whenOwned(owned)).returning()
}

/**
 * Holds where the user has this passkey and does not lose the last way to sign in with it. Other ways are a password, a
 * provider that is still configured, and another passkey that opens the account alone.
 */
export function whenPasskeyIsNotLast({ id, userId }: OwnedPasskey, configured: readonly string[]): SQL {
  return sql`exists (select 1 from passkeys where id = ${id} and user_id = ${userId} and (not opens_alone
    or exists (select 1 from users where id = ${userId} and password_hash is not null)
    or exists (select 1 from identities where user_id = ${userId}
      and provider in (select value from json_each(${JSON.stringify(configured)})))
    or exists (select 1 from passkeys as other where other.user_id = ${userId} and other.id <> ${id}
      and other.opens_alone)))`
}

/** Finds out whether a condition holds for a passkey; null where the user has no such passkey. */
export async function findPasskeyIf(db: Database, owned: OwnedPasskey, condition: Condition) {
  const isSo = sql`${condition}`.mapWith(Boolean)
  return (await db.select({ isSo }).from(passkeys).where(whenOwned(owned)).get()) ?? null
}

export function deletePasskeyStatement(db: Database, owned: OwnedPasskey, when: Condition) {
  return db
    .delete(passkeys)
    .where(and(whenOwned(owned), when))
    .returning({ id: passkeys.id })
}

export function deletePasskeysStatement(db: Database, userId: string | SQL, when: Condition) {
  return db.delete(passkeys).where(and(eq(passkeys.userId, userId), when))
}

const whenOwned = ({ id, userId }: OwnedPasskey) => and(eq(passkeys.id, id), eq(passkeys.userId, userId))
