import Argon2, { Argon2Type } from '@phi-ag/argon2'
import wasm from '@phi-ag/argon2/argon2.wasm'
import { ARGON2_LANES, ARGON2_MEMORY_KIB, ARGON2_PASSES } from '../config.ts'

/**
 * One instance for the isolate: its memory grows to one hash's need and is used again. Hashing is synchronous, so
 * nothing overlaps.
 */
const argon2 = new Argon2(new WebAssembly.Instance(wasm))

const PARAMETERS = `$argon2id$v=19$m=${ARGON2_MEMORY_KIB},t=${ARGON2_PASSES},p=${ARGON2_LANES}$`

/** Verified where there is no account or no password, so that both cost the same. No password has this hash. */
export const ABSENT_PASSWORD_HASH = `${PARAMETERS}cG9zdGVybi1uby11c2VyLg$${'A'.repeat(43)}`

/**
 * Hashes with argon2id at OWASP strength and a random 128-bit salt; a PHC string that names its own parameters (RFC
 * 9106).
 */
export function hashPassword(password: string): string {
  return argon2.hash(toArgon2Input(password), {
    type: Argon2Type.Argon2id,
    memoryCost: ARGON2_MEMORY_KIB,
    timeCost: ARGON2_PASSES,
    parallelism: ARGON2_LANES,
    hashLength: 32,
    salt: crypto.getRandomValues(new Uint8Array(16)),
  }).encoded
}

/** Whether the password has this hash. A hash that cannot be read verifies nothing. */
export function verifyPassword(hash: string, password: string): boolean {
  return argon2.tryVerify(hash, toArgon2Input(password), Argon2Type.Argon2id).success
}

/** Whether the hash was made with other parameters than today's. */
export function needsRehash(hash: string): boolean {
  return !hash.startsWith(PARAMETERS)
}

/**
 * The password as the library must be given it. It reads as many bytes of the UTF-8 form as the string has UTF-16 units
 * (0.5.28), which would cut every password that is not ASCII: filled up to its length in bytes, all of it is read, and
 * nothing more (ASVS 6.2.8).
 */
function toArgon2Input(password: string): string {
  const normalised = password.normalize('NFC')
  return normalised.padEnd(Buffer.byteLength(normalised), '\0')
}
