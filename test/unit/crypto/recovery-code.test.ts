import { describe, expect, it } from 'vitest'
import { findHashOf, hashTogether } from '../../../src/crypto/password-hash/own-hash.ts'
import { makeRecoveryCode, readRecoveryCode } from '../../../src/crypto/recovery-code.ts'

describe('makeRecoveryCode', () => {
  it('makes 80 random bits in four groups that a person can type (ASVS 6.5.3, 6.5.4)', () => {
    const codes = Array.from({ length: 200 }, makeRecoveryCode)
    for (const code of codes) expect(code).toMatch(/^([0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z]{4}$/)
    expect(new Set(codes).size).toBe(200)
    // Every character of the alphabet comes up, so no bit is always the same.
    expect(new Set(codes.join('').replaceAll('-', '')).size).toBe(32)
  })
})

describe('readRecoveryCode', () => {
  const CODE = '0123456789ABCDEF'
  it.each([
    '0123-4567-89AB-CDEF',
    '0123456789abcdef',
    ' 0123 4567 89ab cdef ',
    'O123-4567-89AB-CDEF',
    'oI23-4567-89ab-cdef',
    '0l23–4567—89AB‐CDEF',
    'oL23\t4567\n89AB CDEF',
  ])('forgives case, look-alikes, spaces and hyphens: %j', (typed) => {
    expect(readRecoveryCode(typed)).toBe(CODE)
  })

  it.each(['', '0123-4567-89AB-CDE', `${CODE}0`, '0123-4567-89AB-CDEU', '0123-4567-89AB-CD_F', '0123.4567.89AB.CDEF'])(
    'refuses what is no code: %j',
    (typed) => {
      expect(readRecoveryCode(typed)).toBeNull()
    },
  )

  it('reads every code as it was shown', () => {
    for (const code of Array.from({ length: 50 }, makeRecoveryCode))
      expect(readRecoveryCode(code)).toBe(code.replaceAll('-', ''))
  })
})

describe('hashes that were made together', () => {
  it('are argon2id with one random salt of 128 bits for each set (ASVS 6.5.2, 11.4.2)', () => {
    const [first, second] = [hashTogether(['a', 'b']), hashTogether(['a', 'b'])]
    const saltOf = (hash = '') => hash.split('$')[4]
    for (const hash of first) expect(hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$/)
    expect(saltOf(first[0])).toBe(saltOf(first[1]))
    expect(saltOf(first[0])).not.toBe(saltOf(second[0]))
  })

  it('are found by their text, also among those of an earlier set and other parameters', () => {
    const hashes = [...hashTogether(['a', 'b']), ...hashTogether(['c'])]
    // This is the hash of "password" with m=256 KiB, t=2 and p=1 from phc-winner-argon2, src/test.c.
    const weak = '$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4'
    expect(findHashOf('b', hashes)).toBe(hashes[1])
    expect(findHashOf('c', hashes)).toBe(hashes[2])
    expect(findHashOf('password', [...hashes, weak])).toBe(weak)
    expect(findHashOf('d', hashes)).toBeNull()
    expect(findHashOf('d', [])).toBeNull()
    expect(findHashOf('d', ['', 'nonsense'])).toBeNull()
  })
})
