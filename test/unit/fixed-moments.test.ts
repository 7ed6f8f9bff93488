import { describe, expect, it } from 'vitest'
import { findFixedMoments } from '../../scripts/lib/fixed-moments.ts'

describe('a fixed moment in code', () => {
  it.each([
    `const START = Date.parse('2026-11-20T08:00:00Z')`,
    `const START = Date.parse("2027-11-20")`,
    'const START = new Date(`2025-01-01`)',
    `const START = new Date(\n  '2026-01-01',\n)`,
    'const START = Date.UTC(2026, 10, 20, 12)',
    'const START = Date.UTC(2025)',
    'const START = new Date(2027, 0)',
    `await plant('2026-02-01T00:00:00.000Z')`,
    `const row = { at: '2026-02-01 00:00:00' }`,
    'const START = 1763625600000',
    'const START = 1_763_625_600_000',
    'const exp = 1763625600',
    `const url = 'https://example.com/?from=2026-02-01T00:00:01Z'`,
  ])('is refused: %s', (source) => {
    expect(findFixedMoments(source)).toHaveLength(1)
  })

  it.each([
    ['what has always been past', `Date.UTC(2001, 0, 31); new Date('2001-01-31T12:00:00Z'); at(1_000_000_000)`],
    ['what is always to come', `Date.parse('2050-01-01T00:00:00Z'); at(2_524_608_000_000)`],
    ['a duration', 'pass(2_592_000_000); setTimeout(stop, 600_000)'],
    ['a moment relative to now', 'const START = NOON_MS + 3_600_000; Date.parse(answer.at); new Date(at)'],
    ['the name of a version', `const config = { compatibility_date: '2026-09-18' }`],
    ['an advisory', `it('refuses a forged token (CVE-2026-22817)')`],
    ['a number that is no time', `const PHONE = '0123456789'; const id = 9_999_999_999_999; const big = 12345678901`],
    ['a comment', `// since 2026-11-20T08:00:00Z\n/** at 2026-11-20T08:00:00Z, or\n * 1763625600000 */`],
    ['an example of the API', `z.iso.datetime().openapi({ example: '2026-01-31T12:00:00.000Z' })`],
  ])('is not %s', (_, source) => {
    expect(findFixedMoments(source)).toEqual([])
  })

  it('is reported with its line', () => {
    const source = `/*\n a comment\n*/\nconst url = 'https://example.com' // 2026\nconst at = Date.UTC(2026)`
    expect(findFixedMoments(source)).toEqual([{ line: 5, literal: 'Date.UTC(2026)' }])
  })
})
