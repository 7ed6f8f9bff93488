import { env } from 'cloudflare:workers'
import { sql } from 'drizzle-orm'
import { sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { beforeEach, describe, expect, it } from 'vitest'
import { AUDIT_SEAL_MAX_EVENTS, AUDIT_SEALS_PER_RUN } from '../../../src/config.ts'
import { SYSTEM } from '../../../src/platform/requester.ts'
import type { AuditFollower } from '../../../src/services/audit/follower.ts'
import { bySystem } from '../../../src/storage/actors.ts'
import { auditStatement } from '../../../src/storage/audit.ts'
import { emptyTrail, jobPlatform, plantEvents, readSeals, sealTrail } from '../../support/audit-trail.ts'
import { NOON_MS } from '../../support/clock.ts'
import { countRows, rows } from '../../support/database.ts'

const noted = sqliteTable('noted', { id: text('id') })
/** Follows the trail and writes down each event that it is told of. */
const noting: AuditFollower = {
  name: 'noting',
  statements: ({ db }, events) => ({
    noted: events.map(({ id }) => db.insert(noted).values({ id })),
  }),
}

beforeEach(async () => {
  await emptyTrail()
  await env.DB.batch([env.DB.prepare('drop table if exists noted'), env.DB.prepare('create table noted (id text)')])
})

describe('the job that seals the audit trail', () => {
  it('seals each event once and tells each follower of it once, when two of them run at the same time', async () => {
    await plantEvents(20)
    await Promise.all([sealTrail({}, [noting]), sealTrail({}, [noting])])
    expect(await readSeals()).toHaveLength(1)
    expect(await rows('select count(*) as all_of_them, count(distinct id) as different from noted')).toEqual([
      { all_of_them: 20, different: 20 },
    ])
  })

  it('seals nothing when a follower fails, and everything the next time', async () => {
    await plantEvents(3)
    const failing: AuditFollower = {
      name: 'failing',
      statements: ({ db }) => ({ bad: db.insert(noted).values({ id: sql`abs(-9223372036854775808)` }) }),
    }
    await expect(sealTrail({}, [noting, failing])).rejects.toThrow()
    expect([await readSeals(), await countRows('noted', 'true')]).toEqual([[], 0])
    await sealTrail({}, [noting])
    expect(await countRows('noted', 'true')).toBe(3)
  })

  it('takes no more events than a run may, and the rest the next time', async () => {
    await plantEvents(AUDIT_SEAL_MAX_EVENTS * AUDIT_SEALS_PER_RUN + 1)
    await sealTrail()
    expect(await readSeals()).toHaveLength(AUDIT_SEALS_PER_RUN)
    await sealTrail()
    expect((await readSeals()).at(-1)).toMatchObject({ number: AUDIT_SEALS_PER_RUN + 1 })
    await sealTrail()
    expect(await readSeals()).toHaveLength(AUDIT_SEALS_PER_RUN + 1)
  })

  it('keeps up with 200 writers at once, who do not wait for it', async () => {
    const { db } = jobPlatform()
    const write = async (index: number) => {
      if (index % 40 === 0) await sealTrail({}, [noting])
      await auditStatement(db, { type: 'user.expired', at: NOON_MS, ...bySystem({ id: `${index}` }) }, SYSTEM)
    }
    await Promise.all(Array.from({ length: 200 }, (_, index) => write(index)))
    await sealTrail({}, [noting])
    expect(await countRows('noted', 'true')).toBe(200)
    const [covered] = await rows('select sum(last_sequence - first_sequence + 1) as events from audit_seals')
    expect(covered?.events).toBe(200)
  })
})
