import { createHash } from 'node:crypto'
import { isEqualInConstantTime } from '../domain/constant-time.ts'

const SECRET_BYTES = 32

/** Makes 256 random bits as 43 characters, for a state, a nonce, or a code verifier (RFC 7636 §4.1). */
export function makeRandomSecret(): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(SECRET_BYTES))).toString('base64url')
}

/** Makes the S256 challenge of a verifier (RFC 7636 §4.2), which is its SHA-256 hash in base64url. */
export function toChallenge(verifier: string): string {
  return createHash('sha256').update(verifier).digest('base64url')
}

/** Tells whether the challenge was made of this verifier (constant time in the challenge). */
export function isVerifierOf(challenge: string, verifier: string): boolean {
  return isEqualInConstantTime(toChallenge(verifier), challenge)
}
