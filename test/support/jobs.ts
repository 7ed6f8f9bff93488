import { createExecutionContext, createScheduledController, waitOnExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import worker from '../../src/index.ts'

/** Runs the jobs of each minute and of each hour. */
export async function runJobs(bindings: Env = env as Env): Promise<void> {
  for (const cron of ['* * * * *', '47 * * * *']) {
    const context = createExecutionContext()
    await worker.scheduled(createScheduledController({ cron }), bindings, context)
    await waitOnExecutionContext(context)
  }
}
