import { createHmac } from 'node:crypto'
import { CODE_DIGITS } from '../config.ts'
import { isEqualInConstantTime } from '../domain/constant-time.ts'
import { deriveKey, type Secrets } from './derived-key.ts'

export type TokenPurpose =
  | 'refresh'
  | 'verify_email'
  | 'reset_password'
  | 'change_email'
  | 'mfa_ticket'
  | 'not_me'
  | 'keep_factors'
  | 'step_up'
  | 'oauth_exchange'
  | 'passkey_registration'
  | 'passkey_login'
  | 'passkey_second_factor'
  | 'passkey_step_up'

/**
 * The values that a token is derived from. The row keeps `id`, `salt` and `generation`; the token itself is not stored.
 */
export interface TokenSubject {
  purpose: TokenPurpose
  id: string
  generation: number
  salt: string
}

/**
 * A token reads `version.id.generation.salt.mac`. The last character of a MAC holds four bits and that of a salt two.
 * Any other last character would be a second spelling of the same token, so it is refused.
 */
const FORM =
  /^(v[1-9][0-9]{0,5})\.([0-9a-f-]{36})\.(0|[1-9][0-9]{0,8})\.([A-Za-z0-9_-]{21}[AQgw])\.([A-Za-z0-9_-]{42}[AEIMQUYcgkosw048])$/

/**
 * Makes a token. The MAC (HMAC-SHA-256, 256 bits) covers purpose, id, generation and salt. A token has at most 121
 * characters.
 */
export function makeToken(secrets: Secrets, subject: TokenSubject): string {
  const [newest] = secrets
  const { id, generation, salt } = subject
  return `${newest.version}.${id}.${generation}.${salt}.${mac(newest.secret, 'token', subject).toString('base64url')}`
}

/**
 * Reads what a token of this purpose stands for; the answer is null for anything that this service never made (constant
 * time in the MAC). It asks no database. The caller must check that the row still has the same salt, because a row that
 * was made anew under the same id has another salt.
 */
export function verifyToken(secrets: Secrets, token: string, purpose: TokenPurpose): TokenSubject | null {
  const [, version, id, generation, salt, encoded] = FORM.exec(token) ?? []
  const secret = secrets.find((known) => known.version === version)?.secret
  if (!secret || id === undefined || salt === undefined || encoded === undefined) return null
  const subject = { purpose, id, generation: Number(generation), salt }
  return isEqualInConstantTime(Buffer.from(encoded, 'base64url'), mac(secret, 'token', subject)) ? subject : null
}

/** Makes the digits that a person types instead of following the link. They are unbiased to one part in 2^96. */
export function makeCode(secrets: Secrets, subject: TokenSubject): string {
  const [newest] = secrets
  return codeUnder(newest.secret, subject)
}

/** Tells whether the digits belong to this row, under any version of the secret (constant time in the digits). */
export function isRightCode(secrets: Secrets, subject: TokenSubject, code: string): boolean {
  return secrets.map(({ secret }) => isEqualInConstantTime(code, codeUnder(secret, subject))).includes(true)
}

function codeUnder(secret: Uint8Array, subject: TokenSubject): string {
  const number = BigInt(`0x${mac(secret, 'code', subject).subarray(0, 16).toString('hex')}`)
  return (number % 10n ** BigInt(CODE_DIGITS)).toString().padStart(CODE_DIGITS, '0')
}

function mac(secret: Uint8Array, form: 'token' | 'code', { purpose, id, generation, salt }: TokenSubject): Buffer {
  return createHmac('sha256', deriveKey(secret, `${form}:${purpose}`))
    .update(`${id}|${generation}|${salt}`)
    .digest()
}
