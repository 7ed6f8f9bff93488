import { type SQL, sql } from 'drizzle-orm'

/** Expressions for statements that depend, inside one batch, on what stands in the database at that moment. */

/** What a statement of a batch depends on. */
export type Condition = SQL

/**
 * When a password was dropped or set: later than the last time, also within one millisecond, so that a login under way
 * notices.
 */
export const toChangeTime = (nowMs: number): SQL => sql`max(${nowMs}, coalesce(users.password_changed_at, 0) + 1)`

/** The user with this address, or null. */
export const userIdByEmail = (email: string): SQL => sql`(select id from users where email = ${email})`

/** The user this one-time token belongs to, or null once it is used. */
export const userIdByToken = (tokenId: string): SQL => sql`(select user_id from one_time_tokens where id = ${tokenId})`

export const whenTokenExists = (tokenId: string): SQL =>
  sql`exists (select 1 from one_time_tokens where id = ${tokenId})`

export const whenSessionExists = (sessionId: string): SQL =>
  sql`exists (select 1 from sessions where id = ${sessionId})`

/** This user has this session. */
export const whenSessionIsOf = ({ id, userId }: { id: string; userId: string }): SQL =>
  sql`exists (select 1 from sessions where id = ${id} and user_id = ${userId})`

/** A session is there, and so is the one that takes its place. */
export const whenReplaced = (session: { id: string; userId: string }, newSessionId: string): SQL =>
  sql`${whenSessionIsOf(session)} and ${whenSessionExists(newSessionId)}`

export const whenAddressIsTaken = (email: string): SQL => sql`exists (select 1 from users where email = ${email})`

/** A username as the account that has it spells it, or null where nobody has it. */
export const takenUsername = (username: string | null): SQL =>
  sql`(select username from users where lower(username) = lower(${username}))`

export const whenPasswordIs = (userId: string, hash: string): SQL =>
  sql`exists (select 1 from users where id = ${userId} and password_hash = ${hash})`

/** A mail was put in the outbox, and not left out for being one too many. */
export const whenMailed = (mailId: string): SQL => sql`exists (select 1 from outbox where id = ${mailId})`

/**
 * The token is the first that verifies a sign-up by password which nobody repeated: a repeated one has no password
 * left. Where an identity came as well, the click does not tell whose that is.
 */
export const whenVerifiesFirstSignUp = (tokenId: string): SQL =>
  sql`exists (select 1 from users join one_time_tokens token on token.user_id = users.id and token.email = users.email
    where token.id = ${tokenId} and email_verified_at is null and password_hash is not null
    and not exists (select 1 from identities where identities.user_id = users.id))`

/** When an account was made, as ISO 8601 in UTC. */
export const signUpTimeOf = (userId: SQL): SQL =>
  sql`(select strftime('%Y-%m-%dT%H:%M:%SZ', created_at / 1000, 'unixepoch') from users where id = ${userId})`

/**
 * What opens an account, as one text which is another once any of it has changed: whether and when its address was
 * verified, its password set or dropped, and a reset asked for. A rehash changes nothing of it.
 */
export const credentialsVersion = sql<string>`json_array(users.email_verified_at, users.password_hash is null,
  users.password_changed_at, users.password_reset_required_at)`

/** An account as it was when somebody proved to be its owner. */
export interface Proven {
  id: string
  credentialsVersion: string
}

/**
 * The account is active, and what opens it is what it was then: nobody has claimed it or changed its password since.
 */
export const whenAsProven = (account: Proven): SQL =>
  sql`exists (select 1 from users where id = ${account.id} and status = 'active'
    and ${credentialsVersion} = ${account.credentialsVersion})`

export const whenUserExists = (userId: string): SQL => sql`exists (select 1 from users where id = ${userId})`
