import { afterAll, vi } from 'vitest'

/** Each test file finds the clock and the globals unchanged, although many files share one workerd. */
afterAll(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})
