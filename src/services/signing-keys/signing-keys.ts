import type { JWK } from 'jose'
import {
  SIGNING_KEY_CACHE_SECONDS,
  SIGNING_KEY_RELOAD_MIN_SECONDS,
  SIGNING_KEY_RELOAD_WAIT_MS,
  SIGNING_KEY_STALE_MAX_SECONDS,
} from '../../config.ts'
import { importSigningKey } from '../../crypto/signing-key.ts'
import { isRecent } from '../../domain/recency.ts'
import { DependencyError } from '../../errors.ts'
import { logError } from '../../platform/log.ts'
import type { KeyRing, Signing, SigningKey } from '../../platform/platform.ts'
import { within } from '../../within.ts'
import { ensureSigningKeys, periodAt } from './periods.ts'

/**
 * Gives the keys in use, from memory. When they are older than `maxAgeSeconds`, one request of the isolate asks the
 * database, while the others use the keys in memory. That one request also uses them when the database refuses or is
 * slow (`docs/decisions/0004-signing-keys.md`).
 */
export async function loadKeyRing(deps: Signing, maxAgeSeconds = SIGNING_KEY_CACHE_SECONDS): Promise<KeyRing> {
  const { keyRing } = deps
  const now = deps.now()
  const known = keyRing.current
  if (!known || !isRecent({ at: known.loadedAt, now }, SIGNING_KEY_STALE_MAX_SECONDS * 1000))
    return await readKeyRing(deps)
  const isFresh = isRecent({ at: known.loadedAt, now }, maxAgeSeconds * 1000)
  const wasJustTried = isRecent({ at: keyRing.triedAt, now }, SIGNING_KEY_RELOAD_MIN_SECONDS * 1000)
  if (isFresh || wasJustTried) return known
  keyRing.triedAt = now
  try {
    return await within(SIGNING_KEY_RELOAD_WAIT_MS, readKeyRing(deps))
  } catch (error) {
    logError('signing keys not reloaded', error, { ageSeconds: Math.floor((now - known.loadedAt) / 1000) })
    return known
  }
}

/** Finds the key that a token names, and asks the database once more for a key that it does not know yet. */
export async function findVerifyingKey(deps: Signing, kid: string): Promise<CryptoKey | null> {
  const key = (await loadKeyRing(deps)).verifying.get(kid)
  if (key) return key
  return (await loadKeyRing(deps, SIGNING_KEY_RELOAD_MIN_SECONDS)).verifying.get(kid) ?? null
}

/**
 * Finds the key that signs now. That is the key of this period, or of the one before where the database took no new
 * one.
 * @throws {DependencyError} when there is none.
 */
export async function findSigningKey(deps: Signing): Promise<SigningKey> {
  const key =
    newestBegun(await loadKeyRing(deps), deps.now()) ??
    newestBegun(await loadKeyRing(deps, SIGNING_KEY_RELOAD_MIN_SECONDS), deps.now())
  if (!key) throw new DependencyError('database', new Error('there is no key to sign with, and none could be stored'))
  return key
}

function newestBegun({ signing }: KeyRing, nowMs: number): SigningKey | undefined {
  return signing.find(({ period }) => period <= periodAt(nowMs))
}

/** Reads the keys from the database. */
export async function readKeyRing(deps: Signing): Promise<KeyRing> {
  const loadedAt = deps.now()
  const keys = await ensureSigningKeys(deps, periodAt(loadedAt))
  const verifying = new Map<string, CryptoKey>()
  const signing: SigningKey[] = []
  const publicJwks: JWK[] = []
  for (const { row, privateJwk } of keys) {
    const publicJwk = JSON.parse(row.publicJwk) as JWK
    publicJwks.push(publicJwk)
    verifying.set(row.kid, await importSigningKey(publicJwk))
    if (privateJwk) signing.push({ period: row.period, kid: row.kid, privateKey: await importSigningKey(privateJwk) })
  }
  const ring: KeyRing = { loadedAt, signing, verifying, publicJwks }
  // A slow answer does not replace the keys of a request that began later, unless the clock was set back since then.
  const known = deps.keyRing.current
  if (!known || known.loadedAt <= loadedAt || known.loadedAt > deps.now()) deps.keyRing.current = ring
  return ring
}
