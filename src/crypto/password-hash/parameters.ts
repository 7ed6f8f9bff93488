import { createHash } from 'node:crypto'

/** What the hashes of a whole project share and none of them states: the parameters that Firebase's console shows. */
export interface HashParameters {
  firebaseScrypt: {
    /** In base64. Without it nobody can verify the hashes, nor guess at them. */
    signerKey: string
    /** In base64. */
    saltSeparator: string
    rounds: number
    /** The binary logarithm of N. */
    memCost: number
  }
}

const PREFIX = '$firebase-scrypt$'
const BASE64 = '(?:[A-Za-z0-9+/]+={0,2})'
const AS_EXPORTED = new RegExp(`^\\$firebase-scrypt(\\$${BASE64}\\$${BASE64})$`)
const REFERENCE = new RegExp(`^\\$firebase-scrypt\\$([\\w-]{22})(\\$${BASE64}\\$${BASE64})$`)

/**
 * Names parameters by 128 bits of their digest, so that they have one name however often they are imported. It tells
 * nothing of the signer key, which is 512 random bits.
 */
export function nameHashParameters({ firebaseScrypt }: HashParameters): string {
  const { signerKey, saltSeparator, rounds, memCost } = firebaseScrypt
  const digest = createHash('sha256')
    .update(JSON.stringify([signerKey, saltSeparator, rounds, memCost]))
    .digest()
  return digest.subarray(0, 16).toString('base64url')
}

/** Tells whether a hash can only be verified together with parameters of its project. */
export const needsHashParameters = (text: string): boolean => text.startsWith(PREFIX)

/** Gives the form of a hash that refers to its parameters by name; null where it is malformed. */
export function referToParameters(exported: string, parameters: HashParameters): string | null {
  const [, saltAndHash] = AS_EXPORTED.exec(exported) ?? []
  return saltAndHash === undefined ? null : `${PREFIX}${nameHashParameters(parameters)}${saltAndHash}`
}

/**
 * Puts the parameters in the place of their name. The hash is verified in this form, which is never stored. The answer
 * is null for any other hash.
 */
export function putInParameters(reference: string | null, { firebaseScrypt }: HashParameters): string | null {
  const [, , saltAndHash] = REFERENCE.exec(reference ?? '') ?? []
  const { signerKey, saltSeparator, rounds, memCost } = firebaseScrypt
  return saltAndHash === undefined
    ? null
    : `${PREFIX}ln=${memCost},r=${rounds},sep=${saltSeparator},key=${signerKey}${saltAndHash}`
}
