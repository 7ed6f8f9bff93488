import { vi } from 'vitest'
import { DEPENDENCY_TIMEOUT_MS } from '../../src/config.ts'

const DAY_MS = 86_400_000

/**
 * This is the next noon in UTC, at which every test begins that sets its clock. A fixed date would one day lie in the
 * past, and whatever waits for it would then happen at once. Noon is never in the past and at most a day ahead. It is
 * the first moment of a minute and of an hour, and it is as far as possible from midnight UTC, at which days and the
 * periods of signing keys end. A test may move by half a day in either direction before it meets one of those edges,
 * and by a whole minute before it meets the end of a window of rate limits.
 */
export const NOON_MS = Math.ceil((Date.now() - DAY_MS / 2) / DAY_MS) * DAY_MS + DAY_MS / 2

/**
 * Lets the Worker wait ten times as long for what it depends on, until `vi.restoreAllMocks()`. On a busy machine the
 * local database may need more than the deadline for fifty requests at once, which would be answered with 503.
 */
export function waitLongForDependencies(): void {
  const native = globalThis.setTimeout
  vi.spyOn(globalThis, 'setTimeout').mockImplementation(((run: () => void, milliseconds?: number) =>
    native(run, milliseconds === DEPENDENCY_TIMEOUT_MS ? 10 * milliseconds : milliseconds)) as typeof setTimeout)
}
