import { ARGON2_LANES, ARGON2_MEMORY_KIB, ARGON2_PASSES } from '../../config.ts'
import { isEqualInConstantTime } from '../../domain/constant-time.ts'
import { hashWithArgon2id, verifyArgon2id } from './argon2.ts'

const PARAMETERS = `$argon2id$v=19$m=${ARGON2_MEMORY_KIB},t=${ARGON2_PASSES},p=${ARGON2_LANES}$`

/**
 * This hash is verified where there is no account or no password, so that both cost the same. No password has this
 * hash.
 */
export const ABSENT_PASSWORD_HASH = `${PARAMETERS}cG9zdGVybi1uby11c2VyLg$${'A'.repeat(43)}`

const COST = { memoryCost: ARGON2_MEMORY_KIB, timeCost: ARGON2_PASSES, parallelism: ARGON2_LANES }

/**
 * Hashes with argon2id at OWASP strength and a random 128-bit salt. The result is a PHC string that names its own
 * parameters (RFC 9106).
 */
export function hashPassword(password: string): string {
  return hashWith(password, newSalt())
}

/** Hashes several secrets of one owner with one salt, so that one hash tells whether a text is any of them. */
export function hashTogether(secrets: readonly string[]): string[] {
  const salt = newSalt()
  return secrets.map((secret) => hashWith(secret, salt))
}

const FORM = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$([A-Za-z0-9+/]+)\$/

/** Finds the hash of this text among hashes that were made together. The text is hashed once for each set of them. */
export function findHashOf(text: string, hashes: readonly string[]): string | null {
  for (const [prefix, ofOneSet] of Map.groupBy(hashes, (hash) => FORM.exec(hash)?.[0] ?? '')) {
    const [, memory, passes, lanes, salt = ''] = FORM.exec(prefix) ?? []
    if (prefix === '') continue
    const cost = { memoryCost: Number(memory), timeCost: Number(passes), parallelism: Number(lanes) }
    const wanted = hashWith(text, new Uint8Array(Buffer.from(salt, 'base64')), cost)
    const found = ofOneSet.find((hash) => isEqualInConstantTime(hash, wanted))
    if (found !== undefined) return found
  }
  return null
}

const newSalt = () => crypto.getRandomValues(new Uint8Array(16))

const hashWith = (secret: string, salt: Uint8Array, cost = COST): string =>
  hashWithArgon2id(secret.normalize('NFC'), salt, cost)

/** Tells whether the password has this hash of the service itself. A hash that cannot be read matches no password. */
export const verifyOwnHash = (hash: string, password: string): boolean =>
  FORM.test(hash) && verifyArgon2id(hash, password.normalize('NFC'))

/** Tells whether the hash was made with other parameters than today's. */
export function needsRehash(hash: string): boolean {
  return !hash.startsWith(PARAMETERS)
}
