import { and, eq, inArray, lte, type SQL, sql } from 'drizzle-orm'
import { insertWhere } from './conditional-insert.ts'
import type { Database } from './database.ts'
import { oneTimeTokens, outbox } from './schema/index.ts'

export type OutboxRow = typeof outbox.$inferSelect

interface NewMail {
  id: string
  kind: string | SQL
  recipient: string | SQL
  locale: string
  tokenId?: string
  details?: Record<string, string>
  createdAt: number
}

/** Puts a mail in the outbox if `condition` holds and the recipient has not had too many of its kind within the hour. */
export function enqueueMailStatement(db: Database, mail: NewMail, condition: SQL, maxPerHour: number) {
  const recent = sql`(select count(*) from outbox where recipient = ${mail.recipient} and kind = ${mail.kind}
    and created_at > ${mail.createdAt - 3_600_000})`
  return insertWhere(
    db,
    outbox,
    { ...mail, details: mail.details ?? {}, nextAttemptAt: mail.createdAt },
    sql`${condition} and ${recent} < ${maxPerHour}`,
  )
}

/** Puts the mail that carries a token in the outbox, addressed to where the token says. Nothing if the token was not made. */
export function enqueueTokenMailStatement(
  db: Database,
  mail: Omit<NewMail, 'recipient' | 'tokenId'> & { tokenId: string },
  maxPerHour: number,
) {
  return enqueueMailStatement(
    db,
    { ...mail, recipient: sql`(select email from one_time_tokens where id = ${mail.tokenId})` },
    sql`exists (select 1 from one_time_tokens where id = ${mail.tokenId})`,
    maxPerHour,
  )
}

/** Takes a due mail for one delivery: nobody else gets it until `leaseUntil`. Null if it is delivered, taken or not due. */
export async function claimMail(db: Database, id: string, nowMs: number, leaseUntil: number) {
  const [claimed, found] = await db.batch([
    db
      .update(outbox)
      .set({ attempts: sql`attempts + 1`, nextAttemptAt: leaseUntil })
      .where(and(eq(outbox.id, id), eq(outbox.state, 'pending'), lte(outbox.nextAttemptAt, nowMs)))
      .returning(),
    db
      .select({ token: oneTimeTokens })
      .from(outbox)
      .innerJoin(oneTimeTokens, eq(oneTimeTokens.id, outbox.tokenId))
      .where(eq(outbox.id, id)),
  ])
  const [mail] = claimed
  return mail ? { mail, token: found[0]?.token ?? null } : null
}

/** Says how a delivery ended. */
export function settleMailStatement(
  db: Database,
  id: string,
  outcome: Partial<Pick<OutboxRow, 'state' | 'nextAttemptAt' | 'lastError'>>,
) {
  return db.update(outbox).set(outcome).where(eq(outbox.id, id))
}

/** Mails that should have left by now. */
export async function listOverdueMails(db: Database, dueBefore: number, limit: number): Promise<string[]> {
  const rows = await db
    .select({ id: outbox.id })
    .from(outbox)
    .where(and(eq(outbox.state, 'pending'), lte(outbox.nextAttemptAt, dueBefore)))
    .orderBy(outbox.nextAttemptAt)
    .limit(limit)
  return rows.map(({ id }) => id)
}

/** Forgets mails that were delivered or dropped before a time. */
export async function deleteSettledMails(db: Database, createdBefore: number, limit: number): Promise<number> {
  const settled = db
    .select({ id: outbox.id })
    .from(outbox)
    .where(sql`state in ('delivered', 'dropped') and created_at < ${createdBefore}`)
    .limit(limit)
  const gone = await db.delete(outbox).where(inArray(outbox.id, settled)).returning({ id: outbox.id })
  return gone.length
}
