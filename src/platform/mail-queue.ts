import { logError } from './log.ts'

/** One mail to deliver, named by its outbox row. A name without a row means nothing and is dropped. */
export interface MailMessage {
  outboxId: string
}

/**
 * Tells the queue which mails are ready. The rows are committed already and a cron sweeps what the queue lost, so a queue that
 * refuses delays a mail and fails no request.
 */
export async function announceMails(queue: Queue<unknown>, outboxIds: readonly string[]): Promise<void> {
  try {
    await queue.sendBatch(outboxIds.map((outboxId): { body: MailMessage } => ({ body: { outboxId } })))
  } catch (error) {
    logError('mail queue refused', error)
  }
}
