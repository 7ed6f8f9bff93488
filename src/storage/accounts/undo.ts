import { and, eq, ne, type SQL, sql } from 'drizzle-orm'
import { insertWhere } from '../conditional-insert.ts'
import { addressOf } from '../conditions.ts'
import type { Database } from '../database.ts'
import { enqueueNoticeStatement, type NewMail } from '../mail.ts'
import type { NewOneTimeToken } from '../one-time-tokens.ts'
import { oneTimeTokens } from '../schema/index.ts'
import { formerState } from './former-state.ts'

/**
 * Statements about the tokens of "This was not me". Which of them outlives which is a rule that
 * docs/decisions/0022-not-me.md argues. The order of the tokens of an account is that of the database and not that of
 * the clocks of Workers: each bears a later time than all before it.
 */

/**
 * Puts a notice in the outbox if `when` holds, with a token that undoes what it tells of. There is no token where
 * `whenFinal` holds or where nobody has verified the address, because a stranger's mailbox could get it.
 */
export function undoableNoticeStatements(
  db: Database,
  notice: NewMail & { userId: string },
  { token, when, whenFinal = sql`false` }: { token: NewOneTimeToken; when: SQL; whenFinal?: SQL | undefined },
) {
  const { id: mailId, userId, createdAt: at } = notice
  const isVerified = sql`exists (select 1 from users where id = ${userId} and email_verified_at is not null)`
  const tokenId = sql`iif(${isVerified} and not (${whenFinal}), ${token.id}, null)`
  const createdAt = sql`max(${at}, coalesce((select max(created_at) + 1 from one_time_tokens
    where user_id = ${userId} and purpose = 'not_me'), 0))`
  return [
    enqueueNoticeStatement(db, { ...notice, tokenId }, when),
    insertWhere(
      db,
      oneTimeTokens,
      {
        ...token,
        userId,
        createdAt,
        purpose: 'not_me',
        email: addressOf(userId),
        formerState: formerState(userId, at),
      },
      sql`exists (select 1 from outbox where id = ${mailId} and token_id = ${token.id})`,
    ),
  ] as const
}

/** Holds where the account has another address than before the event of a token that was not used yet. */
export const whenAddressChanged = (tokenId: string): SQL =>
  sql`exists (select 1 from one_time_tokens token join users on users.id = token.user_id
    where token.id = ${tokenId} and token.email <> users.email)`

/**
 * Uses a token up, and with it every token that was mailed to the account, but for undo tokens of earlier events and
 * the reset that this one starts. The later ones would undo what is undone already, and may be a stranger's.
 */
export function consumeUndoTokenStatement(db: Database, id: string, resetTokenId: string) {
  const isEarlier = sql`${oneTimeTokens.purpose} = 'not_me' and ${oneTimeTokens.createdAt} < used.created_at`
  return db
    .delete(oneTimeTokens)
    .where(
      and(
        ne(oneTimeTokens.id, resetTokenId),
        sql`exists (select 1 from one_time_tokens used where used.id = ${id}
          and used.user_id = ${oneTimeTokens.userId} and not (${isEarlier}))`,
      ),
    )
    .returning({ id: oneTimeTokens.id })
}

/**
 * Ends the undo tokens that went to the address of an account before an undo, once the password that the undo asked for
 * is set: its owner has then said from when on it was not them.
 */
export function endOlderUndosStatement(db: Database, userId: string, when: SQL) {
  return db.delete(oneTimeTokens).where(
    and(
      eq(oneTimeTokens.userId, userId),
      eq(oneTimeTokens.purpose, 'not_me'),
      sql`(${oneTimeTokens.email}, true) = (select email, ${oneTimeTokens.createdAt} <= password_reset_required_at
          from users where id = ${userId})`,
      when,
    ),
  )
}

/** Tells, for an account and an address that it returns to, which undo token the address got first. */
const firstUndoOf = ({ userId, email }: { userId: string; email: string }, nowMs: number): SQL =>
  sql`(select min(created_at) from one_time_tokens
    where user_id = ${userId} and purpose = 'not_me' and email = ${email} and expires_at > ${nowMs})`

/** Holds where the account had this address a short while ago, so that whoever has its mailbox may still undo. */
export const whenReturnsTo = (whose: { userId: string; email: string }, nowMs: number): SQL =>
  sql`${firstUndoOf(whose, nowMs)} is not null`

/** Ends the undo tokens of the addresses that an account had since, when its owner moves it back to an earlier one. */
export function endUndosOnReturnStatement(
  db: Database,
  whose: { userId: string; email: string },
  { at, when }: { at: number; when: SQL },
) {
  return db
    .delete(oneTimeTokens)
    .where(
      and(
        eq(oneTimeTokens.userId, whose.userId),
        eq(oneTimeTokens.purpose, 'not_me'),
        ne(oneTimeTokens.email, whose.email),
        sql`${oneTimeTokens.createdAt} > ${firstUndoOf(whose, at)}`,
        when,
      ),
    )
}
