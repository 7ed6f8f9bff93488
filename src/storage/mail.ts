import { and, eq, gt, inArray, isNull, lt, lte, type SQL, sql } from 'drizzle-orm'
import {
  MAIL_LIMIT_SECONDS,
  MAIL_MAX_PER_KIND_AND_HOUR,
  MAIL_NOTICE_MAX_DELAY_MS,
  URGENT_MAIL_KINDS,
} from '../config.ts'
import type { Requester } from '../domain/requester.ts'
import { bySystem } from './actors.ts'
import { auditStatement } from './audit.ts'
import { inOneBatch } from './batch.ts'
import { insertWhere } from './conditional-insert.ts'
import { addressOf, userIdByToken, whenMailed, whenTokenExists } from './conditions.ts'
import { type Database, deleteSome } from './database.ts'
import { oneTimeTokens, outbox } from './schema/index.ts'

export type OutboxRow = typeof outbox.$inferSelect

export interface NewMail {
  id: string
  kind: string | SQL
  recipient: string | SQL
  /** The user whom the mail concerns; null for an address without an account. */
  userId: string | SQL | null
  locale: string
  tokenId?: string | SQL
  details?: Record<string, string> | SQL
  createdAt: number
}

const HOUR_MS = MAIL_LIMIT_SECONDS * 1000

/**
 * Gives the mailbox that an address leads to where `+tag` is only a label (RFC 5233): `anna@example.com` reads the
 * mails to `anna+news@example.com`. Dots are kept, because with nearly every provider they make another mailbox. Null
 * stays null.
 */
const mailboxOf = (address: string | SQL): SQL =>
  sql`(select lower(case when plus between 2 and at then substr(address, 1, plus - 1) || substr(address, at) else address end)
    from (select address, instr(address, '+') as plus, instr(address, '@') as at from (select ${address} as address)))`

/**
 * Gives the time at which the mailbox may get one more mail of a kind: now, or an hour after an earlier one, so that no
 * hour brings more mails than the limit allows.
 */
function nextTurn({ recipient, kind, createdAt }: NewMail): SQL {
  return sql`max(${createdAt}, coalesce((select created_at from outbox where mailbox = ${mailboxOf(recipient)} and kind = ${kind}
    order by created_at desc limit 1 offset ${MAIL_MAX_PER_KIND_AND_HOUR - 1}), 0) + ${HOUR_MS})`
}

/** Makes the row of a mail that is due at `dueAt`. */
const toRow = (mail: NewMail, dueAt: number | SQL) => ({
  ...mail,
  mailbox: mailboxOf(mail.recipient),
  priority: sql`case when ${mail.kind} in ${[...URGENT_MAIL_KINDS]} then 0 else 1 end`,
  details: mail.details ?? {},
  createdAt: dueAt,
  nextAttemptAt: dueAt,
})

/** Puts a mail in the outbox if `when` holds and the mailbox has not had too many of its kind within the hour. */
export function enqueueMailStatement(db: Database, mail: NewMail, when: SQL) {
  return insertWhere(db, outbox, toRow(mail, mail.createdAt), sql`${when} and ${nextTurn(mail)} <= ${mail.createdAt}`)
}

/**
 * Puts a notice of something that happened in the outbox if `when` holds. Beyond the hour's limit it waits its turn,
 * because a flood of mails must not hide it. It is left out only where it would wait longer than
 * `MAIL_NOTICE_MAX_DELAY_MS`; its recipient then gets as many other notices of the kind.
 */
export function enqueueNoticeStatement(db: Database, notice: NewMail, when: SQL) {
  const turn = nextTurn(notice)
  return insertWhere(
    db,
    outbox,
    toRow(notice, turn),
    sql`${when} and ${turn} <= ${notice.createdAt + MAIL_NOTICE_MAX_DELAY_MS}`,
  )
}

/**
 * Puts the mail that carries a token in the outbox, addressed to the address in the token's row. It does nothing if the
 * token was not made.
 */
export function enqueueTokenMailStatement(
  db: Database,
  mail: Omit<NewMail, 'recipient' | 'userId' | 'tokenId'> & { tokenId: string },
) {
  const recipient = sql`(select email from one_time_tokens where id = ${mail.tokenId})`
  return enqueueMailStatement(
    db,
    { ...mail, recipient, userId: userIdByToken(mail.tokenId) },
    whenTokenExists(mail.tokenId),
  )
}

/**
 * Does the same for a token that was made for this mail, and deletes the token where the limit leaves the mail out. A
 * code is compared with the newest token of its address, so a token that was sent to nobody would make the code of the
 * last mail useless.
 */
export function mailTokenStatements(db: Database, mail: Parameters<typeof enqueueTokenMailStatement>[1]) {
  return [
    enqueueTokenMailStatement(db, mail),
    db.delete(oneTimeTokens).where(and(eq(oneTimeTokens.id, mail.tokenId), sql`not ${whenMailed(mail.id)}`)),
  ] as const
}

/**
 * Makes the mails of an account ready for its deletion in the same batch, if `when` holds. Those that went to its
 * address without its id get that, by which they are erased. A notice of these kinds that waits still leaves, without
 * the link that would undo what it tells of: a thief could otherwise silence it by deleting the account.
 */
export function leaveMailsStatements(
  db: Database,
  userId: string,
  { noticeKinds, when }: { noticeKinds: readonly string[]; when: SQL },
) {
  const address = addressOf(userId)
  const whenNobodyWaits = sql`(${outbox.state} <> 'pending' or ${outbox.userId} is null)`
  return [
    db
      .update(outbox)
      .set({ userId })
      .where(and(sql`${outbox.mailbox} = ${mailboxOf(address)}`, eq(outbox.recipient, address), whenNobodyWaits, when)),
    db
      .update(outbox)
      .set({ tokenId: null })
      .where(and(eq(outbox.userId, userId), eq(outbox.state, 'pending'), inArray(outbox.kind, [...noticeKinds]), when)),
  ] as const
}

/**
 * The query names each priority, because SQLite walks the index in order only where every column before the time is
 * given.
 */
const PRIORITIES = [0, 1]

/**
 * Takes the most urgent mail that is due for one delivery, and of several the one that is longest due. Nobody else gets
 * it until `leaseUntil`.
 */
export async function claimNextMail(db: Database, { now, leaseUntil }: { now: number; leaseUntil: number }) {
  const next = db
    .select({ id: outbox.id })
    .from(outbox)
    .where(and(eq(outbox.state, 'pending'), inArray(outbox.priority, PRIORITIES), lte(outbox.nextAttemptAt, now)))
    .orderBy(outbox.priority, outbox.nextAttemptAt)
    .limit(1)
  const { tokens, claimed } = await inOneBatch(db, {
    tokens: db
      .select({ token: oneTimeTokens })
      .from(outbox)
      .innerJoin(oneTimeTokens, eq(oneTimeTokens.id, outbox.tokenId))
      .where(eq(outbox.id, next)),
    claimed: db
      .update(outbox)
      .set({ attempts: sql`attempts + 1`, nextAttemptAt: leaseUntil })
      .where(eq(outbox.id, next))
      .returning(),
  })
  const [mail] = claimed
  return mail ? { mail, token: tokens[0]?.token ?? null } : null
}

/**
 * Gives the time at which a mail that no delivery has tried yet is due, if that is after `now`, and null otherwise. A
 * mail that was postponed has a message of its own in the queue for its next try.
 */
export async function findFirstTryAfter(db: Database, id: string, now: number): Promise<number | null> {
  const whenUntried = and(eq(outbox.state, 'pending'), eq(outbox.attempts, 0), isNull(outbox.lastError))
  const [mail] = await db
    .select({ dueAt: outbox.nextAttemptAt })
    .from(outbox)
    .where(and(eq(outbox.id, id), whenUntried, gt(outbox.nextAttemptAt, now)))
  return mail?.dueAt ?? null
}

/** Holds where no other delivery has claimed the mail since, or recorded how it ended. */
const whenStillClaimed = ({ id, attempts }: OutboxRow): SQL =>
  sql`exists (select 1 from outbox where id = ${id} and state = 'pending' and attempts = ${attempts})`

/** Records that a mail has left, whatever another delivery has recorded about it. */
export function markDeliveredStatement(db: Database, id: string) {
  return db.update(outbox).set({ state: 'delivered', lastError: null }).where(eq(outbox.id, id))
}

/** Marks a mail that nobody needs any more as dropped. */
export function dropMailStatement(db: Database, mail: OutboxRow, reason: string) {
  return db
    .update(outbox)
    .set({ state: 'dropped', lastError: reason })
    .where(and(eq(outbox.id, mail.id), whenStillClaimed(mail)))
}

/** Leaves a mail for a later try. A mail that no server has tried to take keeps its number of tries. */
export function postponeMailStatement(
  db: Database,
  mail: OutboxRow,
  { nextAttemptAt, reason, wasTried }: { nextAttemptAt: number; reason: string; wasTried: boolean },
) {
  const attempts = wasTried ? mail.attempts : mail.attempts - 1
  return db
    .update(outbox)
    .set({ nextAttemptAt, lastError: reason, attempts })
    .where(and(eq(outbox.id, mail.id), whenStillClaimed(mail)))
}

/**
 * Gives a mail up, and records that in the audit trail. It does so once, even where two deliveries of the mail fail.
 */
export function failMailStatements(
  db: Database,
  mail: OutboxRow,
  failure: { at: number; reason: string },
  requester: Requester,
) {
  const { at, reason } = failure
  const details = { outboxId: mail.id, kind: mail.kind, attempts: mail.attempts, reason }
  const whenOurs = whenStillClaimed(mail)
  return [
    auditStatement(db, { type: 'mail.failed', at, ...bySystem({ id: mail.userId }), details }, requester, whenOurs),
    db
      .update(outbox)
      .set({ state: 'failed', lastError: reason })
      .where(and(eq(outbox.id, mail.id), whenOurs)),
  ] as const
}

/** The last mail of one part of the list of overdue mails; the next part begins after it. */
export type OverdueMail = Pick<OutboxRow, 'id' | 'priority' | 'nextAttemptAt'>

/**
 * Lists mails that should have left by `dueBefore` and come after `after`: urgent ones first, then the longest overdue.
 */
export async function listOverdueMails(
  db: Database,
  { dueBefore, after, limit }: { dueBefore: number; after: OverdueMail | null; limit: number },
): Promise<OverdueMail[]> {
  const { priority, nextAttemptAt, id } = outbox
  return await db
    .select({ id, priority, nextAttemptAt })
    .from(outbox)
    .where(
      and(
        eq(outbox.state, 'pending'),
        inArray(priority, PRIORITIES),
        lte(nextAttemptAt, dueBefore),
        after === null
          ? undefined
          : sql`(${priority}, ${nextAttemptAt}, ${id}) > (${after.priority}, ${after.nextAttemptAt}, ${after.id})`,
      ),
    )
    .orderBy(priority, nextAttemptAt, id)
    .limit(limit)
}

/** Deletes mails that were last tried before a time, if they have left or nobody needs them any more. */
export function deleteSettledMails(db: Database, triedBefore: number, limit: number): Promise<number> {
  const whenSettled = and(
    inArray(outbox.state, ['delivered', 'dropped']),
    inArray(outbox.priority, PRIORITIES),
    lt(outbox.nextAttemptAt, triedBefore),
  )
  return deleteSome(db, outbox, whenSettled, limit)
}

/** Deletes failed mails that were last tried before a time. Until then an operator could send them again. */
export function deleteFailedMails(db: Database, triedBefore: number, limit: number): Promise<number> {
  return deleteSome(
    db,
    outbox,
    and(eq(outbox.state, 'failed'), inArray(outbox.priority, PRIORITIES), lt(outbox.nextAttemptAt, triedBefore)),
    limit,
  )
}
