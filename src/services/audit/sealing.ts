import { AUDIT_SEAL_MAX_EVENTS, AUDIT_SEALS_PER_RUN, AUDIT_TRIM_MAX_EVENTS } from '../../config.ts'
import { digestEvent, hashSeal, judgeSeal, NO_HASH, vouchFor } from '../../crypto/audit-chain.ts'
import { DAY_MS } from '../../domain/day.ts'
import { readStoredObject } from '../../domain/stored-object.ts'
import { logWarning } from '../../platform/log.ts'
import type { Reading } from '../../platform/platform.ts'
import {
  type AuditSeal,
  deleteSealedStatements,
  insertSealStatement,
  listSealsFromBefore,
  readUnsealed,
  type StoredEvent,
} from '../../storage/audit-seals.ts'
import { inOneBatch, type NamedStatements } from '../../storage/batch.ts'
import { isUniqueViolation } from '../../storage/database.ts'
import type { AuditFollower, AuditRow } from './follower.ts'
import { AUDIT_FOLLOWERS } from './followers.ts'

type SealColumns = Omit<AuditSeal, 'digests'>

/**
 * Seals what was added to the audit trail since the last seal, hands it to all followers, and removes what is older
 * than `AUDIT_RETENTION_DAYS`. It makes some seals at most; the rest waits for the next run
 * (docs/decisions/0025-audit-chain.md).
 */
export async function followAuditTrail(deps: Reading, followers = AUDIT_FOLLOWERS): Promise<void> {
  for (let seals = 0; seals < AUDIT_SEALS_PER_RUN; seals += 1) if (!(await sealSome(deps, followers))) return
}

/** Makes the next seal, where there is a reason for one. @returns whether more events wait. */
async function sealSome(deps: Reading, followers: readonly AuditFollower[]): Promise<boolean> {
  const { oldest, newest, events } = await readUnsealed(deps.db, AUDIT_SEAL_MAX_EVENTS)
  const sealed = untilGap(events)
  const removed = await findOutdated(deps, oldest)
  const isUnderOldKey = newest !== null && newest.keyVersion !== deps.settings.secrets[0].version
  if (sealed.length === 0 && removed === null && !isUnderOldKey) return false
  warnOfDoubt(deps, newest)
  const seal = makeSeal(deps, { newest, events: sealed, removedUpTo: removed?.number ?? newest?.removedUpTo ?? 0 })
  try {
    await inOneBatch(deps.db, {
      seal: insertSealStatement(deps.db, seal),
      removed: removed && deleteSealedStatements(deps.db, removed),
      ...noteBy(followers, deps, sealed.map(toRow)),
    })
  } catch (error) {
    if (isUniqueViolation(error, 'audit_seals.number')) return false
    throw error
  }
  return events.length === AUDIT_SEAL_MAX_EVENTS || sealed.length < events.length
}

/** Gives the statements of each follower under its name, where there are events. */
const noteBy = (followers: readonly AuditFollower[], deps: Reading, events: readonly AuditRow[]): NamedStatements =>
  Object.fromEntries(
    (events.length === 0 ? [] : followers).map((follower) => [
      follower.name,
      Object.values(follower.statements(deps, events)).flatMap((step) => step ?? []),
    ]),
  )

/**
 * Tells the operator that the chain goes on from a seal that was not made with our secret. That is right after
 * `npm run rotate -- auth-secret`, and otherwise somebody else has written to the database.
 */
function warnOfDoubt({ settings }: Reading, newest: SealColumns | null): void {
  const standing = newest === null ? 'genuine' : judgeSeal(settings.secrets, newest)
  if (standing !== 'genuine') logWarning(settings, 'audit seal not vouched for', { number: newest?.number, standing })
}

/** Takes the events that follow each other without a gap. A gap ends a seal, and so shows between two seals. */
const untilGap = (events: readonly StoredEvent[]): readonly StoredEvent[] => {
  const gap = events.findIndex(({ sequence }, index) => sequence !== (events[0]?.sequence ?? 0) + index)
  return gap < 0 ? events : events.slice(0, gap)
}

/**
 * Finds the last of the seals that retention removes now. Some of the oldest go at a time, as many as have enough
 * events.
 */
async function findOutdated({ db, now, settings }: Reading, oldest: SealColumns | null) {
  const before = now() - settings.auditRetentionDays * DAY_MS
  if (oldest === null || oldest.newestAt >= before) return null
  const outdated = await listSealsFromBefore(db, before, { from: oldest.number, atMost: AUDIT_TRIM_MAX_EVENTS })
  const enough = outdated.findIndex(({ lastSequence }) => lastSequence - oldest.firstSequence >= AUDIT_TRIM_MAX_EVENTS)
  const last = enough < 0 ? outdated.at(-1) : outdated[Math.max(enough - 1, 0)]
  // A few seals without events are not worth a seal that says that they were removed.
  const isWorthIt = last && (last.lastSequence >= oldest.firstSequence || outdated.length >= AUDIT_TRIM_MAX_EVENTS)
  return isWorthIt ? last : null
}

function makeSeal(
  { now, settings }: Reading,
  given: { newest: SealColumns | null; events: readonly StoredEvent[]; removedUpTo: number },
): AuditSeal {
  const { newest, events, removedUpTo } = given
  const [version] = settings.secrets
  const sealedAt = now()
  const next = (newest?.lastSequence ?? 0) + 1
  const content = {
    number: (newest?.number ?? 0) + 1,
    firstSequence: events[0]?.sequence ?? next,
    lastSequence: events.at(-1)?.sequence ?? next - 1,
    // A clock that was once ahead must not keep the trail for longer.
    newestAt: Math.min(sealedAt, Math.max(newest?.newestAt ?? 0, ...events.map(({ at }) => at))),
    removedUpTo,
    digests: events.map(digestEvent).join(''),
    previousHash: newest?.hash ?? NO_HASH,
    keyVersion: version.version,
    sealedAt,
  }
  const hash = hashSeal(content)
  return { ...content, hash, mac: vouchFor(version, hash) }
}

const toRow = ({ salt: _, details, ...event }: StoredEvent): AuditRow => ({
  ...event,
  details: readStoredObject(details),
})
