import { createMiddleware } from 'hono/factory'
import { routePath } from 'hono/route'
import { logInfo } from '../../platform/log.ts'
import type { AppEnv } from '../context.ts'

/**
 * Gives the request an id, and logs it when it is answered. The log names the route and never the path or the query,
 * which may hold what a person typed. An id that a client sends is not used, because a client could repeat that of
 * another request.
 */
export const requestScope = createMiddleware<AppEnv>(async (c, next) => {
  const start = Date.now()
  const requestId = crypto.randomUUID()
  c.set('requestId', requestId)
  // A request that has begun is finished even if its client disconnects, because KV and the queues must learn what D1
  // has committed.
  const answered = next()
  c.executionCtx.waitUntil(answered)
  await answered
  c.header('X-Request-Id', requestId)
  logInfo('request', {
    requestId,
    method: c.req.method,
    route: routePath(c, -1),
    status: c.res.status,
    ms: Date.now() - start,
    country: (c.req.raw.cf?.country as string | undefined) ?? null,
    outcome: c.get('outcome') ?? 'ok',
    reason: c.get('reason'),
    userId: c.get('userId'),
  })
})
