import { parseEmailAddress } from './email-address.ts'

/** The operator's invitation of an admin, of whose link only the hash of the token is known. */
export interface Invitation {
  email: string
  /** Milliseconds since the epoch. */
  expiresAt: number
  /** SHA-256 in base64url. */
  tokenHash: string
}

const FORM = /^(.+)\.(\d{10})\.([\w-]{43})$/

/** Reads `<e-mail address>.<expiry in seconds since the epoch>.<hash>`; the answer is null for anything else. */
export function parseInvitation(value: string): Invitation | null {
  const [, address = '', expiry, tokenHash] = FORM.exec(value) ?? []
  const email = parseEmailAddress(address)
  return email === null || tokenHash === undefined ? null : { email, expiresAt: Number(expiry) * 1000, tokenHash }
}
