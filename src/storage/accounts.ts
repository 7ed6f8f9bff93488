import { and, eq, isNull, type SQL, sql } from 'drizzle-orm'
import { insertWhere } from './conditional-insert.ts'
import type { Database } from './database.ts'
import { sessions, userRoles, users } from './schema/index.ts'

const stringList = (value: string) => JSON.parse(value) as string[]

/** A user with what the roles amount to: one statement, whatever it is asked with. */
export const accountFields = {
  id: users.id,
  email: users.email,
  emailVerifiedAt: users.emailVerifiedAt,
  username: users.username,
  name: users.name,
  passwordHash: users.passwordHash,
  status: users.status,
  locale: users.locale,
  totpActivatedAt: users.totpActivatedAt,
  createdAt: users.createdAt,
  lastSeenAt: users.lastSeenAt,
  roles: sql`(select json_group_array(role) from (select role from user_roles where user_id = users.id order by role))`
    .mapWith(stringList)
    .as('role_names'),
  permissions: sql`(select json_group_array(permission) from (select distinct permission from role_permissions
      join user_roles using (role) where user_id = users.id order by permission))`
    .mapWith(stringList)
    .as('permission_names'),
}

export type Account = NonNullable<Awaited<ReturnType<typeof findAccountByEmail>>>

/** What a person types to name an account: an address or a username, in canonical form. */
export type Identifier = { email: string } | { username: string }

export async function findAccountByEmail(db: Database, email: string) {
  return (await db.select(accountFields).from(users).where(eq(users.email, email)).get()) ?? null
}

export async function findAccountByIdentifier(db: Database, identifier: Identifier): Promise<Account | null> {
  if ('email' in identifier) return await findAccountByEmail(db, identifier.email)
  const username = sql`lower(${users.username}) = ${identifier.username.toLowerCase()}`
  return (await db.select(accountFields).from(users).where(username).get()) ?? null
}

/** Adds the account unless its address is known. A username that is taken fails the batch. */
export function insertNewAccountStatement(db: Database, account: typeof users.$inferInsert) {
  return insertWhere(db, users, account, sql`not exists (select 1 from users where email = ${account.email})`)
}

/** Gives a role to the user of a query, e.g. the one a token belongs to. */
export function grantRoleStatement(db: Database, role: string, toUser: SQL) {
  return insertWhere(
    db,
    userRoles,
    { userId: sql`(${toUser})`, role },
    sql`(${toUser}) is not null and not exists (select 1 from user_roles where role = ${role} and user_id = (${toUser}))`,
  )
}

/** Replaces a password hash by one of today's strength, if it is still the one that was verified. */
export function rehashPasswordStatement(db: Database, userId: string, oldHash: string, newHash: string) {
  return db
    .update(users)
    .set({ passwordHash: newHash })
    .where(and(eq(users.id, userId), eq(users.passwordHash, oldHash)))
}

/** Changes a password the caller has just verified; `null` where there was none. Changes nothing if it changed meanwhile. */
export function changePasswordStatement(db: Database, userId: string, oldHash: string | null, newHash: string) {
  const unchanged = oldHash === null ? isNull(users.passwordHash) : eq(users.passwordHash, oldHash)
  return db
    .update(users)
    .set({ passwordHash: newHash })
    .where(and(eq(users.id, userId), unchanged))
    .returning({ id: users.id })
}

/** Sets the password of the account a live token belongs to. The mail proved the address, so it counts as verified. */
export function resetPasswordStatement(db: Database, tokenId: string, newHash: string, nowMs: number) {
  return db
    .update(users)
    .set({ passwordHash: newHash, emailVerifiedAt: sql`coalesce(${users.emailVerifiedAt}, ${nowMs})` })
    .where(sql`id = (select user_id from one_time_tokens where id = ${tokenId})`)
}

/** Verifies the address a live token was sent to, if it is still the account's. */
export function verifyEmailStatement(db: Database, tokenId: string, nowMs: number) {
  return db
    .update(users)
    .set({ emailVerifiedAt: sql`coalesce(${users.emailVerifiedAt}, ${nowMs})` })
    .where(sql`(id, email) = (select user_id, email from one_time_tokens where id = ${tokenId})`)
}

/** Gives the account the address a live token proves. An address taken meanwhile fails the batch. */
export function changeEmailStatement(db: Database, tokenId: string, newEmail: string, nowMs: number) {
  return db
    .update(users)
    .set({ email: newEmail, emailVerifiedAt: nowMs })
    .where(sql`id = (select user_id from one_time_tokens where id = ${tokenId})`)
}

/** Changes name and username. A username that is taken violates `users_username_unique`. */
export async function updateProfile(
  db: Database,
  userId: string,
  changes: { name?: string | null | undefined; username?: string | null | undefined },
): Promise<void> {
  await db.update(users).set(changes).where(eq(users.id, userId))
}

/** Deletes the account; sessions, tokens and roles go with it (foreign keys). */
export function deleteAccountStatement(db: Database, userId: string) {
  return db.delete(users).where(eq(users.id, userId)).returning({ id: users.id })
}

export function endSessionsOfAccountStatement(db: Database, userId: string | SQL, exceptSessionId: string | null = null) {
  return db
    .delete(sessions)
    .where(sql`user_id = ${typeof userId === 'string' ? userId : sql`(${userId})`} and id is not ${exceptSessionId}`)
    .returning({ id: sessions.id })
}
