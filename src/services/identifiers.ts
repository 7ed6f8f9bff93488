import { v7 as uuidv7 } from 'uuid'
import type { SecretVersion } from '../crypto/derived-key.ts'
import { makeKeyedName } from '../crypto/keyed-name.ts'
import { parseEmailAddress } from '../domain/email-address.ts'
import type { Settings } from '../env.ts'
import type { AccountThrottle } from '../platform/login-throttle.ts'
import type { Identifier } from '../storage/accounts/accounts.ts'
import type { NewOneTimeToken } from '../storage/one-time-tokens.ts'

/** Makes an id that begins with the time (RFC 9562 UUIDv7), so that lists can be sorted and paged by it. */
export const newId = (): string => uuidv7()

const SALT_BYTES = 16

/** Makes 128 random bits that tie a derived token to its row. */
export function newSalt(): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(SALT_BYTES))).toString('base64url')
}

/** Makes a random id and a salt, for a token that nobody can guess from the time at which it was made. */
export function newOneTimeToken(nowMs: number, ttlSeconds: number): NewOneTimeToken {
  return { id: crypto.randomUUID(), salt: newSalt(), createdAt: nowMs, expiresAt: nowMs + ttlSeconds * 1000 }
}

/** Reads what a person typed to name an account. Text that is no address is looked up as a username. */
export function parseIdentifier(typed: string): Identifier {
  const email = typed.includes('@') ? parseEmailAddress(typed) : null
  return email === null ? { username: typed.trim().toLowerCase() } : { email }
}

/**
 * Finds the throttle of an account, known or not. A keyed hash of the address names it. The key comes from the secret
 * with the lowest version number, wherever in the list it stands. So adding a version and moving it to the front
 * forgets no failures, while removing the lowest version forgets all of them.
 */
export function throttleOf(
  deps: { settings: Settings; loginThrottle: (name: string) => AccountThrottle },
  identifier: Identifier,
): AccountThrottle {
  const name = 'email' in identifier ? `email:${identifier.email}` : `username:${identifier.username}`
  const numberOf = ({ version }: SecretVersion) => Number(version.slice(1))
  const oldest = deps.settings.secrets.reduce((low, other) => (numberOf(other) < numberOf(low) ? other : low))
  return deps.loginThrottle(makeKeyedName(oldest.secret, 'login-throttle', name))
}
