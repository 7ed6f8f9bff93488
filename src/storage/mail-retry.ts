import { eq, type SQL, sql } from 'drizzle-orm'
import { insertSelect } from './conditional-insert.ts'
import type { Condition } from './conditions.ts'
import type { Database } from './database.ts'
import { type Permitted, whenOutranks } from './roles.ts'
import { outbox } from './schema/index.ts'

/** Gives the id of the user whom a mail concerns; null where it concerns nobody, or is not there. */
export const userIdByMail = (mailId: string): SQL => sql`(select user_id from outbox where id = ${mailId})`

/** Holds for the mails whose link still works, and for those that carry none. */
const whenLinkWorks = (nowMs: number): Condition =>
  sql`(token_id is null or exists (select 1 from one_time_tokens where id = token_id and expires_at > ${nowMs}))`

/** Reads what decides whether a mail can be sent again. */
export function findMailStatement(db: Database, id: string, nowMs: number) {
  const isLinkAlive = sql<number>`${whenLinkWorks(nowMs)}`.as('is_link_alive')
  return db.select({ state: outbox.state, isLinkAlive }).from(outbox).where(eq(outbox.id, id))
}

/** Holds where a mail is given up, its link still works, and the administrator may act upon whoever it concerns. */
export const whenMayRetry = (admin: Permitted, id: string, nowMs: number): Condition =>
  sql`exists (select 1 from outbox where id = ${id} and state = 'failed' and ${whenLinkWorks(nowMs)})
    and ${whenOutranks(admin, userIdByMail(id))}`

/**
 * Puts a mail that was given up in the outbox once more, if `when` holds. It gets an id of its own, because an API
 * sends nothing for an id that it knows, and the text says anew how long its link lives. What becomes of the former row
 * cannot touch it. It is not held against the limit of its mailbox, to which the former one has brought nothing.
 */
export function retryMailStatements(db: Database, mail: { id: string; newId: string; at: number }, when: Condition) {
  const { id, newId, at } = mail
  const copied = {
    kind: sql`kind`,
    recipient: sql`recipient`,
    mailbox: sql`mailbox`,
    priority: sql`priority`,
    locale: sql`locale`,
    userId: sql`user_id`,
    tokenId: sql`token_id`,
    details: sql`details`,
  }
  const values = { ...copied, id: newId, createdAt: at, nextAttemptAt: at }
  return [
    insertSelect(db, outbox, values, sql`from outbox where id = ${id} and ${when}`),
    db.update(outbox).set({ state: 'dropped', lastError: 'sent again' }).where(sql`${outbox.id} = ${id} and ${when}`),
  ] as const
}
