import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isAllowedRedirect } from '../../../src/domain/redirect-target.ts'
import vectors from '../../vectors/redirect-bypasses.json'

const { allowed, accepted, refused } = vectors

describe('redirectTo against the allow-list (RFC 9700 §4.1.3, ASVS 3.7.2, cloudflare/workers-oauth-provider#97)', () => {
  it.each(accepted)('accepts $target: $why', ({ target }) => {
    expect(isAllowedRedirect(target, allowed)).toBe(true)
  })

  it.each(refused)('refuses $target: $why', ({ target }) => {
    expect(isAllowedRedirect(target, allowed)).toBe(false)
  })

  it('is tested with at least 40 ways to bypass it', () => {
    expect(new Set(refused.map(({ target }) => target)).size).toBeGreaterThanOrEqual(40)
  })

  it('refuses everything where nothing is allowed', () => {
    for (const { target } of accepted) expect(isAllowedRedirect(target, [])).toBe(false)
  })

  it('treats an entry with a trailing slash as that one URL, and not as the origin', () => {
    expect(isAllowedRedirect('https://app.example.com', ['https://app.example.com/'])).toBe(true)
    expect(isAllowedRedirect('https://app.example.com/deep', ['https://app.example.com/'])).toBe(false)
  })

  it.each(['javascript:alert(1)', 'https://app.example.com/#x', 'not a url', '*'])(
    'lets the misconfigured entry %s allow nothing',
    (entry) => {
      expect(isAllowedRedirect(entry, [entry])).toBe(false)
    },
  )

  it('refuses a target longer than 2048 characters', () => {
    expect(isAllowedRedirect(`https://app.example.com/${'a'.repeat(2048)}`, allowed)).toBe(false)
  })

  it('leads to no other origin than an allowed one, whatever is inserted into a target', () => {
    const pieces = fc.constantFrom(
      'https:',
      '/',
      '//',
      '\\',
      '@',
      ':',
      '.',
      '#',
      '?',
      '%2e',
      '%2f',
      'evil.example',
      'app.example.com',
    )
    const origins = new Set(['https://app.example.com', 'https://www.example.org'])
    fc.assert(
      fc.property(fc.array(fc.oneof(pieces, fc.string({ maxLength: 3 })), { maxLength: 10 }), (parts) => {
        const target = parts.join('')
        return !isAllowedRedirect(target, allowed) || origins.has(new URL(target, 'https://postern.invalid/').origin)
      }),
      { numRuns: 3000 },
    )
  })
})
