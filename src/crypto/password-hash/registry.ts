import { argon2 } from './argon2.ts'
import { type HashParameters, needsHashParameters, putInParameters, referToParameters } from './parameters.ts'
import type { PasswordScheme } from './scheme.ts'

/** Every way to hash passwords that can be imported. Each is a file of this folder. */
const SCHEMES: readonly PasswordScheme[] = [argon2]

/** What an import learns of a hash: the text that is stored of it, or why the account cannot bring it along. */
export type ReadHash = { outcome: 'ok'; stored: string } | { outcome: 'malformed' } | { outcome: 'unsupported' }

/**
 * Reads a hash as the system wrote it that exported it. It is `unsupported` where this service has no such scheme, or
 * where one check would exceed the limits of production: that is said at the import and not found out at the login. A
 * hash that needs parameters of its project is unsupported without them. Nothing is hashed.
 */
export function readHash(text: string, parameters: HashParameters | null = null): ReadHash {
  const stored = needsHashParameters(text) && parameters !== null ? referToParameters(text, parameters) : text
  const full = stored !== null && stored !== text && parameters !== null ? putInParameters(stored, parameters) : stored
  if (stored === null || full === null) return { outcome: 'malformed' }
  const scheme = SCHEMES.find(({ claims }) => claims(full))
  if (scheme === undefined) return { outcome: full.includes('$') ? 'unsupported' : 'malformed' }
  const hash = scheme.read(full)
  if (hash === null) return { outcome: 'malformed' }
  return hash.isWithinLimits ? { outcome: 'ok', stored } : { outcome: 'unsupported' }
}

/**
 * Tells whether the password has this hash. A hash that cannot be read, or that exceeds the limits, matches no
 * password.
 */
export function verifyPassword(hash: string, password: string): boolean {
  const read = SCHEMES.find(({ claims }) => claims(hash))?.read(hash)
  return read?.isWithinLimits === true && spellingsOf(password).some((spelling) => read.isHashOf(spelling))
}

/**
 * Lists the spellings under which a password may have been hashed. This service hashes its NFC form, and other systems
 * hash it as it was typed. They are the same for nearly every password.
 */
const spellingsOf = (password: string): readonly string[] => [...new Set([password.normalize('NFC'), password])]
