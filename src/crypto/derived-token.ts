import { createHmac, timingSafeEqual } from 'node:crypto'
import { CODE_DIGITS } from '../config.ts'
import { deriveKey, type Secrets } from './derived-key.ts'

export type TokenPurpose =
  | 'refresh'
  | 'verify_email'
  | 'reset_password'
  | 'change_email'
  | 'mfa_ticket'
  | 'oauth_exchange'

/** What a token stands for. The row keeps `id`, `salt` and `generation`; the token itself is stored nowhere. */
export interface TokenSubject {
  purpose: TokenPurpose
  id: string
  generation: number
  salt: string
}

/** A token that has the right form; nothing about it is proven yet. */
export interface ClaimedToken {
  version: string
  id: string
  generation: number
  mac: Buffer
}

/** The last character of a MAC holds four bits only: others would be second spellings of the same token. */
const FORM = /^(v[1-9][0-9]{0,5})\.([0-9a-f-]{36})\.(0|[1-9][0-9]{0,8})\.([A-Za-z0-9_-]{42}[AEIMQUYcgkosw048])$/

/** `version.id.generation.mac`: the MAC (HMAC-SHA-256, 256 bits) covers purpose, id, generation and the row's salt. */
export function makeToken(secrets: Secrets, subject: TokenSubject): string {
  const [newest] = secrets
  return `${newest.version}.${subject.id}.${subject.generation}.${mac(newest.secret, 'token', subject).toString('base64url')}`
}

/** Takes a token apart; null for anything that this service never made. */
export function readToken(token: string): ClaimedToken | null {
  const [, version, id, generation, encoded] = FORM.exec(token) ?? []
  if (version === undefined || id === undefined || encoded === undefined) return null
  return { version, id, generation: Number(generation), mac: Buffer.from(encoded, 'base64url') }
}

/** Whether the claimed token was made for this purpose and this row (constant time in the MAC). */
export function isGenuineToken(
  secrets: Secrets,
  claimed: ClaimedToken,
  row: { purpose: TokenPurpose; salt: string },
): boolean {
  const secret = secrets.find(({ version }) => version === claimed.version)?.secret
  if (!secret) return false
  const { id, generation } = claimed
  return timingSafeEqual(mac(secret, 'token', { ...row, id, generation }), claimed.mac)
}

/** The digits a person types instead of following the link. Unbiased to one part in 2^96. */
export function makeCode(secrets: Secrets, subject: TokenSubject): string {
  const [newest] = secrets
  return codeUnder(newest.secret, subject)
}

/** Whether the digits belong to this row, under any version of the secret (constant time in the digits). */
export function isRightCode(secrets: Secrets, subject: TokenSubject, code: string): boolean {
  const given = Buffer.from(code)
  if (given.length !== CODE_DIGITS) return false
  let right = false
  for (const { secret } of secrets) right = timingSafeEqual(Buffer.from(codeUnder(secret, subject)), given) || right
  return right
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
