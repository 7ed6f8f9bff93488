import { createHmac, hkdfSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { deriveKey } from '../../../src/crypto/derived-key.ts'
import { makeKeyedName } from '../../../src/crypto/keyed-name.ts'
import pinned from '../../vectors/derivations.json'
import rfc from '../../vectors/rfc-primitives.json'

const bytes = (hex: string) => new Uint8Array(Buffer.from(hex, 'hex'))
const SECRET = bytes(pinned.secretHex)

describe('the primitives of the platform (ASVS 11.2.2)', () => {
  it.each(rfc.hkdf.vectors)('HKDF-SHA-256 answers RFC 5869: $length bytes', ({ ikm, salt, info, length, okm }) => {
    const derived = hkdfSync('sha256', bytes(ikm), bytes(salt), bytes(info), length)
    expect(Buffer.from(derived).toString('hex')).toBe(okm)
  })

  it.each(rfc.hmac.vectors)('HMAC-SHA-256 answers RFC 4231: $mac', ({ key, data, mac }) => {
    expect(createHmac('sha256', bytes(key)).update(bytes(data)).digest('hex')).toBe(mac)
  })
})

describe('deriveKey', () => {
  it.each(pinned.keys)('derives the pinned key for $purpose', ({ purpose, hex }) => {
    expect(Buffer.from(deriveKey(SECRET, purpose)).toString('hex')).toBe(hex)
  })

  it('gives each purpose and each secret a key of its own', () => {
    const other = bytes('ff'.repeat(32))
    const keys = ['token:refresh', 'code:refresh', 'token:verify_email', 'device', ''].flatMap((purpose) => [
      deriveKey(SECRET, purpose),
      deriveKey(other, purpose),
    ])
    expect(new Set(keys.map((key) => Buffer.from(key).toString('hex'))).size).toBe(10)
  })

  it('caches by the bytes of the secret, so that the same bytes in another array derive the same key', () => {
    expect(deriveKey(SECRET, 'device')).toBe(deriveKey(SECRET, 'device'))
    expect(deriveKey(bytes(pinned.secretHex), 'device')).toEqual(deriveKey(SECRET, 'device'))
  })
})

describe('makeKeyedName', () => {
  const { purpose, value, name } = pinned.keyedName

  it('makes the pinned name, which tells nothing of the value', () => {
    expect(makeKeyedName(SECRET, purpose, value)).toBe(name)
    expect(name).not.toContain('ada')
  })

  it('names each value, purpose and secret differently', () => {
    const names = [
      makeKeyedName(SECRET, purpose, value),
      makeKeyedName(SECRET, purpose, `${value}x`),
      makeKeyedName(SECRET, 'other', value),
      makeKeyedName(bytes('ff'.repeat(32)), purpose, value),
    ]
    expect(new Set(names).size).toBe(4)
  })
})
