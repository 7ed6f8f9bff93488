import { describe, expect, it } from 'vitest'
import { unicodePattern } from '../../../src/domain/unicode-pattern.ts'

describe('a pattern with properties of Unicode', () => {
  it('is made once', () => {
    const upper = unicodePattern(String.raw`\p{Lu}`)
    expect(upper()).toBe(upper())
    expect(upper().test('é')).toBe(false)
    expect(upper().test('É')).toBe(true)
  })

  it('replaces all that it finds, each time', () => {
    const marks = unicodePattern(String.raw`\p{M}+`, 'gu')
    const strip = () => 'Ångström'.normalize('NFD').replace(marks(), '')
    expect([strip(), strip()]).toEqual(['Angstrom', 'Angstrom'])
  })
})
