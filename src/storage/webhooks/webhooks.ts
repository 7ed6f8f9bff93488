import { and, desc, eq, gt, isNotNull, isNull, lte, ne, or, type SQL, sql } from 'drizzle-orm'
import { MAX_WEBHOOKS } from '../../config.ts'
import { insertWhere } from '../conditional-insert.ts'
import type { Condition } from '../conditions.ts'
import { type Database, deleteSome } from '../database.ts'
import { webhookSecrets, webhooks } from '../schema/index.ts'

export type Webhook = typeof webhooks.$inferSelect
type WebhookSecret = typeof webhookSecrets.$inferSelect
type Sealed = Pick<WebhookSecret, 'seals' | 'sealedFor'>

/** Holds where there is room for one more endpoint. */
export const whenWebhookFits: SQL = sql`(select count(*) from webhooks) < ${MAX_WEBHOOKS}`

export const whenWebhookExists = (id: string): SQL => sql`exists (select 1 from webhooks where id = ${id})`

/** Lists every endpoint, the newest first. There are never many (`MAX_WEBHOOKS`). */
export function listWebhooksStatement(db: Database) {
  return db.select().from(webhooks).orderBy(desc(webhooks.createdAt), desc(webhooks.id))
}

export function findWebhookStatement(db: Database, id: string) {
  return db.select().from(webhooks).where(eq(webhooks.id, id))
}

export function insertWebhookStatement(db: Database, webhook: typeof webhooks.$inferInsert, when: Condition) {
  return insertWhere(db, webhooks, webhook, when)
}

export function updateWebhookStatement(
  db: Database,
  id: string,
  changes: { [Column in 'url' | 'events' | 'status']?: Webhook[Column] | undefined },
  when: Condition,
) {
  return db
    .update(webhooks)
    .set({ ...changes, id })
    .where(and(eq(webhooks.id, id), when))
}

/** Deletes an endpoint, with its secrets and with all that was sent or waits to be sent to it. */
export function deleteWebhookStatement(db: Database, id: string, when: Condition) {
  return db.delete(webhooks).where(and(eq(webhooks.id, id), when))
}

export function insertWebhookSecretStatement(
  db: Database,
  secret: Sealed & Pick<WebhookSecret, 'id' | 'webhookId' | 'createdAt'>,
  when: Condition,
) {
  return insertWhere(db, webhookSecrets, secret, when)
}

/**
 * Lets the newest secret of an endpoint sign until `expiresAt`, and deletes any older one, because two are enough while
 * one is replaced.
 */
export function retireWebhookSecretStatements(
  db: Database,
  { webhookId, expiresAt }: { webhookId: string; expiresAt: number },
  when: Condition,
) {
  const whenOf = eq(webhookSecrets.webhookId, webhookId)
  return [
    db.delete(webhookSecrets).where(and(whenOf, isNotNull(webhookSecrets.expiresAt), when)),
    db
      .update(webhookSecrets)
      .set({ expiresAt })
      .where(and(whenOf, isNull(webhookSecrets.expiresAt), when)),
  ] as const
}

/** Lists the secrets that sign messages to an endpoint now, the newest first. */
export function listSigningSecretsStatement(db: Database, webhookId: string, now: number) {
  const { createdAt, expiresAt, seals } = webhookSecrets
  return db
    .select({ seals })
    .from(webhookSecrets)
    .where(and(eq(webhookSecrets.webhookId, webhookId), or(isNull(expiresAt), gt(expiresAt, now))))
    .orderBy(isNotNull(expiresAt), desc(createdAt))
}

/** Deletes secrets that sign nothing any more. */
export function deleteExpiredWebhookSecrets(db: Database, now: number, limit: number): Promise<number> {
  return deleteSome(db, webhookSecrets, lte(webhookSecrets.expiresAt, now), limit)
}

/** Lists the secrets that are not sealed under exactly these versions. There are at most two for each endpoint. */
export async function listWebhookSecretsToReseal(
  db: Database,
  sealedFor: string,
): Promise<Pick<WebhookSecret, 'id' | 'webhookId' | 'seals'>[]> {
  const { id, webhookId, seals } = webhookSecrets
  return await db.select({ id, webhookId, seals }).from(webhookSecrets).where(ne(webhookSecrets.sealedFor, sealedFor))
}

export function resealWebhookSecretStatement(db: Database, { id, ...sealed }: { id: string } & Sealed) {
  return db.update(webhookSecrets).set(sealed).where(eq(webhookSecrets.id, id))
}
