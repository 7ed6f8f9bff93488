import { describe, expect, it } from 'vitest'
import { isRecent } from '../../../src/domain/recency.ts'

describe('isRecent', () => {
  it.each([
    [1000, true],
    [1499, true],
    [1500, false],
    [999, false],
  ])(
    'tells at %i ms whether something of 1000 ms is less than 500 ms old, and not still to come: %s',
    (now, recent) => {
      expect(isRecent({ at: 1000, now }, 500)).toBe(recent)
    },
  )

  it('takes what never happened as not recent', () => {
    expect(isRecent({ at: Number.NEGATIVE_INFINITY, now: 0 }, 500)).toBe(false)
  })
})
