import { type SQL, sql } from 'drizzle-orm'
import type { OrPlace, Places } from './prepared.ts'

/** These expressions are for statements that depend, inside one batch, on what the database holds at that moment. */

/** The condition under which a statement of a batch takes effect. */
export type Condition = SQL

/** Holds where all of these conditions do. */
export const whenAll = (conditions: readonly Condition[]): Condition => sql`(${sql.join([...conditions], sql` and `)})`

/** Holds where one of these conditions does. */
export const whenAny = (conditions: readonly Condition[]): Condition =>
  sql`(${sql.join([sql`false`, ...conditions], sql` or `)})`

export const whenNot = (condition: Condition): Condition => sql`not (${condition})`

/**
 * Gives the time at which a password was removed or set. It is always later than the last time, even within one
 * millisecond, so that a login which is under way notices the change.
 */
export const toChangeTime = (nowMs: number): SQL => sql`max(${nowMs}, coalesce(users.password_changed_at, 0) + 1)`

/** Gives the id of the user with this address, or null. */
export const userIdByEmail = (email: string): SQL => sql`(select id from users where email = ${email})`

/** Gives the id of the user that this one-time token belongs to, or null once the token is used. */
export const userIdByToken = (tokenId: string): SQL => sql`(select user_id from one_time_tokens where id = ${tokenId})`

export const whenTokenExists = (tokenId: string): SQL =>
  sql`exists (select 1 from one_time_tokens where id = ${tokenId})`

export const whenSessionExists = (sessionId: OrPlace<string>): SQL =>
  sql`exists (select 1 from sessions where id = ${sessionId})`

/** Holds where a user has a session. */
export const whenSignedIn = (userId: string): SQL => sql`exists (select 1 from sessions where user_id = ${userId})`

/** Holds where this session belongs to this user. */
export const whenSessionIsOf = ({ id, userId }: { id: string; userId: string }): SQL =>
  sql`exists (select 1 from sessions where id = ${id} and user_id = ${userId})`

/** Holds where a session is there, and so is the one that takes its place. */
export const whenReplaced = (session: { id: string; userId: string }, newSessionId: string): SQL =>
  sql`${whenSessionIsOf(session)} and ${whenSessionExists(newSessionId)}`

/** Gives the address that an account has at this place in the batch. */
export const addressOf = (userId: string): SQL => sql`(select email from users where id = ${userId})`

/** Gives the id of the account, other than this one, that gave the address up and may still take it back; or null. */
export const userIdByFormerAddress = (email: string | SQL, exceptUserId = ''): SQL =>
  sql`(select user_id from one_time_tokens
    where email = ${email} and purpose = 'not_me' and user_id <> ${exceptUserId} limit 1)`

/**
 * Holds where an account has the address, or where one other than `exceptUserId` gave it up and may still take it back
 * (docs/decisions/0022-not-me.md).
 */
export const whenAddressIsTaken = (email: string, exceptUserId = ''): SQL =>
  sql`(exists (select 1 from users where email = ${email})
    or ${userIdByFormerAddress(email, exceptUserId)} is not null)`

/** Gives the id of the account that has the address, or else of the one that may still take it back; or null. */
export const ownerOfAddress = (email: string): SQL =>
  sql`coalesce(${userIdByEmail(email)}, ${userIdByFormerAddress(email)})`

/** Gives the kind of the mail that tells the mailbox of a taken address that somebody wanted to use the address. */
export const takenMailKind = (email: string): SQL =>
  sql`iif(${userIdByEmail(email)} is null, 'address_reserved', 'already_registered')`

/** Holds where a token is live that gives its account an address, and no other account may take that address back. */
export const whenTokenGivesAddress = (tokenId: string, { userId, email }: { userId: string; email: string }): SQL =>
  sql`${whenTokenExists(tokenId)} and ${userIdByFormerAddress(email, userId)} is null`

/** Gives a username as the account that has it spells it, or null where nobody has it. */
export const takenUsername = (username: string | null): SQL =>
  sql`(select username from users where lower(username) = lower(${username}))`

/** Holds where an account has a password, also one that has to be set anew. */
export const whenPasswordIsSet = (userId: string): SQL =>
  sql`exists (select 1 from users where id = ${userId} and password_hash is not null)`

export const whenPasswordIs = (userId: string, hash: string): SQL =>
  sql`exists (select 1 from users where id = ${userId} and password_hash = ${hash})`

/** Holds where a mail was put in the outbox. A mail beyond the limit of its mailbox is left out. */
export const whenMailed = (mailId: string): SQL => sql`exists (select 1 from outbox where id = ${mailId})`

/**
 * Holds where the token is the first that verifies a sign-up by password, and nobody repeated the sign-up: a repeated
 * one has no password left. It does not hold where an identity came as well, because the click does not tell who that
 * identity belongs to.
 */
export const whenVerifiesFirstSignUp = (tokenId: string): SQL =>
  sql`exists (select 1 from users join one_time_tokens token on token.user_id = users.id and token.email = users.email
    where token.id = ${tokenId} and email_verified_at is null and password_hash is not null
    and not exists (select 1 from identities where identities.user_id = users.id))`

/** Gives the time at which an account was made, as ISO 8601 in UTC. */
export const signUpTimeOf = (userId: SQL | string): SQL =>
  sql`(select strftime('%Y-%m-%dT%H:%M:%SZ', created_at / 1000, 'unixepoch') from users where id = ${userId})`

/**
 * One text for everything that opens an account: whether and when its address was verified, its password set or
 * removed, a reset required, its deletion begun, and which authenticator app and passkeys it has. The text differs once
 * any of this has changed. Neither a rehash nor the use of a factor changes it.
 */
export const credentialsVersion = sql<string>`json_array(users.email_verified_at, users.password_hash is null,
  users.password_changed_at, users.password_reset_required_at, users.deletes_at,
  (select activated_at from totp_secrets where user_id = users.id),
  (select group_concat(id, ' ' order by id) from passkeys where user_id = users.id))`

// The state stands in the text of these, and is no value of the statement: by it SQLite decides whether the index of
// deactivated accounts may serve, so it would make a new plan at each run.

/** Holds where the account is active. */
export const whenActive: Condition = sql`users.status = 'active'`

/** Holds where the account is deactivated. */
export const whenDeactivated: Condition = sql`users.status = 'deactivated'`

/** An account as it was when somebody proved to be its owner. */
export interface Proven {
  id: string
  credentialsVersion: string
}

/**
 * Holds where the account is active and what opens it has not changed since: nobody claimed it or changed its password.
 */
export const whenAsProven = (account: Proven | Places<Proven>): SQL =>
  sql`exists (select 1 from users where id = ${account.id} and ${whenActive}
    and ${credentialsVersion} = ${account.credentialsVersion})`

export const whenUserExists = (userId: string): SQL => sql`exists (select 1 from users where id = ${userId})`
