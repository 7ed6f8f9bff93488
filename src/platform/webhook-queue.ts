import { announce } from './announce.ts'

/** A message that lets a consumer send an endpoint what is due. It holds nothing that is sent. */
export interface WebhookMessage {
  webhookId: string
}

/** Tells the queue to which endpoints messages are due. */
export const announceWebhooks = (queue: Queue<unknown>, webhookIds: readonly string[]) =>
  announce(
    queue,
    webhookIds.map((webhookId): WebhookMessage => ({ webhookId })),
    { failure: 'webhook queue refused' },
  )
