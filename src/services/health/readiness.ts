import { READINESS_CACHE_SECONDS, READINESS_MAX_AGE_SECONDS } from '../../config.ts'
import type { Platform } from '../../platform/platform.ts'
import { checkReadiness } from './health.ts'

/**
 * Tells the state of every dependency, asked a few seconds ago at most. While one request asks anew, others get what
 * was known before, unless that is too old to be told; then each asks for itself, because no request may wait for the
 * promise of another.
 */
export async function readReadiness(deps: Parameters<typeof checkReadiness>[0] & Pick<Platform, 'now' | 'readiness'>) {
  const { readiness } = deps
  const now = deps.now()
  const isWithin = (seconds: number, since: number) => now < since + seconds * 1000
  const { known } = readiness
  const isAsking = isWithin(READINESS_CACHE_SECONDS, readiness.askedAt)
  if (known !== null && isWithin(isAsking ? READINESS_MAX_AGE_SECONDS : READINESS_CACHE_SECONDS, known.at))
    return known.dependencies
  readiness.askedAt = now
  const dependencies = await checkReadiness(deps)
  readiness.known = { dependencies, at: now }
  return dependencies
}
