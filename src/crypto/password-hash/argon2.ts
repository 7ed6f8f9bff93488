import Argon2, { Argon2Type } from '@phi-ag/argon2'
import wasm from '@phi-ag/argon2/argon2.wasm'
import { ARGON2_MEMORY_KIB } from '../../config.ts'
import { type PasswordScheme, readTag } from './scheme.ts'

let kept: Argon2 | null = null
let grown: WeakRef<Argon2> | null = null

/**
 * Gives the one instance of the isolate. Hashing is synchronous, so no two hashes overlap. Its memory grows to what a
 * hash needs and never shrinks. Once it has grown beyond what this service's own hashes need, it is no longer kept, but
 * used again for as long as it was not collected. So there are never two large memories, and the large one is given
 * back.
 */
function useInstance(memoryKib: number): Argon2 {
  const instance = kept ?? grown?.deref() ?? new Argon2(new WebAssembly.Instance(wasm))
  if (memoryKib > ARGON2_MEMORY_KIB) {
    kept = null
    grown = new WeakRef(instance)
  } else if (instance !== grown?.deref()) kept = instance
  return instance
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

/** A PHC string of version 0x13, or of 0x10, which older libraries do not name. Django writes its own name before it. */
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
