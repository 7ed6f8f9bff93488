import { afterEach, describe, expect, it, vi } from 'vitest'
import { within } from '../../src/within.ts'

const never = new Promise<never>(() => undefined)

afterEach(() => vi.useRealTimers())

describe('within', () => {
  it('gives what the work answers or throws in time, and leaves no timer behind', async () => {
    vi.useFakeTimers()
    expect(await within(1000, Promise.resolve('done'))).toBe('done')
    await expect(within(1000, Promise.reject(new TypeError('refused')))).rejects.toThrow(TypeError)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('throws when the work takes longer, an error of the caller where it names one', async () => {
    await expect(within(1, never)).rejects.toThrow('no answer within 1 ms')
    await expect(within(1, never, () => new RangeError('too slow'))).rejects.toThrow(RangeError)
  })
})
