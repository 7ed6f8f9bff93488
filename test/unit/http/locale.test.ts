import { describe, expect, it } from 'vitest'
import { chooseLocale } from '../../../src/http/locale.ts'

describe('chooseLocale (RFC 9110 §12.5.4)', () => {
  it.each([
    [null, 'en'],
    [undefined, 'en'],
    ['', 'en'],
    ['de', 'de'],
    ['DE', 'de'],
    ['de-AT,de;q=0.9,en;q=0.8', 'de'],
    ['en-US,de', 'en'],
    ['de,en-US', 'de'],
    ['fr-CH, fr;q=0.9, de;q=0.7, *;q=0.5', 'de'],
    ['fr, en;q=0.2, de;q=0.8', 'de'],
    ['fr', 'en'],
    ['*', 'en'],
    ['fr, *;q=0.5, de;q=0.1', 'en'],
    ['de;q=0, en', 'en'],
    ['de;q=0', 'en'],
    ['de;q=2', 'en'],
    ['deutsch', 'en'],
    ['de_DE', 'en'],
    [' de ; q=0.5 ', 'de'],
    [`${'x,'.repeat(100_000)}de`, 'en'],
  ])('%j chooses %s', (header, locale) => {
    expect(chooseLocale(header)).toBe(locale)
  })
})
