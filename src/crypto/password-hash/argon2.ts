import Argon2, { Argon2Type } from '@phi-ag/argon2'
import wasm from '@phi-ag/argon2/argon2.wasm'
import type { PasswordScheme } from './scheme.ts'

let instance: Argon2 | null = null

/**
 * Gives the one instance of the isolate. Its memory grows to what one hash needs and is used again. Hashing is
 * synchronous, so no two hashes overlap.
 */
function useInstance(): Argon2 {
  instance ??= new Argon2(new WebAssembly.Instance(wasm))
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
  return useInstance().hash(toArgon2Input(secret), options).encoded
}

const FORM = /^\$argon2id\$v=19\$m=\d+,t=\d+,p=\d+\$[A-Za-z0-9+/]+\$[A-Za-z0-9+/]+$/

export const argon2: PasswordScheme = {
  claims: (text) => text.startsWith('$argon2id$'),
  read: (text) =>
    FORM.test(text)
      ? {
          isWithinLimits: true,
          isHashOf: (password) => useInstance().tryVerify(text, toArgon2Input(password), Argon2Type.Argon2id).success,
        }
      : null,
}

/**
 * Fills the password up, because the library (0.5.28) reads as many bytes of the UTF-8 form as the string has UTF-16
 * units. That would cut off every password that is not ASCII. Filled up to its length in bytes, the password is read as
 * a whole, and nothing else is (ASVS 6.2.8).
 */
const toArgon2Input = (password: string): string => password.padEnd(Buffer.byteLength(password), '\0')
