import { DEPENDENCY_TIMEOUT_MS } from '../config.ts'
import { within } from '../within.ts'
import { logError } from './log.ts'

/**
 * Tells a queue what is ready, or will be soon. The rows are committed already, and a cron announces again what the
 * queue lost. So a queue that refuses delays the work and fails no request.
 */
export async function announce(
  queue: Queue<unknown>,
  bodies: readonly object[],
  { failure, delaySeconds = 0 }: { failure: string; delaySeconds?: number },
): Promise<void> {
  if (bodies.length === 0) return
  try {
    const messages = bodies.map((body) => ({ body }))
    await within(DEPENDENCY_TIMEOUT_MS, queue.sendBatch(messages, { delaySeconds }))
  } catch (error) {
    logError(failure, error)
  }
}
