import type { JWK } from 'jose'
import { SIGNING_KEY_PERIOD_SECONDS } from '../../config.ts'
import { generateSigningKey } from '../../crypto/signing-key.ts'
import {
  isOurSigningKey,
  openSigningKey,
  type SigningKeySeals,
  sealSigningKey,
} from '../../crypto/signing-key-seals.ts'
import { readStoredObject } from '../../domain/stored-object.ts'
import { logError } from '../../platform/log.ts'
import type { Reading } from '../../platform/platform.ts'
import {
  deleteSigningKeysBefore,
  insertSigningKeys,
  listSigningKeysStatement,
  resealSigningKey,
  type SigningKeyRow,
} from '../../storage/signing-keys.ts'

/**
 * A signing key that this service made. Its private part is null where no version of `AUTH_SECRET` opens it; such a key
 * still verifies tokens.
 */
interface OwnSigningKey {
  row: SigningKeyRow
  seals: SigningKeySeals
  privateJwk: JWK | null
}

/** How often a key is made anew after another isolate, which has another `AUTH_SECRET`, stored its own first. */
const MAX_ROUNDS = 3

/**
 * Tells which period a moment belongs to. Each key belongs to one period, so all isolates agree on the key that signs
 * without asking each other.
 */
export function periodAt(nowMs: number): number {
  return Math.floor(nowMs / 1000 / SIGNING_KEY_PERIOD_SECONDS)
}

/**
 * Gives the keys of this period, of the one before and of the one after, newest first. The keys of this and the next
 * period are made where they are missing or cannot be opened. So the first request of a deployment makes two keys, and
 * from then on each key is published a whole period before it signs.
 */
export async function ensureSigningKeys(deps: Reading, period: number): Promise<OwnSigningKey[]> {
  for (let round = 1; ; round += 1) {
    const rows = await listSigningKeysStatement(deps.db, period - 1)
    const keys = await openOwnKeys(deps, rows)
    const missing = [period, period + 1].filter(
      (wanted) => !keys.some(({ row, privateJwk }) => row.period === wanted && privateJwk !== null),
    )
    if (missing.length > 0 && round < MAX_ROUNDS && (await hasStoredKeys(deps, rows, missing, keys.length > 0)))
      continue
    logUnusable(rows, keys)
    return keys
  }
}

/**
 * Makes the next key in time, seals keys that are not yet sealed under every version of the secret, and deletes the
 * keys none of whose tokens is still valid. A cron calls it.
 */
export async function rotateSigningKeys(deps: Reading): Promise<void> {
  const { secrets } = deps.settings
  const period = periodAt(deps.now())
  for (const { row, seals, privateJwk } of await ensureSigningKeys(deps, period)) {
    const lacking = secrets.filter(({ version }) => seals[version] === undefined)
    if (privateJwk === null || lacking.length === 0) continue
    // Seals of versions that are not in our list stay, because a Worker that was rolled back to them still needs the
    // key.
    const added = await sealSigningKey(lacking, row, privateJwk)
    await resealSigningKey(deps.db, row, JSON.stringify({ ...seals, ...added }))
  }
  await deleteSigningKeysBefore(deps.db, period - 1)
}

/** Takes the keys that this service made, and opens their private parts. */
export async function openOwnKeys({ settings }: Reading, rows: readonly SigningKeyRow[]): Promise<OwnSigningKey[]> {
  const own = rows
    .map((row) => ({ row, seals: readStoredObject<SigningKeySeals[string]>(row.seals) }))
    .filter(({ row, seals }) => isOurSigningKey(settings.secrets, row, seals))
  return await Promise.all(
    own.map(async (key) => ({ ...key, privateJwk: await openSigningKey(settings.secrets, key.row.kid, key.seals) })),
  )
}

/**
 * Tells whether new keys could be stored. Where other keys are left, the service goes on when the database takes no
 * writes.
 */
async function hasStoredKeys(
  deps: Reading,
  rows: readonly SigningKeyRow[],
  periods: readonly number[],
  hasOthers: boolean,
): Promise<boolean> {
  try {
    await insertSigningKeys(deps.db, await Promise.all(periods.map((period) => makeKey(deps, rows, period))))
    return true
  } catch (error) {
    if (!hasOthers) throw error
    logError('no new signing key could be stored', error)
    return false
  }
}

async function makeKey(deps: Reading, rows: readonly SigningKeyRow[], period: number): Promise<SigningKeyRow> {
  const { kid, publicJwk, privateJwk } = await generateSigningKey()
  const ordinal = Math.max(-1, ...rows.filter((row) => row.period === period).map((row) => row.ordinal)) + 1
  const key = { period, kid, publicJwk: JSON.stringify(publicJwk) }
  const seals = await sealSigningKey(deps.settings.secrets, key, privateJwk)
  return { ...key, ordinal, seals: JSON.stringify(seals), createdAt: deps.now() }
}

/**
 * Logs which keys of the database are of no use here, so that an operator learns of a wrong secret, or of a key that
 * somebody else put there.
 */
function logUnusable(rows: readonly SigningKeyRow[], keys: readonly OwnSigningKey[]): void {
  for (const { kid } of rows) {
    const key = keys.find(({ row }) => row.kid === kid)
    if (!key) logError('signing key ignored', new Error('no version of AUTH_SECRET here has made it'), { kid })
    else if (key.privateJwk === null)
      logError('signing key cannot sign', new Error('no version of AUTH_SECRET here opens it'), { kid })
  }
}
