import { DEPENDENCY_TIMEOUT_MS } from '../config.ts'
import { within } from '../within.ts'
import { logError } from './log.ts'

/** A message that lets a consumer send an endpoint what is due. It holds nothing that is sent. */
export interface WebhookMessage {
  webhookId: string
}

/**
 * Tells the queue to which endpoints messages are due. Their rows are committed already, and a cron tells the queue
 * again each minute. So a queue that refuses delays messages and loses none.
 */
export async function announceWebhooks(queue: Queue<unknown>, webhookIds: readonly string[]): Promise<void> {
  if (webhookIds.length === 0) return
  try {
    const messages = webhookIds.map((webhookId): { body: WebhookMessage } => ({ body: { webhookId } }))
    await within(DEPENDENCY_TIMEOUT_MS, queue.sendBatch(messages))
  } catch (error) {
    logError('webhook queue refused', error)
  }
}
