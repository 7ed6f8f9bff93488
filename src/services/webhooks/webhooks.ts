import { MAX_WEBHOOKS, WEBHOOK_SECRET_OVERLAP_SECONDS } from '../../config.ts'
import type {
  DeliveryQuery,
  NewWebhook,
  NewWebhookSecret,
  Webhook,
  WebhookChanges,
  WebhookDelivery,
  WebhookWithSecret,
} from '../../contracts/webhooks.ts'
import { sealWebhookSecret } from '../../crypto/webhook-seals.ts'
import { makeWebhookSecret } from '../../crypto/webhook-signature.ts'
import { toTimestamp } from '../../domain/timestamp.ts'
import { isWebhookTarget } from '../../domain/webhook-target.ts'
import { Refusal } from '../../errors.ts'
import type { Reading, Recording } from '../../platform/platform.ts'
import type { Account } from '../../storage/accounts/accounts.ts'
import { byAdmin } from '../../storage/actors.ts'
import { auditStatement, whenRecorded } from '../../storage/audit.ts'
import { inOneBatch } from '../../storage/batch.ts'
import { type Condition, whenAll } from '../../storage/conditions.ts'
import { whenStillPermitted } from '../../storage/roles.ts'
import { type Delivery, listDeliveriesStatement } from '../../storage/webhooks/deliveries.ts'
import {
  deleteWebhookStatement,
  findWebhookStatement,
  insertWebhookSecretStatement,
  insertWebhookStatement,
  listWebhooksStatement,
  retireWebhookSecretStatements,
  updateWebhookStatement,
  type Webhook as WebhookRow,
  whenWebhookExists,
  whenWebhookFits,
} from '../../storage/webhooks/webhooks.ts'
import { newId } from '../identifiers.ts'
import { type Page, readPage } from '../paging.ts'
import type { ReadAsCaller } from '../sessions/reading.ts'

/** Lists every endpoint, the newest first. */
export async function readWebhooks(deps: Pick<Reading, 'db'>, readAsCaller: ReadAsCaller): Promise<Webhook[]> {
  return (await readAsCaller(listWebhooksStatement(deps.db))).map(toWebhook)
}

/**
 * Adds an endpoint and makes its secret, which nobody can read again.
 * @throws {Refusal} `invalid_request` for a URL to which nothing is sent, `webhook_limit_reached`, `forbidden`.
 */
export async function createWebhook(deps: Reading & Recording, admin: Account, wanted: NewWebhook) {
  const { db, settings, requester } = deps
  assertTarget(deps, wanted.url)
  const createdAt = deps.now()
  const secret = makeWebhookSecret()
  const webhook = { ...wanted, id: newId(), status: 'active', createdAt } as const
  const sealed = await sealWebhookSecret(settings.secrets, webhook.id, secret)
  const details = { webhookId: webhook.id, host: hostOf(webhook.url), events: webhook.events }
  const event = { ...begin(deps, admin), type: 'webhook.created', details } as const
  const whenCreated = whenRecorded(event.id)
  const { audit, all } = await inOneBatch(db, {
    audit: auditStatement(db, event, requester, whenAll([whenMay(admin), whenWebhookFits])),
    webhook: insertWebhookStatement(db, webhook, whenCreated),
    secret: insertWebhookSecretStatement(db, { id: newId(), webhookId: webhook.id, createdAt, ...sealed }, whenCreated),
    all: listWebhooksStatement(db),
  })
  if (audit.meta.changes === 0) throw new Refusal(all.length < MAX_WEBHOOKS ? 'forbidden' : 'webhook_limit_reached')
  return { ...toWebhook(webhook), secret } satisfies WebhookWithSecret
}

/** Changes an endpoint. @throws {Refusal} `not_found`, `invalid_request` as `createWebhook`, `forbidden`. */
export async function changeWebhook(deps: Reading & Recording, admin: Account, id: string, changes: WebhookChanges) {
  const { db, requester } = deps
  const { url, ...told } = changes
  if (url !== undefined) assertTarget(deps, url)
  const details = { webhookId: id, ...told, ...(url === undefined ? {} : { host: hostOf(url) }) }
  const event = { ...begin(deps, admin), type: 'webhook.changed', details } as const
  const { audit, found } = await inOneBatch(db, {
    audit: auditStatement(db, event, requester, whenMayTouch(admin, id)),
    webhook: updateWebhookStatement(db, id, changes, whenRecorded(event.id)),
    found: findWebhookStatement(db, id),
  })
  const [webhook] = found
  if (audit.meta.changes === 0 || !webhook) throw explainRefusal(webhook)
  return toWebhook(webhook)
}

/** Removes an endpoint. What waits to be sent to it is dropped. @throws {Refusal} `not_found`, `forbidden`. */
export async function deleteWebhook(deps: Recording, admin: Account, id: string): Promise<void> {
  const { db, requester } = deps
  const event = { ...begin(deps, admin), type: 'webhook.deleted', details: { webhookId: id } } as const
  const { audit, found } = await inOneBatch(db, {
    found: findWebhookStatement(db, id),
    audit: auditStatement(db, event, requester, whenMayTouch(admin, id)),
    webhook: deleteWebhookStatement(db, id, whenRecorded(event.id)),
  })
  if (audit.meta.changes === 0) throw explainRefusal(found[0])
}

/**
 * Makes a new secret for an endpoint. The former one signs beside it for a day, so that the receiver loses nothing
 * while it learns the new one; one that was replaced before that stops at once.
 * @throws {Refusal} `not_found`, `forbidden`.
 */
export async function replaceWebhookSecret(deps: Reading & Recording, admin: Account, webhookId: string) {
  const { db, settings, requester } = deps
  const createdAt = deps.now()
  const expiresAt = createdAt + WEBHOOK_SECRET_OVERLAP_SECONDS * 1000
  const secret = makeWebhookSecret()
  const sealed = await sealWebhookSecret(settings.secrets, webhookId, secret)
  const event = { ...begin(deps, admin), type: 'webhook.secret_replaced', details: { webhookId } } as const
  const whenReplaced = whenRecorded(event.id)
  const { audit, found } = await inOneBatch(db, {
    audit: auditStatement(db, event, requester, whenMayTouch(admin, webhookId)),
    former: retireWebhookSecretStatements(db, { webhookId, expiresAt }, whenReplaced),
    secret: insertWebhookSecretStatement(db, { id: newId(), webhookId, createdAt, ...sealed }, whenReplaced),
    found: findWebhookStatement(db, webhookId),
  })
  if (audit.meta.changes === 0) throw explainRefusal(found[0])
  return { secret, formerExpiresAt: toTimestamp(expiresAt) } satisfies NewWebhookSecret
}

/**
 * Reads a page of what was sent, or waits to be sent, to an endpoint, the newest first.
 * @throws {Refusal} `not_found`, `invalid_request` for a cursor that no page gave.
 */
export async function readDeliveries(
  { db }: Pick<Reading, 'db'>,
  readAsCaller: ReadAsCaller,
  webhookId: string,
  query: DeliveryQuery,
): Promise<Page<WebhookDelivery>> {
  const filter = { webhookId, state: query.status }
  const page = await readPage(query, {
    listRows: (before, atMost) => readAsCaller(listDeliveriesStatement(db, { ...filter, before }, atMost)),
    positionOf: ({ createdAt, id }) => ({ at: createdAt, id }),
    toItem: toDelivery,
  })
  if (page.items.length > 0) return page
  const [webhook] = await readAsCaller(findWebhookStatement(db, webhookId))
  if (!webhook) throw new Refusal('not_found')
  return page
}

const toWebhook = ({ createdAt, ...webhook }: WebhookRow): Webhook => ({
  ...webhook,
  events: [...webhook.events],
  createdAt: toTimestamp(createdAt),
})

const toDelivery = ({ id, type, state, attempts, createdAt, nextAttemptAt, lastError }: Omit<Delivery, 'payload'>) => ({
  id,
  type,
  status: state,
  attempts,
  createdAt: toTimestamp(createdAt),
  nextAttemptAt: state === 'pending' ? toTimestamp(nextAttemptAt) : null,
  lastError,
})

function assertTarget({ settings }: Pick<Reading, 'settings'>, url: string): void {
  if (isWebhookTarget(url, settings)) return
  const message = 'Use an https URL whose host is a public name, without a user name, a password or a fragment.'
  throw new Refusal('invalid_request', { errors: [{ path: 'url', message }] })
}

const whenMay = ({ id }: Account): Condition => whenStillPermitted({ id, permission: 'webhooks:write' })

const whenMayTouch = (admin: Account, webhookId: string): Condition =>
  whenAll([whenMay(admin), whenWebhookExists(webhookId)])

/** Says why nothing was changed: the endpoint is not there, or the administrator has just lost the permission. */
const explainRefusal = (webhook: WebhookRow | undefined): Refusal => new Refusal(webhook ? 'forbidden' : 'not_found')

/** Begins the event of what an administrator does to an endpoint. */
const begin = ({ now }: Pick<Recording, 'now'>, admin: Account) => ({ id: newId(), at: now(), ...byAdmin(admin, null) })

/** The events tell no more of a URL, because its path often is a secret of the receiver. */
const hostOf = (url: string): string => new URL(url).host
