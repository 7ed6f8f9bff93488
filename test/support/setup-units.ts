import { afterAll, vi } from 'vitest'

/** Each test file finds the clock and the globals as they are, although many files share one workerd. */
afterAll(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})
