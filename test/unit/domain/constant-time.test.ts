import { describe, expect, it } from 'vitest'
import { isEqualInConstantTime } from '../../../src/domain/constant-time.ts'

describe('isEqualInConstantTime', () => {
  it.each([
    ['secret', 'secret', true],
    ['secret', 'secreT', false],
    ['secret', 'secret!', false],
    ['', '', true],
    ['ä', 'ä', true],
    ['ä', 'a\u0308', false],
  ])('compares %j with %j: %s', (given, expected, isEqual) => {
    expect(isEqualInConstantTime(given, expected)).toBe(isEqual)
    expect(isEqualInConstantTime(new TextEncoder().encode(given), expected)).toBe(isEqual)
  })
})
