import type { Recording } from '../../platform/platform.ts'
import { bySystem } from '../../storage/actors.ts'
import { keepEventStatement } from '../../storage/audit.ts'
import { findNewestSeal } from '../../storage/audit-seals.ts'

/**
 * Records as an event what the chain of the audit trail is now, if anything is sealed yet. Whatever follows the trail
 * carries it out of the database: whoever can write to the database could make the chain anew, but not what others
 * have kept (docs/decisions/0025-audit-chain.md).
 */
export async function recordCheckpoint({ db, now, requester }: Recording): Promise<void> {
  const seal = await findNewestSeal(db)
  if (seal === null) return
  const details = { checkpoint: `${seal.number}.${seal.hash}`, sequence: seal.lastSequence }
  await keepEventStatement(db, { type: 'audit.checkpoint', at: now(), ...bySystem(null), details }, requester)
}
