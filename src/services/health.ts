import { DEPENDENCY_TIMEOUT_MS } from '../config.ts'
import type { DependencyState, Platform } from '../platform/compose.ts'
import { logError } from '../platform/log.ts'
import { within } from '../platform/within.ts'

/** Asks every dependency once, side by side, and says which answered and how fast. */
export async function checkReadiness(deps: Pick<Platform, 'probes'>): Promise<Record<string, DependencyState>> {
  const states = await Promise.all(
    Object.entries(deps.probes).map(async ([name, probe]) => [name, await checkDependency(name, probe)] as const),
  )
  return Object.fromEntries(states)
}

async function checkDependency(name: string, probe: () => Promise<unknown>): Promise<DependencyState> {
  const start = Date.now()
  try {
    const answer = await within(DEPENDENCY_TIMEOUT_MS, probe())
    const size = name === 'database' ? { bytes: Number(answer) } : {}
    return { status: 'ok', ms: Date.now() - start, ...size }
  } catch (error) {
    logError('dependency unavailable', error, { dependency: name })
    return { status: 'unavailable', ms: Date.now() - start }
  }
}
