import { createMiddleware } from 'hono/factory'
import { GLOBAL_RATE_WINDOW_SECONDS, RATE_CLASSES } from '../../config.ts'
import type { Settings } from '../../env.ts'
import { Refusal } from '../../errors.ts'
import { logWarning } from '../../platform/log.ts'
import type { RatePolicy, RateState } from '../../platform/rate-limiter.ts'
import { nameDeviceAccount } from '../../services/login/device.ts'
import { type RateKey, toRateKeys } from '../client-address.ts'
import type { AppEnv, Context } from '../context.ts'
import { readDeviceToken } from '../cookies.ts'

type RateClass = keyof typeof RATE_CLASSES

/** A route that sends mails is limited by the minute as every sensitive route is, and by the hour and the day. */
const MAIL_CLASSES = ['sensitive', 'mail-hourly', 'mail-daily'] as const

/** The limit that a route states: one class, or `mails` for all classes of a route that sends mails. */
export type Limit = RateClass | 'mails'

/**
 * Gives what limits one route by client address. The limit is a part of the route, so no spelling of a path gets around
 * it (better-auth CVE-2025-71399), and each route has a count of its own.
 */
export const limitsOf = (limit: Limit, route: string) =>
  (limit === 'mails' ? MAIL_CLASSES : [limit]).map((name) => (c: Context) => limitByAddress(c, name, route))

/**
 * Limits logins by client address, except from a device that has logged in to the same account before. Such a login
 * gets through, whatever else comes from the same address, such as that of an office
 * (docs/decisions/0008-rate-limits.md). A token that this service made opens a small budget of the account it names.
 * Only the login finds out whether the token is for that account. So the caller gets a function that counts the login
 * by its address where it is not, and that does nothing where the address was counted already.
 */
export async function limitLogins(c: Context, route: string): Promise<() => Promise<void>> {
  const countAddress = () => limitByAddress(c, 'sensitive', route)
  const account = nameDeviceAccount(c.get('platform'), readDeviceToken(c))
  const budget = account === null ? null : await count(c, 'device', [{ key: `${route}:${account}`, times: 1 }])
  if (budget?.isAllowed === true) return countAddress
  await countAddress()
  return async () => undefined
}

/** Limits all requests of a client together, whatever they ask for. */
export const globalRateLimit = createMiddleware<AppEnv>(async (c, next) => {
  await limitAltogether(c)
  await next()
})

/** Counts a request towards the limit for all requests, including one that is refused before it reaches that limit. */
export async function limitAltogether(c: Context): Promise<void> {
  await limitByAddress(c, 'global')
}

const warned = new WeakSet<Settings>()

async function limitByAddress(c: Context, name: RateClass | 'global', route?: string): Promise<void> {
  const { settings, requester } = c.get('platform')
  const addresses = toRateKeys(requester.ip, c.req.header('CF-Worker') ?? null)
  if (addresses.length === 0 && !settings.isDevelopment && !warned.has(settings)) {
    warned.add(settings)
    logWarning(settings, 'a request has no client address, and such requests are not limited: call through Cloudflare')
  }
  const prefix = route === undefined ? '' : `${route}:`
  const keys = addresses.map(({ key, times }) => ({ key: `${prefix}${key}`, times }))
  const state = await count(c, name, keys)
  if (state?.isAllowed === false) throw new Refusal('rate_limited', { retryAfterSeconds: state.resetSeconds })
}

/**
 * Counts a request under each key, the narrowest first, and says in the fields of draft-ietf-httpapi-ratelimit-headers
 * what the tightest limit leaves. A request that a narrow key refuses does not count under a wider one, so that nobody
 * uses up the limit of their neighbours with refused requests.
 */
async function count(c: Context, name: RateClass | 'global', keys: readonly RateKey[]): Promise<RateState | null> {
  const { settings, rateLimiter } = c.get('platform')
  if (!settings.rateLimits) return null
  const policy = policyOf(settings, name)
  let tightest: RateState | null = null
  for (const { key, times } of keys) {
    const state = await rateLimiter.count(`${name}:${key}`, { ...policy, requests: policy.requests * times })
    if (tightest === null || !state.isAllowed || state.remaining < tightest.remaining) tightest = state
    if (!state.isAllowed) break
  }
  if (tightest === null) return null
  c.header('RateLimit-Policy', `"${name}";q=${policy.requests};w=${policy.windowSeconds}`, { append: true })
  c.header('RateLimit', `"${name}";r=${tightest.remaining};t=${tightest.resetSeconds}`, { append: true })
  return tightest
}

function policyOf(settings: Settings, name: RateClass | 'global'): RatePolicy {
  if (name === 'global') return { requests: settings.rateLimitPerMinute, windowSeconds: GLOBAL_RATE_WINDOW_SECONDS }
  const limits = RATE_CLASSES[name]
  if ('requests' in limits) return limits
  return {
    requests: limits.sensitiveMinutes * settings.rateLimitSensitivePerMinute,
    windowSeconds: limits.windowSeconds,
  }
}
