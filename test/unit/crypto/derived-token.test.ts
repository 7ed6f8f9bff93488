import { describe, expect, it } from 'vitest'
import type { Secrets } from '../../../src/crypto/derived-key.ts'
import {
  isGenuineToken,
  isRightCode,
  makeCode,
  makeToken,
  readToken,
  type TokenPurpose,
  type TokenSubject,
} from '../../../src/crypto/derived-token.ts'
import pinned from '../../vectors/derivations.json'

const V1 = { version: 'v1', secret: new Uint8Array(Buffer.from(pinned.secretHex, 'hex')) }
const V2 = { version: 'v2', secret: new Uint8Array(32).map((_, byte) => byte * 3 + 1) }
const ONLY_V1: Secrets = [V1]
const SUBJECT: TokenSubject = { purpose: 'refresh', id: pinned.id, generation: 3, salt: pinned.salt }
const PURPOSES: TokenPurpose[] = ['refresh', 'verify_email', 'reset_password', 'change_email', 'mfa_ticket']

/** Whether the service believes the token, as its services ask. */
function isBelieved(token: string, row: { purpose: TokenPurpose; salt: string } = SUBJECT, secrets = ONLY_V1): boolean {
  const claimed = readToken(token)
  return claimed !== null && isGenuineToken(secrets, claimed, row)
}

describe('makeToken', () => {
  it.each(pinned.tokens)(
    'derives for $purpose, generation $generation, what it always did',
    ({ purpose, generation, token }) => {
      const subject = { ...SUBJECT, purpose: purpose as TokenPurpose, generation }
      expect(makeToken(ONLY_V1, subject)).toBe(token)
      expect(isBelieved(token, { purpose: subject.purpose, salt: pinned.salt })).toBe(true)
    },
  )

  it('makes new ones under the newest version of the secret', () => {
    expect(makeToken([V2, V1], SUBJECT)).toMatch(/^v2\./)
  })
})

describe('a derived token (decision 1)', () => {
  const token = makeToken(ONLY_V1, SUBJECT)
  const [version = '', id = '', generation = '', mac = ''] = token.split('.')

  it('is believed as it was made', () => {
    expect(isBelieved(token)).toBe(true)
    expect(readToken(token)).toMatchObject({ version: 'v1', id: pinned.id, generation: 3 })
  })

  it('is not believed with any one bit of its MAC turned over', () => {
    const bytes = Buffer.from(mac, 'base64url')
    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      const turned = Buffer.from(bytes)
      const at = bit >> 3
      turned[at] = (turned[at] ?? 0) ^ (1 << (bit & 7))
      expect(isBelieved([version, id, generation, turned.toString('base64url')].join('.'))).toBe(false)
    }
  })

  it('is not believed with any one character of it changed', () => {
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
    ['with a capital id', [version, id.toUpperCase(), generation, mac].join('.')],
    ['with a line end', `${token}\n`],
    ['with a space before', ` ${token}`],
    ['without its version', [id, generation, mac].join('.')],
    ['with a fifth part', `${token}.x`],
    ['with a generation that begins with zero', [version, id, '03', mac].join('.')],
    ['with a generation below zero', [version, id, '-3', mac].join('.')],
    ['with a generation beyond numbers', [version, id, '9'.repeat(10), mac].join('.')],
    ['with a generation in another script', [version, id, '٣', mac].join('.')],
    ['with version zero', ['v0', id, generation, mac].join('.')],
    ['with a short id', [version, id.slice(1), generation, mac].join('.')],
  ])('has one form only: %s is none', (_, other) => {
    expect(readToken(other)).toBeNull()
  })

  it('is believed for its own purpose only', () => {
    for (const purpose of PURPOSES)
      expect(isBelieved(token, { purpose, salt: pinned.salt })).toBe(purpose === 'refresh')
  })

  it.each([
    ['a MAC in lower case', [version, id, generation, mac.toLowerCase()].join('.'), SUBJECT],
    ['another id', [version, '00000000-0000-4000-8000-000000000000', generation, mac].join('.'), SUBJECT],
    ['another generation', [version, id, '4', mac].join('.'), SUBJECT],
    ['another salt', token, { ...SUBJECT, salt: 'AAECAwQFBgcICQoLDA0ODx' }],
    ['no salt', token, { ...SUBJECT, salt: '' }],
  ])('is not believed for %s', (_, other, row) => {
    expect(isBelieved(other, row)).toBe(false)
  })

  it('cannot be split in another way: the parts of what is signed are delimited', () => {
    const shifted = makeToken(ONLY_V1, { ...SUBJECT, generation: 3, salt: `1|${pinned.salt}` })
    expect(isBelieved(shifted.replace('.3.', '.31.'))).toBe(false)
  })

  it('is believed while its version is listed, in any order, and no longer', () => {
    expect(isBelieved(token, SUBJECT, [V2, V1])).toBe(true)
    expect(isBelieved(token, SUBJECT, [V1, V2])).toBe(true)
    expect(isBelieved(token, SUBJECT, [V2])).toBe(false)
    expect(isBelieved(token, SUBJECT, [{ ...V2, version: 'v1' }])).toBe(false)
  })

  it('is not believed with the version of another secret', () => {
    expect(isBelieved(['v2', id, generation, mac].join('.'), SUBJECT, [V2, V1])).toBe(false)
  })
})

describe('makeCode', () => {
  it.each(pinned.codes)('derives for $purpose what it always did', ({ purpose, code }) => {
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
      // 400 are expected of each digit; five standard deviations are 95.
      for (const count of counts.values()) expect(Math.abs(count - 400)).toBeLessThan(95)
    }
  })

  it('tells nothing of the token of the same row, nor the other way round', () => {
    const digits =
      BigInt(`0x${readToken(makeToken(ONLY_V1, SUBJECT))?.mac.subarray(0, 16).toString('hex')}`) % 10n ** 8n
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
    // Read byte by byte, each of these characters ends like the digit it stands for.
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
