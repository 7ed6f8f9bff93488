import { hkdfSync } from 'node:crypto'

/**
 * One version of `AUTH_SECRET`, named as in `v2`. The first version of a list makes new things, and all of them are
 * accepted.
 */
export interface SecretVersion {
  version: string
  secret: Uint8Array
}

/** A list of versions that is never empty. */
export type Secrets = readonly [SecretVersion, ...SecretVersion[]]

const derived = new WeakMap<Uint8Array, Map<string, Uint8Array>>()

/**
 * Derives a 256-bit key for one purpose from one version of `AUTH_SECRET` (HKDF-SHA-256, RFC 5869), so that no two uses
 * share a key.
 */
export function deriveKey(secret: Uint8Array, purpose: string): Uint8Array {
  const keys = derived.get(secret) ?? new Map<string, Uint8Array>()
  derived.set(secret, keys)
  const known = keys.get(purpose)
  if (known) return known
  const key = new Uint8Array(hkdfSync('sha256', secret, 'postern', purpose, 32))
  keys.set(purpose, key)
  return key
}
