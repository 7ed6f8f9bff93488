import { createMiddleware } from 'hono/factory'
import { GLOBAL_RATE_WINDOW_SECONDS, RATE_CLASSES } from '../../config.ts'
import { AuthError } from '../../errors.ts'
import type { RatePolicy } from '../../platform/rate-limiter.ts'
import { toRateKey } from '../client-address.ts'
import type { AppEnv, Context } from '../context.ts'

/**
 * Limits one route by client address. It stands on the route's own line, so no spelling of a path gets around it
 * (better-auth CVE-2025-71399); each route has a count of its own.
 */
export const rateLimit = (name: keyof typeof RATE_CLASSES, route: string) =>
  createMiddleware<AppEnv>(async (c, next) => {
    await limit(c, name, `${name}:${route}`, RATE_CLASSES[name])
    await next()
  })

/** Limits each client's requests altogether, to whatever address. */
export const globalRateLimit = createMiddleware<AppEnv>(async (c, next) => {
  const requests = c.var.platform.settings.rateLimitPerMinute
  await limit(c, 'global', 'global', { requests, windowSeconds: GLOBAL_RATE_WINDOW_SECONDS })
  await next()
})

/** Counts, and says in the fields of draft-ietf-httpapi-ratelimit-headers what is left. */
async function limit(c: Context, name: string, key: string, policy: RatePolicy): Promise<void> {
  const { settings, rateLimiter, client } = c.var.platform
  const address = toRateKey(client.ip)
  if (!settings.rateLimits || address === null) return
  const { isAllowed, remaining, resetSeconds } = await rateLimiter.count(`${key}:${address}`, policy)
  c.header('RateLimit-Policy', `"${name}";q=${policy.requests};w=${policy.windowSeconds}`, { append: true })
  c.header('RateLimit', `"${name}";r=${remaining};t=${resetSeconds}`, { append: true })
  if (!isAllowed) throw new AuthError('rate_limited', { retryAfterSeconds: resetSeconds })
}
