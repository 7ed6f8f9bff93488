const SEQUENCE = 0x30
const INTEGER = 0x02
/** The identifier of the curve of ES256 (RFC 9053 §7.1), the one curve that is accepted here (`webauthn.ts`). */
const P256 = 1
const NUMBER_BYTES = 32

/**
 * Takes an ECDSA signature out of the DER that authenticators wrap it in (WebAuthn Level 3 §6.5.5, RFC 3279 §2.2.3), as
 * Web Crypto wants it: both numbers in 32 bytes. In the bundle it replaces the function of SimpleWebAuthn, by `alias`
 * in `wrangler.toml`, because that one brings a parser of any ASN.1 (docs/decisions/0019-bundle.md). Web Crypto then
 * verifies what this gives, so a mistake here can refuse a login and cannot allow one.
 * @throws {Error} where it is not two numbers of this curve in DER.
 */
export function unwrapEC2Signature(signature: Uint8Array, curve: number): Uint8Array {
  if (curve !== P256) throw new Error('This curve is not accepted.')
  const sequence = read(signature, SEQUENCE)
  const r = read(sequence.value, INTEGER)
  const s = read(r.rest, INTEGER)
  if (sequence.rest.length > 0 || s.rest.length > 0) throw malformed()
  const unwrapped = new Uint8Array(2 * NUMBER_BYTES)
  for (const [nth, number] of [toUnsigned(r.value), toUnsigned(s.value)].entries())
    unwrapped.set(number, (nth + 1) * NUMBER_BYTES - number.length)
  return unwrapped
}

/** Reads an element with this tag, and what follows it. Every length here is one byte (X.690 §8.1.3.4). */
function read([tag, length = 0x80, ...bytes]: Uint8Array, expected: number): { value: Uint8Array; rest: Uint8Array } {
  if (tag !== expected || length > bytes.length) throw malformed()
  return { value: Uint8Array.from(bytes.slice(0, length)), rest: Uint8Array.from(bytes.slice(length)) }
}

/** Takes away the zero that tells that a number is positive. There is no other zero before a number (X.690 §8.3.2). */
function toUnsigned(number: Uint8Array): Uint8Array {
  const [first = 0x80, second = 0] = number
  const hasSign = first === 0 && number.length > 1
  if (first >= 0x80 || (hasSign && second < 0x80)) throw malformed()
  const digits = hasSign ? number.subarray(1) : number
  if (digits.length > NUMBER_BYTES) throw malformed()
  return digits
}

const malformed = () => new Error('This is no ECDSA signature in DER.')
