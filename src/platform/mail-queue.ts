import { DEPENDENCY_TIMEOUT_MS } from '../config.ts'
import { within } from '../within.ts'
import { announce } from './announce.ts'
import { logError } from './log.ts'

/**
 * A message that lets a consumer deliver one mail. It names the row of the outbox that it was sent for, so that
 * operators can read it, but the consumer delivers the most urgent mail.
 */
export interface MailMessage {
  outboxId: string
}

/**
 * A message that tells whoever reads the dead-letter queue about a mail that was given up. It holds no address: only
 * the row of the outbox does, and that is deleted in time.
 */
export interface DeadMail {
  outboxId: string
  kind: string
  reason: string
  attempts: number
  failedAt: string
}

/** Tells the queue which mails are ready, or will be soon. */
export const announceMails = (queue: Queue<unknown>, outboxIds: readonly string[], delaySeconds: number) =>
  announce(
    queue,
    outboxIds.map((outboxId): MailMessage => ({ outboxId })),
    { failure: 'mail queue refused', delaySeconds },
  )

/**
 * Reports a mail to the dead-letter queue. The outbox row and the audit trail say the same, so a queue that refuses
 * loses nothing.
 */
export async function reportDeadMail(queue: Queue<unknown>, mail: DeadMail): Promise<void> {
  try {
    await within(DEPENDENCY_TIMEOUT_MS, queue.send(mail))
  } catch (error) {
    logError('dead-letter queue refused', error, { outboxId: mail.outboxId })
  }
}
