import { hkdfSync } from 'node:crypto'

/** One version of `AUTH_SECRET`, as in `v2`. Of a list the first makes new things, and all are accepted. */
export interface SecretVersion {
  version: string
  secret: Uint8Array
}

/** At least one version. */
export type Secrets = readonly [SecretVersion, ...SecretVersion[]]

const derived = new WeakMap<Uint8Array, Map<string, Uint8Array>>()

/**
 * A 256-bit key for one purpose from one version of `AUTH_SECRET` (HKDF-SHA-256, RFC 5869), so that no two uses share a
 * key.
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
