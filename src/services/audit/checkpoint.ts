import type { Recording } from '../../platform/platform.ts'
import { bySystem } from '../../storage/actors.ts'
import { keepEventStatement } from '../../storage/audit.ts'
import { findNewestSeal } from '../../storage/audit-seals.ts'
import type { Database } from '../../storage/database.ts'

/** What the chain of the audit trail is at one moment. It tells nothing of the events. */
interface Checkpoint {
  /** The number and the hash of the newest seal, as `GET /audit-events/verification` takes them. */
  checkpoint: string
  /** The place of the last event that the seal has. */
  sequence: number
}

/** Gives the newest checkpoint, or null where nothing is sealed yet. */
async function latestCheckpoint(db: Database): Promise<Checkpoint | null> {
  const seal = await findNewestSeal(db)
  return seal && { checkpoint: `${seal.number}.${seal.hash}`, sequence: seal.lastSequence }
}

/**
 * Records the newest checkpoint as an event, so that whatever follows the trail carries it out of the database: whoever
 * can write to the database could make the chain anew, but not what others have kept
 * (docs/decisions/0025-audit-chain.md).
 */
export async function recordCheckpoint({ db, now, requester }: Recording): Promise<void> {
  const details = await latestCheckpoint(db)
  if (details)
    await keepEventStatement(db, { type: 'audit.checkpoint', at: now(), ...bySystem(null), details }, requester)
}
