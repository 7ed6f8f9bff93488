import { and, eq, isNotNull, type SQL, sql } from 'drizzle-orm'
import type { SelectResultFields } from 'drizzle-orm/query-builders/select.types'
import { type Condition, toChangeTime } from '../conditions.ts'
import type { Database } from '../database.ts'
import { type Places, prepared } from '../prepared.ts'
import { users } from '../schema/index.ts'
import { accountFields, confirmedUsername, type Identifier } from './accounts.ts'
import { dearestImportedHash, parametersOfHash } from './hash-parameters.ts'

/**
 * What a password is verified by. Only a login reads it, and a route that asks for the password once more; the account
 * that every request carries does not hold it. A factor reads its own secrets itself.
 */
export const credentialFields = {
  passwordHash: users.passwordHash,
  /** The sealed parameters of an imported hash that needs some, with their id, as JSON. */
  hashParameters: parametersOfHash.as('hash_parameters'),
  passwordChangedAt: users.passwordChangedAt,
  passwordResetRequiredAt: users.passwordResetRequiredAt,
}

export type Credentials = SelectResultFields<typeof credentialFields>

const selectOwner = (db: Database, whenNamed: SQL) =>
  db.select({ account: accountFields, credentials: credentialFields }).from(users).where(whenNamed)
const ownerByEmail = prepared((db, { email }: Places<{ email: string }>) => selectOwner(db, eq(users.email, email)))
const ownerByUsername = prepared((db, { username }: Places<{ username: string }>) =>
  selectOwner(db, sql`lower(${users.username}) = ${username}`),
)

/** Finds the account that somebody names to log in, with what their password is verified by. */
export async function findCredentials(db: Database, identifier: Identifier) {
  const [row] =
    'email' in identifier
      ? await ownerByEmail(db, { email: identifier.email })
      : await ownerByUsername(db, { username: identifier.username.toLowerCase() })
  return row ?? null
}

const selectNamed = (db: Database, whenNamed: SQL) =>
  db
    .select({ account: accountFields, credentials: credentialFields, dearestHash: dearestImportedHash })
    .from(sql`(select 1)`)
    .leftJoin(users, whenNamed)
const namedByEmail = prepared((db, { email }: Places<{ email: string }>) => selectNamed(db, eq(users.email, email)))
const namedByUsername = prepared((db, { username }: Places<{ username: string }>) =>
  selectNamed(db, sql`lower(${users.username}) = ${username}`),
)

/**
 * Does the same for a login, which also has to know the dearest of all imported hashes, whether or not anybody has that
 * name.
 */
export async function findCredentialsForLogin(db: Database, identifier: Identifier) {
  const [row] =
    'email' in identifier
      ? await namedByEmail(db, { email: identifier.email })
      : await namedByUsername(db, { username: identifier.username.toLowerCase() })
  const { account, credentials, dearestHash } = row ?? {}
  return { owner: account && credentials ? { account, credentials } : null, dearestHash: dearestHash ?? null }
}

/** A new hash, of today's strength, that replaces the one that was verified. */
export interface Rehash {
  oldHash: string
  newHash: string
}

/** Replaces a password hash by one of today's strength, if it is still the one that was verified. */
export function rehashPasswordStatement(db: Database, userId: string, { oldHash, newHash }: Rehash) {
  return db
    .update(users)
    .set({ passwordHash: newHash })
    .where(and(eq(users.id, userId), eq(users.passwordHash, oldHash)))
}

/**
 * Changes a password that was verified a moment ago. It changes nothing if the password was set anew or removed since
 * then; a rehash does not count as such a change.
 */
export function changePasswordStatement(
  db: Database,
  verified: { userId: string } & Pick<Credentials, 'passwordChangedAt'>,
  { newHash, at }: { newHash: string; at: number },
) {
  const whenUnchanged = sql`${users.passwordChangedAt} is ${verified.passwordChangedAt}`
  return db
    .update(users)
    .set({ passwordHash: newHash, passwordChangedAt: toChangeTime(at) })
    .where(and(eq(users.id, verified.userId), isNotNull(users.passwordHash), whenUnchanged))
    .returning({ id: users.id })
}

/** Makes a password good for nothing until its owner sets a new one by mail, if `when` holds. */
export function requireResetStatement(db: Database, userId: string, { at, when }: { at: number; when: Condition }) {
  return db
    .update(users)
    .set({ passwordResetRequiredAt: at })
    .where(and(eq(users.id, userId), when))
}

/** Sets the password of somebody who has proven the address of the account, which counts as verified from then on. */
export function resetPasswordStatement(
  db: Database,
  userId: string | SQL,
  { newHash, at, when }: { newHash: string; at: number; when: Condition },
) {
  return db
    .update(users)
    .set({
      passwordHash: newHash,
      passwordChangedAt: toChangeTime(at),
      passwordResetRequiredAt: null,
      emailVerifiedAt: sql`coalesce(${users.emailVerifiedAt}, ${at})`,
      username: confirmedUsername,
    })
    .where(and(eq(users.id, userId), when))
}
