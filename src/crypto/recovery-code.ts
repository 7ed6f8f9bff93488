import { RECOVERY_CODE_LENGTH } from '../config.ts'
import { unicodePattern } from '../domain/unicode-pattern.ts'

/** Crockford's base32: digits and letters without I, L, O and U, which look like others or spell words. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const SPACES_AND_DASHES = unicodePattern(String.raw`[\s\p{Pd}]`, 'gu')
const GROUP = /.{4}(?!$)/g
const FORM = new RegExp(`^[${ALPHABET}]{${RECOVERY_CODE_LENGTH}}$`)

/** Makes a random code as a person types it, such as `7K3M-9QXT-2B4W-H5ZD` (ASVS 6.5.3, 6.5.4). */
export function makeRecoveryCode(): string {
  // 256 is a multiple of 32, so every character is as likely as any other.
  const random = crypto.getRandomValues(new Uint8Array(RECOVERY_CODE_LENGTH))
  return Array.from(random, (byte) => ALPHABET[byte % ALPHABET.length])
    .join('')
    .replace(GROUP, '$&-')
}

/**
 * Reads what somebody typed as a code, in the one form that is hashed. Case, spaces and hyphens do not matter, and
 * letters that look like a digit count as that digit. The answer is null for anything that is no code.
 */
export function readRecoveryCode(typed: string): string | null {
  const code = typed.toUpperCase().replaceAll(SPACES_AND_DASHES(), '').replaceAll('O', '0').replaceAll(/[IL]/g, '1')
  return FORM.test(code) ? code : null
}
