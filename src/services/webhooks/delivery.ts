import { WEBHOOK_LEASE_SECONDS, WEBHOOK_RETRY_DELAYS_SECONDS, WEBHOOK_TURN_MESSAGES } from '../../config.ts'
import { openWebhookSecret } from '../../crypto/webhook-seals.ts'
import { signWebhook } from '../../crypto/webhook-signature.ts'
import { isWebhookTarget } from '../../domain/webhook-target.ts'
import { logInfo, logWarning } from '../../platform/log.ts'
import { withJitter } from '../../platform/mail-pause.ts'
import type { Platform } from '../../platform/platform.ts'
import {
  claimNextDelivery,
  type Delivery,
  listDueWebhooks,
  recordTryStatement,
} from '../../storage/webhooks/deliveries.ts'

type Sending = Pick<Platform, 'db' | 'now' | 'random' | 'settings' | 'postWebhook' | 'announceWebhooks'>

/** Tells the queue to which endpoints something is due: what is new, what is tried again, and what the queue lost. */
export async function announceDueWebhooks(deps: Pick<Sending, 'db' | 'now' | 'announceWebhooks'>): Promise<void> {
  await deps.announceWebhooks(await listDueWebhooks(deps.db, deps.now()))
}

/**
 * Sends an endpoint what is due, in order, and stops at the first failure. So an endpoint that does not answer costs
 * one try a turn, however much waits for it, and holds up no other. It may run twice at once, because each run claims a
 * message first.
 */
export async function takeWebhookTurn(deps: Sending, webhookId: string): Promise<void> {
  for (let sent = 0; sent < WEBHOOK_TURN_MESSAGES; sent += 1) if (!(await sendNext(deps, webhookId))) return
  await deps.announceWebhooks([webhookId])
}

/** Tries the message that is longest due. It answers whether the message arrived. */
async function sendNext(deps: Sending, webhookId: string): Promise<boolean> {
  const { db, settings } = deps
  const now = deps.now()
  const claimed = await claimNextDelivery(db, { webhookId, now, leaseUntil: now + WEBHOOK_LEASE_SECONDS * 1000 })
  if (!claimed) return false
  const { delivery } = claimed
  const failure = await trySending(deps, claimed)
  const about = { webhookId, deliveryId: delivery.id, type: delivery.type, attempts: delivery.attempts }
  if (failure === null) {
    await recordTryStatement(db, delivery, { state: 'delivered', nextAttemptAt: now, lastError: null })
    logInfo(settings, 'webhook delivered', about)
    return true
  }
  const delaySeconds = WEBHOOK_RETRY_DELAYS_SECONDS[delivery.attempts - 1]
  const nextAttemptAt = now + Math.ceil(withJitter((delaySeconds ?? 0) * 1000, deps.random))
  const state = delaySeconds === undefined ? 'failed' : 'pending'
  await recordTryStatement(db, delivery, { state, nextAttemptAt, lastError: failure })
  logWarning(settings, state === 'failed' ? 'webhook given up' : 'webhook delayed', { ...about, reason: failure })
  return false
}

/** Sends a message once. It answers null where the endpoint accepted it, and otherwise why not. */
async function trySending(
  { settings, now, postWebhook }: Sending,
  { delivery, url, seals }: { delivery: Delivery; url: string; seals: readonly string[] },
): Promise<string | null> {
  if (!isWebhookTarget(url, settings)) return 'nothing is sent to this URL'
  const opened = await Promise.all(
    seals.map((sealed) => openWebhookSecret(settings.secrets, delivery.webhookId, sealed)),
  )
  const secrets = opened.filter((secret) => secret !== null)
  if (secrets.length === 0) return 'no secret of the endpoint can be opened'
  const { id, payload: body } = delivery
  // The time is that of the try, because a receiver refuses a message whose time is minutes old.
  const at = Math.floor(now() / 1000)
  const headers = {
    'webhook-id': id,
    'webhook-timestamp': String(at),
    'webhook-signature': signWebhook({ id, at, body }, secrets),
  }
  return await postWebhook({ url, headers, body })
}
