import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { maskEmailAddress, parseEmailAddress } from '../../../src/domain/email-address.ts'

describe('parseEmailAddress: accepted', () => {
  it.each([
    ['plain', 'anna@example.com', 'anna@example.com'],
    ['upper case', 'Anna.Berg@EXAMPLE.Com', 'anna.berg@example.com'],
    ['surrounding blanks', '  anna@example.com\t', 'anna@example.com'],
    ['sub-address', 'anna+news@example.com', 'anna+news@example.com'],
    ['every atext character', "!#$%&'*+/=?^_`{|}~-@example.com", "!#$%&'*+/=?^_`{|}~-@example.com"],
    ['digits in a label', 'a@1and1.de', 'a@1and1.de'],
    ['internationalised domain', 'info@Bücher.example', 'info@xn--bcher-kva.example'],
    ['internationalised domain, decomposed', 'info@bu\u0308cher.example', 'info@xn--bcher-kva.example'],
    ['internationalised domain as A-label', 'info@XN--bcher-kva.example', 'info@xn--bcher-kva.example'],
    ['sharp s kept (IDNA 2008)', 'info@straße.de', 'info@xn--strae-oqa.de'],
    ['internationalised top-level domain', 'a@例え.テスト', 'a@xn--r8jz45g.xn--zckzah'],
    ['local part of 64 octets', `${'a'.repeat(64)}@example.com`, `${'a'.repeat(64)}@example.com`],
  ])('%s', (_name, input, expected) => {
    expect(parseEmailAddress(input)).toBe(expected)
  })
})

describe('parseEmailAddress: refused (GHSA-7rqj-j65f-68wh)', () => {
  it.each([
    ['empty', ''],
    ['no @', 'anna.example.com'],
    ['two @', 'anna@evil.example@example.com'],
    ['full-width @', 'anna＠example.com'],
    ['small @', 'anna﹫example.com'],
    ['full-width @ beside a real one', 'anna＠evil.example@example.com'],
    ['empty local part', '@example.com'],
    ['empty domain', 'anna@'],
    ['no dot in the domain', 'anna@localhost'],
    ['leading dot', '.anna@example.com'],
    ['trailing dot in the local part', 'anna.@example.com'],
    ['two dots', 'an..na@example.com'],
    ['quoted local part', '"anna"@example.com'],
    ['quoted local part with an @', '"a@b"@example.com'],
    ['comment', 'anna(me)@example.com'],
    ['display name', 'Anna <anna@example.com>'],
    ['list', 'anna@example.com,eve@example.com'],
    ['non-ASCII local part', 'änna@example.com'],
    ['Kelvin sign in the local part', 'mi\u212Ae@example.com'],
    ['Kelvin sign in the domain', 'mike@\u212Aelvin.com'],
    ['full-width letters in the domain', 'anna@ｅxample.com'],
    ['long s in the domain', 'anna@ſample.com'],
    ['compatibility ligature in the domain', 'anna@℡.com'],
    ['ideographic full stop', 'anna@example。com'],
    ['space inside', 'an na@example.com'],
    ['space in the domain', 'anna@exam ple.com'],
    ['no-break space inside', 'an\u00a0na@example.com'],
    ['trailing line feed', 'anna@example.com\n'],
    ['header injection', 'anna@example.com\r\nBcc: eve@example.com'],
    ['null byte', 'anna\0@example.com'],
    ['delete character', 'anna\x7f@example.com'],
    ['zero-width space', 'an\u200bna@example.com'],
    ['zero-width joiner in the domain', 'anna@exa\u200dmple.com'],
    ['soft hyphen in the domain', 'anna@exa\u00admple.com'],
    ['byte order mark in front', '\ufeffanna@example.com'],
    ['right-to-left override', 'anna@\u202eexample.com'],
    ['variation selector in the domain', 'anna@exa\ufe0fmple.com'],
    ['IPv4', 'anna@127.0.0.1'],
    ['IPv4 literal', 'anna@[127.0.0.1]'],
    ['IPv6 literal', 'anna@[IPv6:::1]'],
    ['short IPv4', 'anna@127.1'],
    ['hexadecimal IPv4', 'anna@0x7f.0x1'],
    ['numeric top-level domain', 'anna@example.123'],
    ['trailing dot', 'anna@example.com.'],
    ['empty label', 'anna@example..com'],
    ['label starting with a hyphen', 'anna@-example.com'],
    ['label ending with a hyphen', 'anna@example-.com'],
    ['underscore in the domain', 'anna@exa_mple.com'],
    ['port', 'anna@example.com:25'],
    ['percent-encoding', 'anna@ex%61mple.com'],
    ['A-label of plain ASCII', 'anna@xn--example-.com'],
    ['path behind an A-label', 'anna@xn--bcher-kva.example/x'],
    ['port behind an A-label', 'anna@xn--bcher-kva.example:80'],
    ['path behind an ASCII domain', 'anna@example.com/x'],
    ['local part of 65 octets', `${'a'.repeat(65)}@example.com`],
    ['label of 64 octets', `a@${'b'.repeat(64)}.com`],
    ['255 octets in all', `${'a'.repeat(63)}@${'b'.repeat(63)}.${'c'.repeat(63)}.${'d'.repeat(59)}.com`],
    ['very long', `${'a'.repeat(100_000)}@example.com`],
  ])('%s', (_name, input) => {
    expect(parseEmailAddress(input)).toBeNull()
  })
})

describe('parseEmailAddress: properties', () => {
  it('answers printable lower-case ASCII with one @, and is idempotent', () => {
    const text = fc.oneof(
      fc.emailAddress(),
      fc.string({ unit: 'binary' }),
      fc.tuple(fc.string(), fc.domain()).map((parts) => parts.join('@')),
    )
    fc.assert(
      fc.property(text, (input) => {
        const parsed = parseEmailAddress(input)
        if (parsed === null) return
        expect(parsed).toMatch(/^[!-?[-~]+@[a-z0-9.-]+$/)
        expect(parsed).toBe(parsed.toLowerCase())
        expect(parseEmailAddress(parsed)).toBe(parsed)
      }),
    )
  })
})

describe('maskEmailAddress', () => {
  it.each([
    ['anna@example.com', 'a***@example.com'],
    ['anna.very.long.name@example.com', 'a***@example.com'],
    ['al@example.com', '***@example.com'],
    ['a@example.com', '***@example.com'],
    ['nothing', '***'],
    ['@example.com', '***'],
  ])('%s', (address, masked) => {
    expect(maskEmailAddress(address)).toBe(masked)
  })
})
