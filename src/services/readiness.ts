import { READINESS_CACHE_SECONDS } from '../config.ts'
import type { Platform } from '../platform/compose.ts'
import { checkReadiness } from './health.ts'

/**
 * Tells the state of every dependency, asked a few seconds ago at most. While one request asks, others get what was
 * known before; the first ones of an isolate know nothing and each ask for themselves, because no request may wait for
 * the promise of another.
 */
export async function readReadiness(deps: Parameters<typeof checkReadiness>[0] & Pick<Platform, 'now' | 'readiness'>) {
  const { readiness } = deps
  const now = deps.now()
  if (readiness.known !== null && now < readiness.askedAt + READINESS_CACHE_SECONDS * 1000) return readiness.known
  readiness.askedAt = now
  readiness.known = await checkReadiness(deps)
  return readiness.known
}
