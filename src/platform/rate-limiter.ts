import {
  KV_MIN_CACHE_TTL_SECONDS,
  KV_MIN_TTL_SECONDS,
  RATE_LIMIT_KV_TIMEOUT_MS,
  RATE_LIMIT_MAX_KEYS,
  RATE_LIMIT_QUIET_SHARE,
  RATE_LIMIT_READ_INTERVAL_MS,
  RATE_LIMIT_WRITE_INTERVAL_MS,
  RATE_LIMIT_WRITE_STEP_SHARE,
} from '../config.ts'
import { within } from '../within.ts'
import { putBounded } from './bounded-map.ts'
import { logError } from './log.ts'

/** A limit of so many requests in so many seconds. */
export interface RatePolicy {
  requests: number
  windowSeconds: number
}

/** The number of requests that are left after this one; `resetSeconds` says how long until the window ends. */
export interface RateState {
  isAllowed: boolean
  remaining: number
  resetSeconds: number
}

export interface RateLimiter {
  /** Counts one request. It never fails: when KV does, this isolate's own count decides, and the failure is logged. */
  count(key: string, policy: RatePolicy): Promise<RateState>
}

/** The requests of one client in one window, as this isolate knows them. */
interface Window {
  index: number
  /** The requests in KV, as this isolate last read or wrote them. */
  shared: number
  /** The requests that this isolate has counted and not yet written to KV. */
  unshared: number
  /** The times at which KV was last read, and last written. */
  readAt: number
  writtenAt: number
}

/** The windows of one isolate, oldest first. */
export type RateWindows = Map<string, Window>

/**
 * Makes a limiter that counts in memory first and shares its counts through KV (docs/decisions/0008-rate-limits.md). A
 * client far below its limit costs no KV operation. Near the limit it costs one read a minute and at most ten writes a
 * window, which are a second or more apart. Isolates that do not know of each other's latest requests may each admit
 * what they have left. So a limit is exact in one isolate, and is at most multiplied by the number of isolates
 * (docs/security.md).
 */
export function createRateLimiter(
  namespace: KVNamespace,
  windows: RateWindows,
  runtime: { now: () => number; waitUntil: (promise: Promise<unknown>) => void },
): RateLimiter {
  return {
    async count(key, policy) {
      const now = runtime.now()
      const index = Math.floor(now / (policy.windowSeconds * 1000))
      const window = openWindow(windows, key, index)
      window.unshared += 1
      const kvKey = `${key}:${index}`
      const quietShare = RATE_LIMIT_QUIET_SHARE[policy.windowSeconds > 60 ? 'longer' : 'minute']
      let total = window.shared + window.unshared
      const isQuiet = total <= policy.requests * quietShare
      if (!isQuiet && total <= policy.requests && now - window.readAt >= RATE_LIMIT_READ_INTERVAL_MS) {
        window.readAt = now
        const heard = await readCount(namespace, kvKey)
        const news = Math.max(0, heard - window.shared)
        window.shared += news
        total += news
      }
      const known = window.shared + window.unshared
      const writeAt = runtime.now()
      const isDue = writeAt - window.writtenAt >= RATE_LIMIT_WRITE_INTERVAL_MS
      if (!isQuiet && isDue && isNews(known, window.shared, policy)) {
        Object.assign(window, { shared: known, unshared: 0, writtenAt: writeAt })
        runtime.waitUntil(writeCount(namespace, kvKey, known, policy.windowSeconds))
      }
      const resetSeconds = Math.ceil(((index + 1) * policy.windowSeconds * 1000 - now) / 1000)
      return { isAllowed: total <= policy.requests, remaining: Math.max(0, policy.requests - total), resetSeconds }
    },
  }
}

/**
 * Tells whether a count is worth sharing with the other isolates. Once they know that the limit is reached, nothing
 * more is.
 */
function isNews(total: number, written: number, { requests }: RatePolicy): boolean {
  if (total >= requests) return written < requests
  return total - written >= Math.max(1, requests * RATE_LIMIT_WRITE_STEP_SHARE)
}

function openWindow(windows: RateWindows, key: string, index: number): Window {
  const known = windows.get(key)
  if (known?.index === index) return known
  const window = { index, shared: 0, unshared: 0, readAt: 0, writtenAt: 0 }
  putBounded(windows, key, window, RATE_LIMIT_MAX_KEYS)
  return window
}

async function readCount(namespace: KVNamespace, key: string): Promise<number> {
  try {
    const count = await within(RATE_LIMIT_KV_TIMEOUT_MS, namespace.get(key, { cacheTtl: KV_MIN_CACHE_TTL_SECONDS }))
    return Number(count) || 0
  } catch (error) {
    logError('rate-limit counter not read', error)
    return 0
  }
}

async function writeCount(namespace: KVNamespace, key: string, total: number, windowSeconds: number): Promise<void> {
  try {
    const expirationTtl = windowSeconds + KV_MIN_TTL_SECONDS
    await within(RATE_LIMIT_KV_TIMEOUT_MS, namespace.put(key, String(total), { expirationTtl }))
  } catch (error) {
    logError('rate-limit counter not written', error)
  }
}
