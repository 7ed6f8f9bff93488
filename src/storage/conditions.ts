import { type SQL, sql } from 'drizzle-orm'

/** Expressions for statements that depend, inside one batch, on what stands in the database at that moment. */

/** What a statement of a batch depends on. */
export type Condition = SQL

/** The user with this address, or null. */
export const userIdByEmail = (email: string): SQL => sql`(select id from users where email = ${email})`

/** The user this one-time token belongs to, or null once it is used. */
export const userIdByToken = (tokenId: string): SQL => sql`(select user_id from one_time_tokens where id = ${tokenId})`

export const tokenExists = (tokenId: string): SQL => sql`exists (select 1 from one_time_tokens where id = ${tokenId})`

export const sessionExists = (sessionId: string): SQL => sql`exists (select 1 from sessions where id = ${sessionId})`

export const sessionIsOf = (userId: string, sessionId: string): SQL =>
  sql`exists (select 1 from sessions where id = ${sessionId} and user_id = ${userId})`

export const addressIsTaken = (email: string): SQL => sql`exists (select 1 from users where email = ${email})`

export const passwordIs = (userId: string, hash: string): SQL =>
  sql`exists (select 1 from users where id = ${userId} and password_hash = ${hash})`

/** A mail was put in the outbox, and not left out for being one too many. */
export const whenMailed = (mailId: string): SQL => sql`exists (select 1 from outbox where id = ${mailId})`
/**
 * The token is the first that verifies a sign-up by password which nobody repeated: a repeated one has no password left. Where an
 * identity came as well, the click does not tell whose that is.
 */
export const whenVerifiesFirstSignUp = (tokenId: string): SQL =>
  sql`exists (select 1 from users join one_time_tokens token on token.user_id = users.id and token.email = users.email
    where token.id = ${tokenId} and email_verified_at is null and password_hash is not null
    and not exists (select 1 from identities where identities.user_id = users.id))`

/** When an account was made, as ISO 8601 in UTC. */
export const signUpTimeOf = (userId: SQL): SQL =>
  sql`(select strftime('%Y-%m-%dT%H:%M:%SZ', created_at / 1000, 'unixepoch') from users where id = ${userId})`

export const userExists = (userId: string): SQL => sql`exists (select 1 from users where id = ${userId})`
