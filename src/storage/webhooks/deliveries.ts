import { and, desc, eq, getTableColumns, inArray, lt, lte, type SQL, sql } from 'drizzle-orm'
import { inOneBatch } from '../batch.ts'
import { insertSelect } from '../conditional-insert.ts'
import { type Database, deleteSome } from '../database.ts'
import { webhookDeliveries, webhooks } from '../schema/index.ts'
import { listSigningSecretsStatement } from './webhooks.ts'

export type Delivery = typeof webhookDeliveries.$inferSelect

/** What endpoints are told. Each endpoint that wants an event gets a message with an id of its own. */
export interface Announcement {
  type: string
  /** The body, as JSON. */
  payload: string
}

/** Makes an id in the form of RFC 9562 §5.4 within the database, for rows that it makes itself. */
const newRowId: SQL = sql`lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2)
  || '-8' || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))`

/**
 * Puts a message into the list of every active endpoint that wants events of its type. One parameter carries all of
 * them.
 */
export function announceStatement(db: Database, announcements: readonly Announcement[], at: number) {
  return insertSelect(
    db,
    webhookDeliveries,
    {
      id: newRowId,
      webhookId: sql`webhooks.id`,
      type: sql`told.value ->> 'type'`,
      payload: sql`told.value ->> 'payload'`,
      createdAt: at,
      nextAttemptAt: at,
    },
    sql`from json_each(${JSON.stringify(announcements)}) as told join webhooks on status = 'active'
      and exists (select 1 from json_each(webhooks.events) as wanted where wanted.value = told.value ->> 'type')`,
  )
}

/** Lists the active endpoints to which a message is due. */
export async function listDueWebhooks(db: Database, now: number): Promise<string[]> {
  const whenDue = sql`exists (select 1 from webhook_deliveries where state = 'pending'
    and webhook_id = webhooks.id and next_attempt_at <= ${now})`
  const due = await db
    .select({ id: webhooks.id })
    .from(webhooks)
    .where(and(eq(webhooks.status, 'active'), whenDue))
  return due.map(({ id }) => id)
}

/**
 * Takes the message to an endpoint that is longest due for one try, with all that the try needs. Nobody else gets it
 * until `leaseUntil`.
 */
export async function claimNextDelivery(
  db: Database,
  { webhookId, now, leaseUntil }: { webhookId: string; now: number; leaseUntil: number },
) {
  const next = db
    .select({ id: webhookDeliveries.id })
    .from(webhookDeliveries)
    .where(
      and(
        eq(webhookDeliveries.state, 'pending'),
        eq(webhookDeliveries.webhookId, webhookId),
        lte(webhookDeliveries.nextAttemptAt, now),
        sql`exists (select 1 from webhooks where id = ${webhookId} and status = 'active')`,
      ),
    )
    .orderBy(webhookDeliveries.nextAttemptAt, sql`rowid`)
    .limit(1)
  const { claimed, endpoints, secrets } = await inOneBatch(db, {
    claimed: db
      .update(webhookDeliveries)
      .set({ attempts: sql`attempts + 1`, nextAttemptAt: leaseUntil })
      .where(eq(webhookDeliveries.id, next))
      .returning(),
    endpoints: db.select({ url: webhooks.url }).from(webhooks).where(eq(webhooks.id, webhookId)),
    secrets: listSigningSecretsStatement(db, webhookId, now),
  })
  const [delivery] = claimed
  const [endpoint] = endpoints
  return delivery && endpoint ? { delivery, url: endpoint.url, seals: secrets.map(({ seals }) => seals) } : null
}

/**
 * Records how a try ended. A message that has arrived stays delivered, whatever a later try of it records, and one that
 * another try has taken since is left to that try.
 */
export function recordTryStatement(
  db: Database,
  { id, attempts }: Pick<Delivery, 'id' | 'attempts'>,
  outcome: Pick<Delivery, 'state' | 'nextAttemptAt' | 'lastError'>,
) {
  const whenOurs = outcome.state === 'delivered' ? undefined : eq(webhookDeliveries.attempts, attempts)
  return db
    .update(webhookDeliveries)
    .set(outcome)
    .where(and(eq(webhookDeliveries.id, id), eq(webhookDeliveries.state, 'pending'), whenOurs))
}

/** Holds for every message. It names the first column of the indexes by which old messages are found. */
const whenOfAnyEndpoint: SQL = sql`webhook_id in (select id from webhooks)`

/** Gives up messages from before a time, such as those to an endpoint that was disabled. */
export async function giveUpDeliveries(db: Database, createdBefore: number, limit: number): Promise<number> {
  const some = db
    .select({ id: webhookDeliveries.id })
    .from(webhookDeliveries)
    .where(
      and(whenOfAnyEndpoint, eq(webhookDeliveries.state, 'pending'), lt(webhookDeliveries.createdAt, createdBefore)),
    )
    .limit(limit)
  const givenUp = await db
    .update(webhookDeliveries)
    .set({ state: 'failed', lastError: sql`coalesce(last_error, 'the endpoint was disabled')` })
    .where(inArray(webhookDeliveries.id, some))
    .returning({ id: webhookDeliveries.id })
  return givenUp.length
}

/** Deletes messages from before a time. */
export function deleteOldDeliveries(db: Database, createdBefore: number, limit: number): Promise<number> {
  const whenOld = and(whenOfAnyEndpoint, lt(webhookDeliveries.createdAt, createdBefore))
  return deleteSome(db, webhookDeliveries, whenOld, limit)
}

/** Lists messages to an endpoint, the newest first; `before` is the place of the message that was shown last. */
export function listDeliveriesStatement(
  db: Database,
  filter: { webhookId: string; state: Delivery['state'] | undefined; before: { at: number; id: string } | undefined },
  limit: number,
) {
  const { webhookId, state, before } = filter
  const { payload: _, ...shown } = getTableColumns(webhookDeliveries)
  const { createdAt, id } = webhookDeliveries
  return db
    .select(shown)
    .from(webhookDeliveries)
    .where(
      and(
        eq(webhookDeliveries.webhookId, webhookId),
        state === undefined ? undefined : eq(webhookDeliveries.state, state),
        before === undefined ? undefined : sql`(${createdAt}, ${id}) < (${before.at}, ${before.id})`,
      ),
    )
    .orderBy(desc(createdAt), desc(id))
    .limit(limit)
}
