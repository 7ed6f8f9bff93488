import type { JWK } from 'jose'
import { SIGNING_KEY_PERIOD_SECONDS } from '../../config.ts'
import { generateSigningKey } from '../../crypto/signing-key.ts'
import {
  isOurSigningKey,
  openSigningKey,
  readSeals,
  type SigningKeySeals,
  sealSigningKey,
} from '../../crypto/signing-key-seals.ts'
import { logError } from '../../platform/log.ts'
import type { Reading } from '../../platform/platform.ts'
import {
  deleteSigningKeysBefore,
  insertSigningKeys,
  listSigningKeys,
  resealSigningKey,
  type SigningKeyRow,
} from '../../storage/signing-keys.ts'

/**
 * A key that is ours. Its private part is null where no version of our `AUTH_SECRET` opens it: it verifies all the
 * same.
 */
interface OwnSigningKey {
  row: SigningKeyRow
  seals: SigningKeySeals
  privateJwk: JWK | null
}

/** How often a key is made anew after another isolate, which has another `AUTH_SECRET`, was first. */
const MAX_ROUNDS = 3

/** Every isolate agrees on which key signs without asking, because each belongs to a stretch of time. */
export function periodAt(nowMs: number): number {
  return Math.floor(nowMs / 1000 / SIGNING_KEY_PERIOD_SECONDS)
}

/**
 * The keys of the period, the one before and the one after, newest first. Those of this and the next period that are
 * missing, or that we cannot open, are made: the first request of a deployment makes two, and from then on a key is
 * published a whole period ahead.
 */
export async function ensureSigningKeys(deps: Reading, period: number): Promise<OwnSigningKey[]> {
  for (let round = 1; ; round += 1) {
    const rows = await listSigningKeys(deps.db, period - 1)
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
 * Makes the next key in time, seals the keys that lack a version of our secret, and deletes those that signed no token
 * which is still valid. A cron calls it.
 */
export async function rotateSigningKeys(deps: Reading): Promise<void> {
  const { secrets } = deps.settings
  const period = periodAt(deps.now())
  for (const { row, seals, privateJwk } of await ensureSigningKeys(deps, period)) {
    const lacking = secrets.filter(({ version }) => seals[version] === undefined)
    if (privateJwk === null || lacking.length === 0) continue
    // Seals of versions that are not ours stay: a Worker that was rolled back to them still needs the key.
    const added = await sealSigningKey(lacking, row, privateJwk)
    await resealSigningKey(deps.db, row, JSON.stringify({ ...seals, ...added }))
  }
  await deleteSigningKeysBefore(deps.db, period - 1)
}

async function openOwnKeys({ settings }: Reading, rows: readonly SigningKeyRow[]): Promise<OwnSigningKey[]> {
  const own = rows
    .map((row) => ({ row, seals: readSeals(row.seals) }))
    .filter(({ row, seals }) => isOurSigningKey(settings.secrets, row, seals))
  return await Promise.all(
    own.map(async (key) => ({ ...key, privateJwk: await openSigningKey(settings.secrets, key.row.kid, key.seals) })),
  )
}

/**
 * Whether new keys could be stored. A database that takes no writes is no reason to stop while there are other keys.
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
 * Says which keys of the database are of no use here, so that an operator learns of a wrong secret or of somebody's own
 * key.
 */
function logUnusable(rows: readonly SigningKeyRow[], keys: readonly OwnSigningKey[]): void {
  for (const { kid } of rows) {
    const key = keys.find(({ row }) => row.kid === kid)
    if (!key) logError('signing key ignored', new Error('no version of AUTH_SECRET here has made it'), { kid })
    else if (key.privateJwk === null)
      logError('signing key cannot sign', new Error('no version of AUTH_SECRET here opens it'), { kid })
  }
}
