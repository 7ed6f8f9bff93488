import { createHmac } from 'node:crypto'
import { Secret, TOTP } from 'otpauth/bare'
import { describe, expect, it } from 'vitest'
import { findTotpStep, makeTotpSecret, toOtpauthUri } from '../../../src/crypto/totp.ts'
import { totpCode } from '../../support/authenticator.ts'
import rfc6238 from '../../vectors/rfc6238.json'

const { seeds, vectors, hotp } = rfc6238
const seedOf = (text: string) => Secret.fromUTF8(text)
const SHA1_SECRET = seedOf(seeds.SHA1).base32
const STEP_MS = 30_000

describe('the library for one-time passwords', () => {
  it.each(vectors)('makes $totp at $seconds with $algorithm (RFC 6238 Appendix B)', ({ seconds, algorithm, totp }) => {
    const secret = seedOf(seeds[algorithm as keyof typeof seeds])
    const hmac = (name: string, key: Uint8Array, message: Uint8Array) => createHmac(name, key).update(message).digest()
    expect(TOTP.generate({ secret, algorithm, digits: 8, period: 30, timestamp: seconds * 1000, hmac })).toBe(totp)
  })
})

describe('findTotpStep', () => {
  it.each(vectors.filter(({ algorithm }) => algorithm === 'SHA1'))(
    'takes the last six digits of $totp at $seconds (RFC 6238 Appendix B)',
    ({ seconds, totp }) => {
      expect(findTotpStep(SHA1_SECRET, totp.slice(2), seconds * 1000)).toBe(Math.floor(seconds / 30))
    },
  )

  it('takes the code of a step, and of one step either side, and names the step (RFC 4226 Appendix D, RFC 6238 §5.2)', () => {
    for (const [step, code] of hotp.values.entries())
      for (const off of [-2, -1, 0, 1, 2].filter((steps) => step + steps >= 0)) {
        const found = findTotpStep(SHA1_SECRET, code, (step + off) * STEP_MS + STEP_MS / 2)
        expect(found, `code of ${step}, ${off} steps later`).toBe(Math.abs(off) <= 1 ? step : null)
      }
  })

  it('takes the code as apps show it, in two groups, and nothing else than six digits', () => {
    const [, code = ''] = hotp.values
    const at = STEP_MS
    expect(findTotpStep(SHA1_SECRET, ` ${code.slice(0, 3)} ${code.slice(3)} `, at)).toBe(1)
    for (const typed of ['', code.slice(1), `${code}0`, `0${code}`, `+${code.slice(1)}`, 'abcdef', '٢٨٧٠٨٢', '1e5'])
      expect(findTotpStep(SHA1_SECRET, typed, at), typed).toBeNull()
  })

  it('takes what another implementation makes of the same secret', () => {
    for (let round = 0; round < 20; round += 1) {
      const secret = makeTotpSecret()
      const now = Date.now()
      expect(findTotpStep(secret, totpCode(secret), now)).toBeGreaterThanOrEqual(Math.floor(now / STEP_MS))
      expect(findTotpStep(makeTotpSecret(), totpCode(secret), now)).toBeNull()
    }
  })
})

describe('makeTotpSecret', () => {
  it('makes 160 random bits in base32, without padding (RFC 4226 §4, ASVS 6.5.3)', () => {
    const secrets = Array.from({ length: 100 }, makeTotpSecret)
    for (const secret of secrets) expect(secret).toMatch(/^[A-Z2-7]{32}$/)
    expect(new Set(secrets).size).toBe(100)
  })
})

describe('toOtpauthUri', () => {
  it('names the product, the account and everything that the app has to know', () => {
    const uri = new URL(toOtpauthUri({ secret: SHA1_SECRET, issuer: 'Ada & Co', account: 'a+b?@example.com' }))
    expect(uri.protocol).toBe('otpauth:')
    expect(uri.href).toMatch(/^otpauth:\/\/totp\/Ada%20%26%20Co:a%2Bb%3F%40example\.com\?/)
    expect(Object.fromEntries(uri.searchParams)).toEqual({
      issuer: 'Ada & Co',
      secret: SHA1_SECRET,
      algorithm: 'SHA1',
      digits: '6',
      period: '30',
    })
  })

  it('lets no colon of a name stand for the one between issuer and account', () => {
    const uri = toOtpauthUri({ secret: SHA1_SECRET, issuer: 'Ada: Co', account: 'x:y@example.com' })
    expect(decodeURIComponent(new URL(uri).pathname)).toMatch(/Ada {2}Co:x y@example\.com$/)
  })
})
