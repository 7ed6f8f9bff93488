import { createMiddleware } from 'hono/factory'
import { routePath } from 'hono/route'
import type { LogLevel } from '../../config.ts'
import { isLogged, log } from '../../platform/log.ts'
import type { Platform } from '../../platform/platform.ts'
import type { AppEnv, Context } from '../context.ts'

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
  c.res.headers.set('X-Request-Id', requestId)
  const level = levelOf(c)
  const platform = c.get('platform') as Platform | undefined
  if (platform && !isLogged(platform.settings, level)) return
  log(level, 'request', {
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

/** Gives the level of a request's line: whether the service failed, refused the request, or did what it asks for. */
function levelOf(c: Context): LogLevel {
  if (c.res.status >= 500) return 'error'
  return c.get('outcome') === undefined ? 'info' : 'warn'
}
