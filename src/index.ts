import { app } from './app.ts'
import { consumeMails } from './jobs/queue.ts'
import { runScheduled } from './jobs/scheduled.ts'
import { SYSTEM } from './platform/client.ts'
import { composePlatform } from './platform/compose.ts'

export { DevMailbox } from './durable-objects/dev-mailbox.ts'
export { LoginThrottle } from './durable-objects/login-throttle.ts'

export default {
  fetch: app.fetch,
  queue: (batch, env) => consumeMails(composePlatform(env, SYSTEM), batch),
  scheduled: (controller, env) => runScheduled(composePlatform(env, SYSTEM), controller.cron),
} satisfies ExportedHandler<Env>
