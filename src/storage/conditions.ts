import { type SQL, sql } from 'drizzle-orm'

/** Expressions for statements that depend, inside one batch, on what stands in the database at that moment. */

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

export const userExists = (userId: string): SQL => sql`exists (select 1 from users where id = ${userId})`
