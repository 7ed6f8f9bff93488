import { describe, expect, it } from 'vitest'
import { unwrapEC2Signature } from '../../../../src/services/factors/passkeys/ec2-signature.ts'
import { toDer } from '../../../support/passkey-authenticator.ts'
import { assertions } from '../../../vectors/webauthn.json'

const P256 = 1
const bytes = (hex: string) => new Uint8Array(Buffer.from(hex.replaceAll(' ', ''), 'hex'))
const unwrap = (hex: string) => Buffer.from(unwrapEC2Signature(bytes(hex), P256)).toString('hex')
const number = (digits: string) => digits.padStart(64, '0')

describe('the DER of an ECDSA signature (WebAuthn Level 3 §6.5.5, RFC 3279 §2.2.3)', () => {
  it.each([
    ['the smallest numbers', '3006 020101 020102', number('01') + number('02')],
    ['a zero', '3006 020100 020101', number('00') + number('01')],
    ['a number whose first bit is set', '3008 02020080 0202 00ff', number('80') + number('ff')],
    ['a number of 31 bytes', `3024 021f${'7f'.repeat(31)} 020101`, number('7f'.repeat(31)) + number('01')],
    ['the largest numbers', `3046 022100${'ff'.repeat(32)} 022100${'ff'.repeat(32)}`, 'ff'.repeat(64)],
  ])('reads %s', (_, der, raw) => expect(unwrap(der)).toBe(raw))

  it.each([
    ['nothing', ''],
    ['a tag alone', '30'],
    ['no numbers', '3000'],
    ['one number', '3003 020101'],
    ['three numbers', '3009 020101 020101 020101'],
    ['bytes behind the numbers', '3006 020101 020101 00'],
    ['a set instead of a sequence', '3106 020101 020101'],
    ['a string instead of a number', '3006 040101 020101'],
    ['a number without bytes', '3005 0200 020101'],
    ['a negative number', '3006 020180 020101'],
    ['a zero too many', '3007 02020001 020101'],
    ['a number that ends early', '3006 020101 020501'],
    ['a sequence that ends early', '3007 020101 020101'],
    ['a length that is longer than it has to be', '308106 020101 020101'],
    ['a length without an end', '3080 020101 020101 0000'],
    ['a number of 33 bytes', `3026 022101${'00'.repeat(32)} 020101`],
  ])('refuses %s', (_, der) => expect(() => unwrap(der)).toThrow('This is no ECDSA signature in DER.'))

  it('refuses a curve of another algorithm', () => {
    expect(() => unwrapEC2Signature(bytes('3006 020101 020101'), 2)).toThrow('This curve is not accepted.')
  })

  it.each(assertions)('reads what an authenticator signed, $name, without a change', ({ response }) => {
    const signature = new Uint8Array(Buffer.from(response.response.signature, 'base64url'))
    expect(toDer(unwrapEC2Signature(signature, P256))).toEqual(signature)
  })

  it('gives Web Crypto signatures that it verifies', async () => {
    const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
    const pair = (await crypto.subtle.generateKey(algorithm, false, ['sign', 'verify'])) as CryptoKeyPair
    for (let nth = 0; nth < 300; nth += 1) {
      const data = Uint8Array.of(nth >> 8, nth)
      const raw = new Uint8Array(await crypto.subtle.sign(algorithm, pair.privateKey, data))
      const unwrapped = unwrapEC2Signature(toDer(raw), P256)
      expect(await crypto.subtle.verify(algorithm, pair.publicKey, unwrapped, data)).toBe(true)
    }
  })
})
