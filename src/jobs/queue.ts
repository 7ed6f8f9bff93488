import type { Platform } from '../platform/compose.ts'
import { logError } from '../platform/log.ts'
import { deliverMail } from '../services/mail-delivery.ts'

/** Consumes the mail queue. What fails here fails to reach the database: the queue tries it again. */
export async function consumeMails(platform: Platform, batch: MessageBatch): Promise<void> {
  for (const message of batch.messages) {
    try {
      const { outboxId } = message.body as { outboxId: string }
      await deliverMail(platform, outboxId)
      message.ack()
    } catch (error) {
      logError('mail message failed', error, { messageId: message.id, attempts: message.attempts })
      message.retry()
    }
  }
}
