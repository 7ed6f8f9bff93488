import type { ActivityMessage } from '../platform/activity.ts'
import type { RevocationMessage } from '../platform/blocklist.ts'
import type { Platform } from '../platform/compose.ts'
import { logError } from '../platform/log.ts'
import type { MailMessage } from '../platform/mail-queue.ts'
import { recordActivity } from '../services/activity.ts'
import { deliverMail } from '../services/mail-delivery.ts'

/** Consumes a queue; its name says what it carries. What fails here is tried again by the queue. */
export async function consumeQueue(platform: Platform, batch: MessageBatch): Promise<void> {
  if (batch.queue.endsWith('-activity')) await consumeActivity(platform, batch)
  else if (batch.queue.endsWith('-revocations')) await consumeRevocations(platform, batch)
  else await consumeMails(platform, batch)
}

/** One malformed message must not hold up the others of its batch. */
const isActivity = (body: unknown): body is ActivityMessage => {
  const { sessionId, at } = (body ?? {}) as Partial<ActivityMessage>
  return typeof sessionId === 'string' && Number.isSafeInteger(at)
}

async function consumeActivity(platform: Platform, batch: MessageBatch): Promise<void> {
  await recordActivity(platform, batch.messages.map(({ body }) => body).filter(isActivity))
  batch.ackAll()
}

async function consumeRevocations(platform: Platform, batch: MessageBatch): Promise<void> {
  for (const message of batch.messages) {
    try {
      await platform.blocklist.revokeLate(message.body as RevocationMessage)
      message.ack()
    } catch (error) {
      logError('revocation failed', error, { messageId: message.id, attempts: message.attempts })
      message.retry()
    }
  }
}

/** All of a batch at once, so that a mail server which stalls over one mail holds up no other. A Worker may have six connections open. */
async function consumeMails(platform: Platform, batch: MessageBatch): Promise<void> {
  await Promise.all(batch.messages.map((message) => consumeMail(platform, message)))
}

async function consumeMail(platform: Platform, message: Message): Promise<void> {
  try {
    const { outboxId } = message.body as MailMessage
    await deliverMail(platform, outboxId)
    message.ack()
  } catch (error) {
    logError('mail message failed', error, { messageId: message.id, attempts: message.attempts })
    message.retry()
  }
}
