import { MAIL_MESSAGE_RETRY_SECONDS, REVOCATION_RETRY_DELAYS_SECONDS, WEBHOOK_TURN_RETRY_SECONDS } from '../config.ts'
import type { ActivityMessage } from '../platform/activity.ts'
import type { RevocationMessage } from '../platform/blocklist.ts'
import { logError } from '../platform/log.ts'
import { withJitter } from '../platform/mail-pause.ts'
import type { MailMessage } from '../platform/mail-queue.ts'
import type { Platform } from '../platform/platform.ts'
import type { WebhookMessage } from '../platform/webhook-queue.ts'
import { takeMailTurn } from '../services/mail.ts'
import { recordActivity } from '../services/sessions/live-sessions.ts'
import { takeWebhookTurn } from '../services/webhooks/delivery.ts'

/**
 * The function that consumes each queue, by the last word of the queue's name, as in `postern-mail` or
 * `postern-development-mail`.
 */
const CONSUMERS: Readonly<Record<string, (platform: Platform, batch: MessageBatch) => Promise<void>>> = {
  mail: consumeMails,
  activity: consumeActivity,
  revocations: consumeRevocations,
  webhooks: consumeWebhooks,
}

/**
 * Consumes a batch of a queue. The queue tries again what fails, and what comes from a queue that has no consumer here.
 * So nothing of it is lost while an operator corrects `wrangler.toml`.
 */
export async function consumeQueue(platform: Platform, batch: MessageBatch): Promise<void> {
  const consume = CONSUMERS[batch.queue.split('-').at(-1) ?? '']
  if (!consume) throw new Error(`nothing consumes the queue ${batch.queue}`)
  await consume(platform, batch)
}

/** Tells whether a message has the right form. A malformed message must not hold up the others of its batch. */
const isActivity = (body: unknown): body is ActivityMessage => {
  const { sessionId, at } = (body ?? {}) as Partial<ActivityMessage>
  return typeof sessionId === 'string' && Number.isSafeInteger(at)
}

async function consumeActivity(platform: Platform, batch: MessageBatch): Promise<void> {
  await recordActivity(platform, batch.messages.map(({ body }) => body).filter(isActivity))
  batch.ackAll()
}

async function consumeRevocations(platform: Platform, batch: MessageBatch): Promise<void> {
  for (const message of batch.messages)
    await ackOrRetry(
      message,
      'revocation failed',
      () => platform.blocklist.revokeLate(message.body as RevocationMessage),
      { delaySeconds: revocationDelaySeconds(message.attempts) },
    )
}

const revocationDelaySeconds = (tries: number): number =>
  REVOCATION_RETRY_DELAYS_SECONDS[Math.min(tries, REVOCATION_RETRY_DELAYS_SECONDS.length) - 1] ?? 0

/**
 * Delivers all mails of a batch at once, so that a mail server which stalls over one of them holds up no other. A
 * Worker may have six connections open.
 */
async function consumeMails(platform: Platform, batch: MessageBatch): Promise<void> {
  await Promise.all(
    batch.messages.map((message) =>
      ackOrRetry(message, 'mail message failed', () => takeMailTurn(platform, (message.body as MailMessage).outboxId), {
        delaySeconds: Math.ceil(withJitter(MAIL_MESSAGE_RETRY_SECONDS, platform.random)),
      }),
    ),
  )
}

/** Gives the endpoints of a batch their turns, all at once, so that one which stalls holds up no other. */
async function consumeWebhooks(platform: Platform, batch: MessageBatch): Promise<void> {
  await Promise.all(
    batch.messages.map((message) =>
      ackOrRetry(
        message,
        'webhook turn failed',
        () => takeWebhookTurn(platform, (message.body as WebhookMessage).webhookId),
        { delaySeconds: Math.ceil(withJitter(WEBHOOK_TURN_RETRY_SECONDS, platform.random)) },
      ),
    ),
  )
}

async function ackOrRetry(
  message: Message,
  failure: string,
  work: () => Promise<void>,
  retry?: QueueRetryOptions,
): Promise<void> {
  try {
    await work()
    message.ack()
  } catch (error) {
    logError(failure, error, { messageId: message.id, attempts: message.attempts })
    message.retry(retry)
  }
}
