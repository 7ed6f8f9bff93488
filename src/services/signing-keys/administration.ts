import { SIGNING_KEY_PERIOD_SECONDS, SIGNING_KEY_PUBLISHED_MIN_SECONDS } from '../../config.ts'
import type { SigningKeyView } from '../../contracts/signing-keys.ts'
import { sealSigningKey } from '../../crypto/signing-key-seals.ts'
import { toTimestamp } from '../../domain/timestamp.ts'
import { DependencyError, Refusal } from '../../errors.ts'
import type { Reading, Recording, Signing } from '../../platform/platform.ts'
import type { Account } from '../../storage/accounts/accounts.ts'
import { byAdmin } from '../../storage/actors.ts'
import { auditStatement, whenRecorded } from '../../storage/audit.ts'
import { inOneBatch } from '../../storage/batch.ts'
import { whenAll } from '../../storage/conditions.ts'
import { whenStillPermitted } from '../../storage/roles.ts'
import { listSigningKeysStatement, promoteSigningKeyStatement, whenKeyIsOf } from '../../storage/signing-keys.ts'
import { newId } from '../identifiers.ts'
import type { ReadAsCaller } from '../sessions/reading.ts'
import { ensureSigningKeys, openOwnKeys, periodAt } from './periods.ts'
import { readKeyRing } from './signing-keys.ts'

/** Lists the keys whose tokens may still be valid, the newest first. */
export async function readSigningKeys(deps: Reading, readAsCaller: ReadAsCaller): Promise<SigningKeyView[]> {
  const current = periodAt(deps.now())
  const rows = await readAsCaller(listSigningKeysStatement(deps.db, current - 1))
  const keys = await openOwnKeys(deps, rows)
  const usable = new Set(keys.filter(({ privateJwk }) => privateJwk !== null).map(({ row }) => row.kid))
  const signing = rows.find(({ kid, period }) => usable.has(kid) && period <= current)
  const stateOf = ({ kid, period }: (typeof rows)[number]) => {
    if (!usable.has(kid)) return 'unusable'
    if (period > current) return 'next'
    return kid === signing?.kid ? 'current' : 'former'
  }
  return rows.map((row) => ({
    kid: row.kid,
    state: stateOf(row),
    createdAt: toTimestamp(row.createdAt),
    signsUntil: toTimestamp(endOf(row.period)),
    verifiesUntil: toTimestamp(endOf(row.period + 1)),
  }))
}

/**
 * Lets the next key sign from now on, and makes another next one. It was published long before, so no service that
 * verifies tokens meets a key that it does not know (docs/decisions/0004-signing-keys.md). Of several that do this at
 * once, one has an effect.
 * @throws {Refusal} `next_key_too_new` shortly after another rotation; `forbidden` for an administrator who lost the
 * permission meanwhile.
 * @throws {DependencyError} when there is no next key, and none could be stored.
 */
export async function promoteNextKey(deps: Signing & Recording, admin: Account): Promise<void> {
  const { db, requester, settings } = deps
  const period = periodAt(deps.now())
  const keys = await ensureSigningKeys(deps, period)
  const next = keys.find(({ row, privateJwk }) => row.period === period + 1 && privateJwk !== null)
  if (!next?.privateJwk) throw new DependencyError('database', new Error('there is no next signing key'))
  const { row, privateJwk } = next
  const isKnown = deps.now() - row.createdAt >= SIGNING_KEY_PUBLISHED_MIN_SECONDS * 1000
  if (!isKnown) throw new Refusal('next_key_too_new')
  const seals = JSON.stringify(await sealSigningKey(settings.secrets, { ...row, period }, privateJwk))
  const id = newId()
  const event = {
    id,
    type: 'signing_key.rotated',
    at: deps.now(),
    ...byAdmin(admin, null),
    details: { kid: row.kid },
  } as const
  const whenPermitted = whenStillPermitted({ id: admin.id, permission: 'keys:rotate' })
  const { audit, found } = await inOneBatch(db, {
    found: listSigningKeysStatement(db, period + 1),
    audit: auditStatement(db, event, requester, whenAll([whenPermitted, whenKeyIsOf(row.kid, period + 1)])),
    promoted: promoteSigningKeyStatement(db, row, { period, seals }, whenRecorded(id)),
  })
  const isStillNext = found.some(({ kid }) => kid === row.kid)
  if (audit.meta.changes === 0) throw new Refusal(isStillNext ? 'forbidden' : 'next_key_too_new')
  await readKeyRing(deps)
}

const endOf = (period: number): number => (period + 1) * SIGNING_KEY_PERIOD_SECONDS * 1000
