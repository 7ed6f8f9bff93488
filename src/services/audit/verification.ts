import { AUDIT_VERIFY_MAX_EVENTS } from '../../config.ts'
import type { AuditVerification, AuditVerificationQuery } from '../../contracts/audit.ts'
import { hashSeal, isDigestOf, judgeSeal, NO_HASH, readDigests } from '../../crypto/audit-chain.ts'
import type { Secrets } from '../../crypto/derived-key.ts'
import { toTimestamp } from '../../domain/timestamp.ts'
import type { Reading } from '../../platform/platform.ts'
import { type AuditSeal, findSealHash, listSealsAfterStatement, readStretch } from '../../storage/audit-seals.ts'
import type { ReadAsCaller } from '../sessions/reading.ts'

type Broken = NonNullable<AuditVerification['firstBroken']>
type Trail = Awaited<ReturnType<typeof readStretch>>

/** What the first seal of all follows. */
const BEGINNING = { number: 0, lastSequence: 0, hash: NO_HASH }

/**
 * Checks some of the audit trail: whether each event is as it was sealed, none is missing or was added, and each seal
 * follows the one before it. The last step also checks that the newest seal, which has all others in it, was made with
 * our secret, that no event is missing after it, and that a checkpoint which was kept elsewhere is in the chain.
 */
export async function verifyAuditTrail(
  deps: Reading,
  readAsCaller: ReadAsCaller,
  { cursor, checkpoint }: AuditVerificationQuery,
): Promise<AuditVerification> {
  const after = Number(cursor ?? 0)
  const listed = await readAsCaller(listSealsAfterStatement(deps.db, after, AUDIT_VERIFY_MAX_EVENTS))
  const first = listed[0]?.firstSequence ?? 1
  const end = first + AUDIT_VERIFY_MAX_EVENTS
  const last = listed.findLast(({ lastSequence }) => lastSequence < end) ?? listed[0]
  const upTo = last?.number ?? after
  // Somebody may have changed the seal to make us read everything at once.
  const events = [first, Math.min(last?.lastSequence ?? 0, end)] as const
  const trail = await readStretch(deps.db, { seals: [after, upTo], events })
  const isLastStep = trail.newest === null || trail.newest.number <= upTo
  const firstBroken =
    checkSeals(deps.settings.secrets, trail, after) ??
    (isLastStep ? (checkEnds(deps.settings.secrets, trail) ?? (await checkCheckpoint(deps, trail, checkpoint))) : null)
  return {
    intact: firstBroken === null,
    from: toTimestamp(trail.events.at(0)?.at ?? null),
    to: toTimestamp(trail.events.at(-1)?.at ?? null),
    rows: trail.events.length,
    firstBroken,
    nextCursor: isLastStep ? null : String(upTo),
  }
}

/** Checks each seal against the one before it, and its events. */
function checkSeals(secrets: Secrets, { seals, events, newest }: Trail, after: number): Broken | null {
  const removedUpTo = newest?.removedUpTo ?? 0
  let previous = seals.find(({ number }) => number === after) ?? (after === 0 && removedUpTo === 0 ? BEGINNING : null)
  let expected = Math.max(after, removedUpTo) + 1
  const eventAt = new Map(events.map((event) => [event.sequence, event]))
  for (const seal of seals.filter(({ number }) => number > after)) {
    const broken =
      (seal.number === expected ? null : ({ sequence: seal.firstSequence, problem: 'seal_removed' } as const)) ??
      checkSeal(secrets, seal, previous) ??
      checkEvents(seal, eventAt)
    if (broken) return broken
    previous = seal
    expected += 1
  }
  return null
}

function checkSeal(secrets: Secrets, seal: AuditSeal, previous: typeof BEGINNING | null): Broken | null {
  const { firstSequence: sequence } = seal
  const isGenuine = hashSeal(seal) === seal.hash && (previous === null || seal.previousHash === previous.hash)
  if (!isGenuine || judgeSeal(secrets, seal) === 'forged') return { sequence, problem: 'seal_changed' }
  const follows = previous === null ? sequence : previous.lastSequence + 1
  return sequence === follows ? null : { sequence: follows, problem: 'event_removed' }
}

function checkEvents(
  { firstSequence, digests }: AuditSeal,
  eventAt: ReadonlyMap<number, Trail['events'][number]>,
): Broken | null {
  for (const [index, digest] of readDigests(digests).entries()) {
    const sequence = firstSequence + index
    const event = eventAt.get(sequence)
    if (!event) return { sequence, problem: 'event_removed' }
    if (!isDigestOf(digest, event) || event.isErasedInVain === 1) return { sequence, problem: 'event_changed' }
  }
  return null
}

/** Checks what comes before the oldest seal and after the newest one, and whether the newest one is ours. */
function checkEnds(secrets: Secrets, { newest, beyond }: Trail): Broken | null {
  if (newest && judgeSeal(secrets, newest) !== 'genuine')
    return { sequence: newest.firstSequence, problem: 'not_vouched_for' }
  const { beforeSeals, nextMissing, lastGiven } = beyond
  if (beforeSeals !== null) return { sequence: beforeSeals, problem: 'event_added' }
  return nextMissing <= lastGiven ? { sequence: nextMissing, problem: 'event_removed' } : null
}

/**
 * Looks for a checkpoint in the chain. Whoever can write to the database can drop the newest seals, and the Worker
 * would then seal what they put in place of the events. Only what was kept elsewhere shows that. The answer is null for
 * a checkpoint that retention has removed.
 */
async function checkCheckpoint(
  { db }: Reading,
  { newest }: Trail,
  checkpoint: string | undefined,
): Promise<Broken | null> {
  if (checkpoint === undefined) return null
  const [number, hash] = checkpoint.split('.')
  if (Number(number) <= (newest?.removedUpTo ?? 0)) return null
  if ((await findSealHash(db, Number(number))) === hash) return null
  return { sequence: (newest?.lastSequence ?? 0) + 1, problem: 'seal_removed' }
}
