import { beforeEach, describe, expect, it } from 'vitest'
import { runScheduled } from '../../../src/jobs/scheduled.ts'
import type { AuditRow } from '../../../src/services/audit/follower.ts'
import { emptyTrail, jobPlatform, plantEvents, readSeals, sealTrail } from '../../support/audit-trail.ts'
import { rows } from '../../support/database.ts'

const checkDaily = () => runScheduled(jobPlatform(), '17 3 * * *')

/** Seals the trail and gives what followers are told meanwhile. */
async function followed(): Promise<AuditRow[]> {
  const told: AuditRow[] = []
  const follower = {
    name: 'test',
    statements(_: unknown, events: readonly AuditRow[]) {
      told.push(...events)
      return {}
    },
  }
  await sealTrail({}, [follower])
  return told
}

beforeEach(async () => {
  await emptyTrail()
})

describe('the daily checkpoint', () => {
  it('reaches whatever follows the trail, with the hash of the newest seal', async () => {
    await plantEvents(3)
    await sealTrail()
    const [seal] = await readSeals()
    await checkDaily()
    expect(await followed()).toMatchObject([
      {
        sequence: 4,
        type: 'audit.checkpoint',
        actorId: null,
        userId: null,
        details: { checkpoint: `1.${seal?.hash}`, sequence: 3 },
      },
    ])
  })

  it('is not made while nothing is sealed', async () => {
    await plantEvents(1)
    await checkDaily()
    expect(await followed()).toHaveLength(1)
  })
})

describe('an event whose details somebody has damaged', () => {
  it('stops neither the seals nor the followers', async () => {
    await plantEvents(2)
    await rows("update audit_events set details = '{' where sequence = 1")
    expect(await followed()).toMatchObject([{ sequence: 1, details: {} }, { sequence: 2 }])
  })
})
