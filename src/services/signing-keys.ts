import { SIGNING_KEY_CACHE_SECONDS, SIGNING_KEY_PERIOD_SECONDS, SIGNING_KEY_RELOAD_MIN_SECONDS } from '../config.ts'
import { seal, unseal } from '../crypto/sealed.ts'
import { generateSigningKey, importSigningKey } from '../crypto/signing-key.ts'
import type { KeyRing, Platform } from '../platform/compose.ts'
import { logError } from '../platform/log.ts'
import {
  deleteSigningKeysBefore,
  insertSigningKeys,
  listSigningKeys,
  resealSigningKey,
  type SigningKeyRow,
} from '../storage/signing-keys.ts'

type Needs = Pick<Platform, 'db' | 'now' | 'settings' | 'keyRing'>

const SEAL_PURPOSE = 'signing-key'

/**
 * The keys in use: previous, current and next (decision 7). Each belongs to a period of time, so every isolate agrees on which one
 * signs without asking. The first request of a deployment makes them; from then on a key is published a whole period ahead.
 */
export async function loadKeyRing(deps: Needs, maxAgeSeconds = SIGNING_KEY_CACHE_SECONDS): Promise<KeyRing> {
  const now = deps.now()
  const period = periodAt(now)
  const known = deps.keyRing.current
  if (known && known.period === period && now - known.loadedAt < maxAgeSeconds * 1000) return known
  const rows = await ensureKeys(deps, period)
  const verifying = new Map<string, CryptoKey>()
  for (const row of rows) verifying.set(row.kid, await importSigningKey(row.publicJwk))
  const current = rows.find((row) => row.period === period)
  const next = rows.find((row) => row.period === period + 1)
  // The next key is opened only to be sealed anew while the old version of the secret is still there.
  const [privateKey] = await Promise.all([current, next].map((row) => row && openPrivateKey(deps, row)))
  if (!current || !privateKey)
    throw new Error(`the signing key of period ${period} is missing, or sealed under a version not in AUTH_SECRET`)
  const ring: KeyRing = {
    period,
    loadedAt: now,
    signing: { kid: current.kid, privateKey },
    verifying,
    publicJwks: rows.map((row) => row.publicJwk),
  }
  deps.keyRing.current = ring
  return ring
}

/** The key that a token names; asks the database once more for one it does not know yet. */
export async function findVerifyingKey(deps: Needs, kid: string): Promise<CryptoKey | null> {
  const key = (await loadKeyRing(deps)).verifying.get(kid)
  if (key) return key
  return (await loadKeyRing(deps, SIGNING_KEY_RELOAD_MIN_SECONDS)).verifying.get(kid) ?? null
}

/** Makes the next key in time and forgets those that no living token was signed with. A cron calls it daily. */
export async function rotateSigningKeys(deps: Needs): Promise<void> {
  const period = periodAt(deps.now())
  await ensureKeys(deps, period)
  await deleteSigningKeysBefore(deps.db, period - 1)
}

async function ensureKeys(deps: Needs, period: number): Promise<SigningKeyRow[]> {
  const rows = await listSigningKeys(deps.db, period - 1)
  const missing = [period, period + 1].filter((wanted) => !rows.some((row) => row.period === wanted))
  if (missing.length === 0) return rows
  await insertSigningKeys(deps.db, await Promise.all(missing.map((wanted) => makeKey(deps, wanted))))
  return await listSigningKeys(deps.db, period - 1)
}

async function makeKey(deps: Needs, period: number): Promise<SigningKeyRow> {
  const { kid, publicJwk, privateJwk } = await generateSigningKey()
  const sealedPrivateJwk = await seal(deps.settings.secrets, SEAL_PURPOSE, JSON.stringify(privateJwk))
  return { period, kid, publicJwk, sealedPrivateJwk, createdAt: deps.now() }
}

/** Opens a private key, and seals it anew when `AUTH_SECRET` has a newer version, so that the old one can go. */
async function openPrivateKey(deps: Needs, row: SigningKeyRow): Promise<CryptoKey | null> {
  const opened = await unseal(deps.settings.secrets, SEAL_PURPOSE, row.sealedPrivateJwk)
  if (!opened) return null
  if (!opened.isCurrent) {
    const sealed = await seal(deps.settings.secrets, SEAL_PURPOSE, opened.plaintext)
    await resealSigningKey(deps.db, row.kid, row.sealedPrivateJwk, sealed).catch((error: unknown) =>
      logError('signing key not resealed', error, { kid: row.kid }),
    )
  }
  return await importSigningKey(JSON.parse(opened.plaintext))
}

function periodAt(nowMs: number): number {
  return Math.floor(nowMs / 1000 / SIGNING_KEY_PERIOD_SECONDS)
}
