import { IMPORTED_HASH_MAX_KIB, IMPORTED_HASH_MAX_LENGTH, IMPORTED_HASH_MAX_MS } from '../../config.ts'
import { argon2 } from './argon2.ts'
import { bcrypt, bcryptSha256 } from './bcrypt.ts'
import { firebaseScrypt } from './firebase-scrypt.ts'
import { readImportedHash, writeImportedHash } from './imported.ts'
import { verifyOwnHash } from './own-hash.ts'
import { type HashParameters, needsHashParameters, putInParameters, referToParameters } from './parameters.ts'
import { pbkdf2 } from './pbkdf2.ts'
import type { PasswordScheme, ReadablePasswordHash } from './scheme.ts'
import { scrypt } from './scrypt.ts'

/** A scheme whose hashes can be imported, and how a text begins that claims to be one of them. */
interface ImportedScheme {
  read: PasswordScheme
  beginning: RegExp
}

/** Every scheme whose hashes can be imported. */
const SCHEMES: readonly ImportedScheme[] = [
  { read: argon2, beginning: /^(?:argon2)?\$argon2(?:id|i|d)\$/ },
  { read: bcrypt, beginning: /^(?:bcrypt\$)?\$2[aby]\$/ },
  { read: bcryptSha256, beginning: /^(?:bcrypt_sha256\$|\$bcrypt-sha256\$)/ },
  { read: firebaseScrypt, beginning: /^\$firebase-scrypt\$/ },
  { read: pbkdf2, beginning: /^(?:pbkdf2:|pbkdf2_|\$pbkdf2|\$keycloak\$pbkdf2)/ },
  { read: scrypt, beginning: /^(?:scrypt[:$]|\$scrypt\$|s2:|[0-9a-f]{32}:)/ },
]

/** The beginning of a hash that another system may have made, as in `$1$`, `sha1$` and `{SSHA}`. */
const SOME_SCHEME = /^(?:\$[\w-]+\$|[\w-]+\$|\{[\w-]+\})/

/** What an import learns of a hash: the text that is stored of it, or why the account cannot bring it along. */
export type ReadHash = { outcome: 'ok'; stored: string } | { outcome: 'malformed' } | { outcome: 'unsupported' }

/**
 * Reads a hash as the system wrote it that made it. It is `unsupported` where this service has no such scheme, or where
 * one check would exceed the limits of production, so that this is told at the import and not found out at the login. A
 * hash that needs the parameters of its project is unsupported without them. Nothing is hashed.
 */
export function readHash(text: string, parameters: HashParameters | null = null): ReadHash {
  if (text.length > IMPORTED_HASH_MAX_LENGTH) return { outcome: 'malformed' }
  if (needsHashParameters(text) && parameters === null) return { outcome: 'unsupported' }
  const toStore = needsHashParameters(text) && parameters !== null ? referToParameters(text, parameters) : text
  const toVerify = needsHashParameters(text) && parameters !== null ? putInParameters(toStore, parameters) : text
  const scheme = SCHEMES.find(({ beginning }) => beginning.test(text))
  if (scheme === undefined) return { outcome: SOME_SCHEME.test(text) ? 'unsupported' : 'malformed' }
  const hash = toVerify === null ? null : scheme.read(toVerify)
  if (hash === null || toStore === null) return { outcome: 'malformed' }
  if (!isWithinLimits(hash)) return { outcome: 'unsupported' }
  return { outcome: 'ok', stored: writeImportedHash({ costMs: hash.costMs, hash: toStore }) }
}

/** Tells whether hashes with these parameters of their project can be imported at all. */
export function checkHashParameters(parameters: HashParameters): boolean {
  const { signerKey } = parameters.firebaseScrypt
  return readHash(`$firebase-scrypt$c2FsdA==$${signerKey}`, parameters).outcome === 'ok'
}

/**
 * Tells whether the password has this stored hash. A hash that cannot be read, or that exceeds the limits, matches no
 * password. Other systems hash a password as it was typed, and this service its NFC form.
 */
export function verifyPassword(stored: string, password: string): boolean {
  const imported = readImportedHash(stored)
  if (imported === null) return verifyOwnHash(stored, password)
  const hash = SCHEMES.find(({ beginning }) => beginning.test(imported.hash))?.read(imported.hash) ?? null
  return hash !== null && isWithinLimits(hash) && hash.isHashOf(password)
}

const isWithinLimits = ({ costMs, memoryKib }: ReadablePasswordHash): boolean =>
  costMs <= IMPORTED_HASH_MAX_MS && memoryKib <= IMPORTED_HASH_MAX_KIB
