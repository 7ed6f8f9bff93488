import { describe, expect, it } from 'vitest'
import type { Secrets } from '../../../src/crypto/derived-key.ts'
import {
  isRightCode,
  makeCode,
  makeToken,
  type TokenPurpose,
  type TokenSubject,
  verifyToken,
} from '../../../src/crypto/derived-token.ts'
import pinned from '../../vectors/derivations.json'

const V1 = { version: 'v1', secret: new Uint8Array(Buffer.from(pinned.secretHex, 'hex')) }
const V2 = { version: 'v2', secret: new Uint8Array(32).map((_, byte) => byte * 3 + 1) }
const ONLY_V1: Secrets = [V1]
const SUBJECT: TokenSubject = { purpose: 'refresh', id: pinned.id, generation: 3, salt: pinned.salt }
const PURPOSES: TokenPurpose[] = [
  'refresh',
  'verify_email',
  'reset_password',
  'change_email',
  'mfa_ticket',
  'step_up',
  'oauth_exchange',
]

const isBelieved = (token: string, secrets = ONLY_V1): boolean => verifyToken(secrets, token, 'refresh') !== null

describe('makeToken', () => {
  it.each(pinned.tokens)(
    'derives for $purpose, generation $generation, what it always did',
    ({ purpose, generation, token }) => {
      const subject = { ...SUBJECT, purpose: purpose as TokenPurpose, generation }
      expect(makeToken(ONLY_V1, subject)).toBe(token)
      expect(verifyToken(ONLY_V1, token, subject.purpose)).toEqual(subject)
    },
  )

  it('makes tokens under the first version of the list', () => {
    expect(makeToken([V2, V1], SUBJECT)).toMatch(/^v2\./)
  })

  it('makes tokens of 121 characters at most, which fit into a cookie and a link', () => {
    const longest: Secrets = [{ ...V1, version: 'v999999' }]
    expect(makeToken(longest, { ...SUBJECT, generation: 999_999_999 })).toHaveLength(121)
  })
})

describe('a derived token (docs/decisions/0002-derived-tokens.md)', () => {
  const token = makeToken(ONLY_V1, SUBJECT)
  const [version = '', id = '', generation = '', salt = '', mac = ''] = token.split('.')

  it('is verified without a database, and says what it stands for', () => {
    expect(verifyToken(ONLY_V1, token, 'refresh')).toEqual(SUBJECT)
  })

  it('is refused with any one bit of its MAC flipped', () => {
    const bytes = Buffer.from(mac, 'base64url')
    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      const turned = Buffer.from(bytes)
      const at = bit >> 3
      turned[at] = (turned[at] ?? 0) ^ (1 << (bit & 7))
      expect(isBelieved([version, id, generation, salt, turned.toString('base64url')].join('.'))).toBe(false)
    }
  })

  it('is refused with any one character changed', () => {
    for (let at = 0; at < token.length; at += 1)
      for (const character of '01afABCDEQgw-_. é\0') {
        const changed = token.slice(0, at) + character + token.slice(at + 1)
        if (changed === token) continue
        expect(isBelieved(changed), changed).toBe(false)
      }
  })

  it.each([
    ['empty', ''],
    ['cut off by one', token.slice(0, -1)],
    ['longer by one', `${token}A`],
    ['padded', `${token}=`],
    ['in capitals', token.toUpperCase()],
    ['with a capital id', [version, id.toUpperCase(), generation, salt, mac].join('.')],
    ['with a line end', `${token}\n`],
    ['with a space before', ` ${token}`],
    ['without its version', [id, generation, salt, mac].join('.')],
    ['without its salt', [version, id, generation, mac].join('.')],
    ['with a sixth part', `${token}.x`],
    ['with a generation that begins with zero', [version, id, '03', salt, mac].join('.')],
    ['with a generation below zero', [version, id, '-3', salt, mac].join('.')],
    ['with a generation beyond numbers', [version, id, '9'.repeat(10), salt, mac].join('.')],
    ['with a generation in another script', [version, id, '٣', salt, mac].join('.')],
    ['with version zero', ['v0', id, generation, salt, mac].join('.')],
    ['with a short id', [version, id.slice(1), generation, salt, mac].join('.')],
    ['with a short salt', [version, id, generation, salt.slice(1), mac].join('.')],
    ['with a second spelling of its salt', [version, id, generation, `${salt.slice(0, -1)}x`, mac].join('.')],
  ])('has one form only, and is refused as %s', (_, other) => {
    expect(verifyToken(ONLY_V1, other, 'refresh')).toBeNull()
  })

  it('is accepted for its own purpose only', () => {
    for (const purpose of PURPOSES) expect(verifyToken(ONLY_V1, token, purpose) !== null).toBe(purpose === 'refresh')
  })

  it.each([
    ['a MAC in lower case', [version, id, generation, salt, mac.toLowerCase()].join('.')],
    ['another id', [version, '00000000-0000-4000-8000-000000000000', generation, salt, mac].join('.')],
    ['another generation', [version, id, '4', salt, mac].join('.')],
    ['another salt', [version, id, generation, 'AAECAwQFBgcICQoLDA0ODg', mac].join('.')],
  ])('is refused with %s', (_, other) => {
    expect(isBelieved(other)).toBe(false)
  })

  it('is accepted while its version is listed, in any order, and no longer', () => {
    expect(isBelieved(token, [V2, V1])).toBe(true)
    expect(isBelieved(token, [V1, V2])).toBe(true)
    expect(isBelieved(token, [V2])).toBe(false)
    expect(isBelieved(token, [{ ...V2, version: 'v1' }])).toBe(false)
  })

  it('is refused with the version of another secret', () => {
    expect(isBelieved(['v2', id, generation, salt, mac].join('.'), [V2, V1])).toBe(false)
  })
})

describe('makeCode', () => {
  it.each(pinned.codes)('derives the pinned code for $purpose', ({ purpose, code }) => {
    const subject = { ...SUBJECT, purpose: purpose as TokenPurpose, generation: 0 }
    expect(makeCode(ONLY_V1, subject)).toBe(code)
    expect(isRightCode(ONLY_V1, subject, code)).toBe(true)
  })

  it('is spread over all eight digits, with zeros in front where they fall (ASVS 6.5.4)', () => {
    const codes = Array.from({ length: 4000 }, (_, generation) => makeCode(ONLY_V1, { ...SUBJECT, generation }))
    for (const code of codes) expect(code).toMatch(/^\d{8}$/)
    for (let place = 0; place < 8; place += 1) {
      const counts = new Map<string, number>()
      for (const code of codes) counts.set(code.charAt(place), (counts.get(code.charAt(place)) ?? 0) + 1)
      // Each digit is expected 400 times, and five standard deviations are 95.
      for (const count of counts.values()) expect(Math.abs(count - 400)).toBeLessThan(95)
    }
  })

  it('tells nothing of the token of the same row, and the token tells nothing of it', () => {
    const mac = Buffer.from(makeToken(ONLY_V1, SUBJECT).split('.')[4] ?? '', 'base64url')
    const digits = BigInt(`0x${mac.subarray(0, 16).toString('hex')}`) % 10n ** 8n
    expect(makeCode(ONLY_V1, SUBJECT)).not.toBe(String(digits).padStart(8, '0'))
  })
})

describe('isRightCode', () => {
  const code = makeCode(ONLY_V1, SUBJECT)

  it.each([
    ['empty', ''],
    ['cut off', code.slice(1)],
    ['longer', `${code}0`],
    ['with a space', ` ${code.slice(1)}`],
    ['in another script', [...code].map((digit) => String.fromCharCode(0x0660 + Number(digit))).join('')],
    ['full width', [...code].map((digit) => String.fromCharCode(0xff10 + Number(digit))).join('')],
    // The last byte of each of these characters is that of the digit which it replaces.
    [
      'digits of another page of Unicode',
      [...code].map((digit) => String.fromCharCode(0x0130 + Number(digit))).join(''),
    ],
  ])('refuses a code that is %s', (_, other) => {
    expect(isRightCode(ONLY_V1, SUBJECT, other)).toBe(false)
  })

  it('refuses each code with one digit changed', () => {
    for (let place = 0; place < 8; place += 1)
      for (let digit = 0; digit < 10; digit += 1) {
        const other = code.slice(0, place) + digit + code.slice(place + 1)
        expect(isRightCode(ONLY_V1, SUBJECT, other)).toBe(other === code)
      }
  })

  it('refuses the code of another purpose, id, generation or salt', () => {
    const others = [{ purpose: 'mfa_ticket' }, { id: 'x' }, { generation: 4 }, { salt: 'x' }] as const
    for (const other of others) expect(isRightCode(ONLY_V1, { ...SUBJECT, ...other }, code)).toBe(false)
  })

  it('takes the code of any version that is listed, and no longer', () => {
    expect(isRightCode([V2, V1], SUBJECT, code)).toBe(true)
    expect(isRightCode([V2], SUBJECT, code)).toBe(false)
  })
})
