import { app } from './app.ts'
import { consumeQueue } from './jobs/queue.ts'
import { runScheduled } from './jobs/scheduled.ts'
import { composePlatform } from './platform/compose.ts'
import { SYSTEM } from './platform/requester.ts'

export { DevMailbox } from './durable-objects/dev-mailbox.ts'
export { EndedSessions } from './durable-objects/ended-sessions.ts'
export { LoginThrottle } from './durable-objects/login-throttle.ts'
export { AuthRpc } from './rpc/auth-rpc.ts'

export default {
  fetch: app.fetch,
  queue: (batch, env, context) => consumeQueue(composePlatform(env, SYSTEM, context), batch),
  scheduled: (controller, env, context) => runScheduled(composePlatform(env, SYSTEM, context), controller.cron),
} satisfies ExportedHandler<Env>
