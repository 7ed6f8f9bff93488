import Argon2, { Argon2Type } from '@phi-ag/argon2'
import wasm from '@phi-ag/argon2/argon2.wasm'
import { ARGON2_LANES, ARGON2_MEMORY_KIB, ARGON2_PASSES } from '../config.ts'
import { isEqualInConstantTime } from '../domain/constant-time.ts'

/**
 * The isolate uses one instance. Its memory grows to what one hash needs and is used again. Hashing is synchronous, so
 * no two hashes overlap.
 */
const argon2 = new Argon2(new WebAssembly.Instance(wasm))

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
  return hashWith(password, newSalt(), COST)
}

/** Hashes several secrets of one owner with one salt, so that one hash tells whether a text is any of them. */
export function hashTogether(secrets: readonly string[]): string[] {
  const salt = newSalt()
  return secrets.map((secret) => hashWith(secret, salt, COST))
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

function hashWith(secret: string, salt: Uint8Array, cost: typeof COST): string {
  return argon2.hash(toArgon2Input(secret), { type: Argon2Type.Argon2id, ...cost, hashLength: 32, salt }).encoded
}

/** Tells whether the password has this hash. A hash that cannot be read matches no password. */
export function verifyPassword(hash: string, password: string): boolean {
  return argon2.tryVerify(hash, toArgon2Input(password), Argon2Type.Argon2id).success
}

/** Tells whether the hash was made with other parameters than today's. */
export function needsRehash(hash: string): boolean {
  return !hash.startsWith(PARAMETERS)
}

/**
 * Fills the password up, because the library (0.5.28) reads as many bytes of the UTF-8 form as the string has UTF-16
 * units. That would cut off every password that is not ASCII. Filled up to its length in bytes, the password is read as
 * a whole, and nothing else is (ASVS 6.2.8).
 */
function toArgon2Input(password: string): string {
  const normalised = password.normalize('NFC')
  return normalised.padEnd(Buffer.byteLength(normalised), '\0')
}
