import { createHmac } from 'node:crypto'
import { Secret, TOTP } from 'otpauth/bare'
import { TOTP_PERIOD_SECONDS, TOTP_SECRET_BYTES } from '../config.ts'

/** What every authenticator app knows without being told (RFC 6238 §5.2; docs/decisions/0023-authenticator-apps.md). */
const FORM = { algorithm: 'SHA1', digits: 6, period: TOTP_PERIOD_SECONDS }
/** A code of the step before or after is accepted too, for a clock that is a little off (RFC 6238 §5.2). */
const STEPS_EITHER_SIDE = 1

const hmac = (algorithm: string, key: Uint8Array, message: Uint8Array): Uint8Array =>
  createHmac(algorithm, key).update(message).digest()

/** Makes a random secret of 160 bits, in base32 as apps take it (RFC 4226 §4). */
export function makeTotpSecret(): string {
  return new Secret({ buffer: crypto.getRandomValues(new Uint8Array(TOTP_SECRET_BYTES)).buffer }).base32
}

/** Reads a secret in base32 as systems write it; null where it is none, or has fewer than 80 bits. */
export function readTotpSecret(text: string): string | null {
  const secret = text.replaceAll(/[\s=-]/g, '').toUpperCase()
  return /^[A-Z2-7]{16,256}$/.test(secret) ? secret : null
}

/**
 * Finds the time step of a code, which may be the current one or one either side of it (constant time in the code). The
 * answer is null for a code of another time, and for anything that is no code. Spaces do not matter, because apps show
 * the digits in two groups.
 */
export function findTotpStep(secret: string, typed: string, nowMs: number): number | null {
  const token = typed.replaceAll(/\s/g, '')
  if (!/^\d{6}$/.test(token)) return null
  const delta = TOTP.validate({
    ...FORM,
    token,
    secret: Secret.fromBase32(secret),
    timestamp: nowMs,
    window: STEPS_EITHER_SIDE,
    hmac,
  })
  return delta === null ? null : Math.floor(nowMs / (FORM.period * 1000)) + delta
}

/** Gives the address by which an app takes the secret, from a QR code or a link, as Google's apps defined it. */
export function toOtpauthUri({ secret, issuer, account }: { secret: string; issuer: string; account: string }): string {
  // A colon separates the issuer from the account, so neither may hold one.
  const [ownIssuer, label] = [issuer, account].map((text) => text.replaceAll(':', ' '))
  return new TOTP({ ...FORM, issuer: ownIssuer, label, secret: Secret.fromBase32(secret), hmac }).toString()
}
