import Argon2, { Argon2Type } from '@phi-ag/argon2'
import wasm from '@phi-ag/argon2/argon2.wasm'
import { ARGON2_MEMORY_KIB, IMPORTED_HASH_MAX_KIB } from '../../config.ts'
import { type PasswordScheme, readTag } from './scheme.ts'

let kept: Argon2 | null = null
let large: WeakRef<Argon2> | null = null

/**
 * Gives the one instance of the isolate. Hashing is synchronous, so no two hashes overlap. The memory of an instance
 * grows to what a hash needs and never shrinks. So a hash that needs more than this service's own gets another
 * instance, which takes the place of the first. Nothing keeps it, and it serves for as long as it was not collected:
 * there are never two large memories, and the large one is given back.
 */
function useInstance(memoryKib: number): Argon2 {
  const known = large?.deref()
  if (known) return known
  if (memoryKib <= ARGON2_MEMORY_KIB) {
    kept ??= new Argon2(new WebAssembly.Instance(wasm))
    return kept
  }
  kept = null
  const opened = openLarge()
  large = new WeakRef(opened)
  return opened
}

/** A hash needs so much besides the memory that its parameters name: for its texts. */
const LARGE_BYTES = (IMPORTED_HASH_MAX_KIB + 64) * 1024

/** Takes the memory of the largest hash at once, because memory that grows in steps is left with holes. */
function openLarge(): Argon2 {
  const instance = new WebAssembly.Instance(wasm)
  const argon2 = new Argon2(instance)
  const { malloc, free } = instance.exports as { malloc: (bytes: number) => number; free: (at: number) => void }
  free(malloc(LARGE_BYTES))
  return argon2
}

export interface Argon2Cost {
  memoryCost: number
  timeCost: number
  parallelism: number
}

/** Hashes with argon2id. The result is a PHC string that names its own parameters (RFC 9106). */
export function hashWithArgon2id(secret: string, salt: Uint8Array, cost: Argon2Cost): string {
  const options = { type: Argon2Type.Argon2id, ...cost, hashLength: 32, salt }
  return useInstance(cost.memoryCost).hash(toArgon2Input(secret), options).encoded
}

/** Tells whether the secret has this hash of argon2id, whose parameters this service chose itself. */
export const verifyArgon2id = (encoded: string, secret: string): boolean =>
  useInstance(ARGON2_MEMORY_KIB).tryVerify(encoded, toArgon2Input(secret), Argon2Type.Argon2id).success

/** Of one pass over one KiB. */
const MICROSECONDS = 1.6

/**
 * A PHC string of version 0x13, or of 0x10, which older libraries do not name. Django writes its own name before it.
 */
const FORM =
  /^(?:argon2)?(\$argon2(?:id|i|d)(?:\$v=(?:16|19))?\$m=(\d+),t=(\d+),p=(\d+)\$[A-Za-z0-9+/]{11,}\$([A-Za-z0-9+/]+))$/

/** Argon2 (RFC 9106) in its three types. */
export const argon2: PasswordScheme = (text) => {
  const [, encoded = '', memory, passes, lanes, tag] = FORM.exec(text) ?? []
  const [memoryKib, timeCost, parallelism] = [Number(memory), Number(passes), Number(lanes)]
  if (readTag(tag, 'base64') === null || timeCost < 1 || parallelism < 1 || memoryKib < 8 * parallelism) return null
  return {
    costMs: (memoryKib * timeCost * MICROSECONDS) / 1000,
    memoryKib,
    isHashOf: (password) => useInstance(memoryKib).tryVerify(encoded, toArgon2Input(password)).success,
  }
}

/**
 * Fills the password up, because the library (0.5.28) reads as many bytes of the UTF-8 form as the string has UTF-16
 * units. That would cut off every password that is not ASCII. Filled up to its length in bytes, the password is read as
 * a whole, and nothing else is (ASVS 6.2.8).
 */
const toArgon2Input = (password: string): string => password.padEnd(Buffer.byteLength(password), '\0')
