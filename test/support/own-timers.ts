import { AsyncLocalStorage } from 'node:async_hooks'
import { vi } from 'vitest'

const own = new AsyncLocalStorage<true>()

/**
 * Fakes the timers of what is run by the function that this answers, and those of nobody else, until
 * `vi.useRealTimers()`. A queue may deliver at any time, in a request of its own, and workerd never settles a promise
 * of one request that another one has resolved: a deadline that passes for both would stop the run of the tests.
 */
export function fakeOwnTimers({ withDate = false } = {}): <Answer>(act: () => Answer) => Answer {
  const { setTimeout: realSet, clearTimeout: realClear } = globalThis
  vi.useFakeTimers({
    toFake: ['setTimeout', 'clearTimeout', ...(withDate ? (['Date'] as const) : [])],
    now: Date.now(),
  })
  const { setTimeout: fakeSet, clearTimeout: fakeClear } = globalThis
  const isOwn = () => own.getStore() === true
  Object.assign(globalThis, {
    setTimeout: (...timer: Parameters<typeof setTimeout>) => (isOwn() ? fakeSet : realSet)(...timer),
    clearTimeout: (timer: number) => (isOwn() ? fakeClear : realClear)(timer),
  })
  return (act) => own.run(true, act)
}
