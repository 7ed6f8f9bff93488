import { and, eq, inArray, isNull, lt, type SQL, sql } from 'drizzle-orm'
import type { SelectResultFields } from 'drizzle-orm/query-builders/select.types'
import { foldText } from '../../domain/folded-text.ts'
import { auditEachUserStatement } from '../audit.ts'
import { inOneBatch } from '../batch.ts'
import {
  type Condition,
  credentialsVersion,
  userIdByToken,
  whenSessionExists,
  whenVerifiesFirstSignUp,
} from '../conditions.ts'
import type { Database } from '../database.ts'
import { factorState, whenFactorIsRequired } from '../factors/state.ts'
import { type Places, prepared } from '../prepared.ts'
import { users } from '../schema/index.ts'
import { recordErasuresStatement } from './erasure.ts'

const stringList = (value: string) => JSON.parse(value) as string[]

/** What an access token says about a user, and what its session has to have for that. */
export const tokenAccountFields = {
  id: users.id,
  factors: factorState,
  isFactorRequired: sql`${whenFactorIsRequired(sql`users.id`)}`.mapWith(Boolean).as('is_factor_required'),
  roles: sql`(select json_group_array(role) from (select role from user_roles where user_id = users.id order by role))`
    .mapWith(stringList)
    .as('role_names'),
  permissions: sql`(select json_group_array(permission) from (select distinct permission from role_permissions
      join user_roles using (role) where user_id = users.id order by permission))`
    .mapWith(stringList)
    .as('permission_names'),
  /** The rights versions of the account and of its roles. */
  rightsVersions: sql`users.rights_version || (select coalesce(group_concat(',' || rights_version, ''), '')
      from roles join user_roles on role = name where user_id = users.id)`
    .mapWith((value: string) => value.split(',').map(Number))
    .as('rights_versions'),
}

/**
 * What a request knows about a user, with the permissions that the roles give. It holds nothing by which a password or
 * a factor is verified (`credentials.ts`).
 */
export const accountFields = {
  ...tokenAccountFields,
  email: users.email,
  emailVerifiedAt: users.emailVerifiedAt,
  username: users.username,
  name: users.name,
  /** Whether a password signs in, which one that has to be set anew does not. */
  hasPassword: sql`${users.passwordHash} is not null and ${users.passwordResetRequiredAt} is null`
    .mapWith(Boolean)
    .as('has_password'),
  credentialsVersion: credentialsVersion.as('credentials_version'),
  status: users.status,
  deletesAt: users.deletesAt,
  locale: users.locale,
  accessProvenAt: users.accessProvenAt,
  createdAt: users.createdAt,
  lastSeenAt: users.lastSeenAt,
  providers:
    sql`(select json_group_array(provider) from (select provider from identities where user_id = users.id order by provider))`
      .mapWith(stringList)
      .as('provider_ids'),
  /** The key of the picture; null where there is none. */
  pictureKey: sql<string | null>`(select key from pictures where user_id = users.id)`.as('picture_key'),
}

export type Account = SelectResultFields<typeof accountFields>

/** A name as it is stored: as it is shown, and as it is searched for. */
export const nameColumns = (name: string | null) => ({ name, nameFolded: name === null ? null : foldText(name) })

/** An address or a username, in canonical form, by which a person names an account. */
export type Identifier = { email: string } | { username: string }

/**
 * Records when an account was last seen, if the session of this login was opened. An account that was to be deleted is
 * kept.
 */
export const recordLoginStatement = prepared(
  (db, { userId, sessionId, at }: Places<{ userId: string; sessionId: string; at: number }>) =>
    db
      .update(users)
      .set({ lastSeenAt: sql`${at}`, deletesAt: null })
      .where(and(eq(users.id, userId), whenSessionExists(sessionId))),
)

/**
 * The username of an account whose address is confirmed. It is the one that was asked for at sign-up, if nobody has it
 * by then.
 */
export const confirmedUsername = sql`case when users.email_verified_at is null and not exists
  (select 1 from users as other where lower(other.username) = lower(users.username_wish))
  then coalesce(users.username, users.username_wish) else users.username end`

/**
 * Verifies the address that a live token was sent to, if it is still the account's. Where this confirms a sign-up by
 * password that nobody repeated, it proves the password too. It never proves an identity, because the identity's
 * provider did not verify the address.
 */
export function verifyEmailStatement(db: Database, tokenId: string, nowMs: number) {
  return db
    .update(users)
    .set({
      emailVerifiedAt: sql`coalesce(${users.emailVerifiedAt}, ${nowMs})`,
      accessProvenAt: sql`case when ${whenVerifiesFirstSignUp(tokenId)} then ${nowMs} else ${users.accessProvenAt} end`,
      username: confirmedUsername,
    })
    .where(sql`(id, email) = (select user_id, email from one_time_tokens where id = ${tokenId})`)
}

/**
 * Gives the account the address that a live token proves. If somebody took the address meanwhile, the batch fails. The
 * account counts as unproven again, because whoever has the new mailbox may be somebody else than whoever signs in.
 */
export function changeEmailStatement(
  db: Database,
  { tokenId, newEmail, nowMs }: { tokenId: string; newEmail: string; nowMs: number },
  when: SQL,
) {
  return db
    .update(users)
    .set({ email: newEmail, emailVerifiedAt: nowMs, accessProvenAt: null })
    .where(and(eq(users.id, userIdByToken(tokenId)), when))
}

/** Changes name and username. If the username is taken, the batch fails (`users_username_unique`). */
export function updateProfileStatement(
  db: Database,
  userId: string,
  changes: { name?: string | null | undefined; username?: string | null | undefined },
  when: Condition = sql`true`,
) {
  const named = changes.name === undefined ? {} : nameColumns(changes.name)
  return db
    .update(users)
    .set({ ...changes, ...named })
    .where(and(eq(users.id, userId), when))
}

/** Deletes the account; foreign keys delete its sessions, tokens and roles with it. */
export function deleteAccountStatement(db: Database, userId: string, when: Condition = sql`true`) {
  return db
    .delete(users)
    .where(and(eq(users.id, userId), when))
    .returning({ id: users.id })
}

/**
 * Deletes some of the accounts whose address was never verified and to which nobody ever logged in, but for imported
 * ones. It records an event in the trail for each.
 */
export async function deleteUnverifiedAccounts(
  db: Database,
  { createdBefore, at }: { createdBefore: number; at: number },
  limit: number,
): Promise<number> {
  const whenStale = and(
    isNull(users.emailVerifiedAt),
    isNull(users.importedAt),
    isNull(users.lastSeenAt),
    lt(users.createdAt, createdBefore),
  )
  const whenChosen = inArray(
    users.id,
    db.select({ id: users.id }).from(users).where(whenStale).orderBy(users.createdAt, users.id).limit(limit),
  )
  const { gone } = await inOneBatch(db, {
    audit: auditEachUserStatement(db, { type: 'user.expired', at }, whenChosen),
    erasures: recordErasuresStatement(db, at, whenChosen),
    gone: db.delete(users).where(whenChosen).returning({ id: users.id }),
  })
  return gone.length
}
