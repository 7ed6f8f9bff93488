import { afterEach, expect, it, vi } from 'vitest'
import { fakeOwnTimers } from '../support/own-timers.ts'

afterEach(() => void vi.useRealTimers())

const wait = (milliseconds: number) => new Promise<string>((resolve) => setTimeout(resolve, milliseconds, 'rang'))

it('timers of what is run wait for the faked clock, also after an await', async () => {
  const run = fakeOwnTimers()
  const own = run(async () => {
    await Promise.resolve()
    return await wait(10_000)
  })
  await vi.advanceTimersByTimeAsync(9999)
  expect(vi.getTimerCount()).toBe(1)
  await vi.advanceTimersByTimeAsync(1)
  expect(await own).toBe('rang')
})

it('timers of everything else ring by the real clock', async () => {
  const run = fakeOwnTimers()
  const own = run(async () => await wait(1))
  expect(await wait(2)).toBe('rang')
  expect(vi.getTimerCount()).toBe(1)
  await vi.advanceTimersByTimeAsync(1)
  await own
})

it('a timer that is cleared does not ring', async () => {
  const run = fakeOwnTimers()
  const ring = vi.fn()
  run(() => clearTimeout(setTimeout(ring, 1)))
  await vi.advanceTimersByTimeAsync(1)
  expect(ring).not.toHaveBeenCalled()
})
