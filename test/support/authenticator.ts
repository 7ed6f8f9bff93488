import { generateHOTP } from '@oslojs/otp'

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
const STEP_SECONDS = 30

/** Reads base32 (RFC 4648 §6) as an authenticator app does, by code that shares nothing with the service's. */
function readBase32(text: string): Uint8Array {
  const bits = [...text].map((character) => ALPHABET.indexOf(character).toString(2).padStart(5, '0')).join('')
  return Uint8Array.from(bits.match(/.{8}/g) ?? [], (byte) => Number.parseInt(byte, 2))
}

/**
 * Shows the code of an authenticator app. It comes from another library than the one of the service, and from this
 * isolate's clock, which a test may have moved. The service takes the current code also where its clock is a step ahead
 * by then.
 * @param steps moves the clock of the app ahead of that clock, or behind it.
 */
export function totpCode(secret: string, steps = 0): string {
  const now = Math.floor(Date.now() / 1000 / STEP_SECONDS) + steps
  return generateHOTP(readBase32(secret), BigInt(now), 6)
}
