import { env } from 'cloudflare:workers'
import { sql } from 'drizzle-orm'
import { sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { beforeEach, describe, expect, it } from 'vitest'
import { AUDIT_SEAL_MAX_EVENTS, AUDIT_SEALS_PER_RUN } from '../../../src/config.ts'
import { composePlatform } from '../../../src/platform/compose.ts'
import { SYSTEM } from '../../../src/platform/requester.ts'
import type { AuditFollower } from '../../../src/services/audit/follower.ts'
import { followAuditTrail } from '../../../src/services/audit/sealing.ts'
import { bySystem } from '../../../src/storage/actors.ts'
import { auditStatement } from '../../../src/storage/audit.ts'
import { NOON_MS } from '../../support/clock.ts'
import { countRows, rows } from '../../support/database.ts'

const platformOf = (bindings: object = env) => composePlatform(bindings as Env, SYSTEM, { waitUntil: () => undefined })
const platform = platformOf()

/** Adds events by one statement. */
const plant = (count: number, at = NOON_MS) =>
  rows(
    `insert into audit_events (id, type, at, user_id, ip, details)
      with recursive n(i) as (select 1 union all select i + 1 from n where i < ?1)
      select lower(hex(randomblob(16))), 'login.succeeded', ?2, 'planted', '192.0.2.1', '{}' from n`,
    count,
    at,
  )
const seals = () => rows('select * from audit_seals order by number')

const noted = sqliteTable('noted', { id: text('id') })
/** Follows the trail and writes down each event that it is told of. */
const noting: AuditFollower = {
  name: 'noting',
  statements: ({ db }, events) => ({
    noted: events.map(({ id }) => db.insert(noted).values({ id })),
  }),
}

beforeEach(async () => {
  await env.DB.batch(
    [
      'delete from audit_events',
      'delete from audit_seals',
      'drop table if exists noted',
      'create table noted (id text)',
    ].map((statement) => env.DB.prepare(statement)),
  )
})

describe('the job that seals the audit trail', () => {
  it('seals each event once and tells each follower of it once, when two of them run at the same time', async () => {
    await plant(20)
    await Promise.all([followAuditTrail(platform, [noting]), followAuditTrail(platform, [noting])])
    expect(await seals()).toHaveLength(1)
    expect(await rows('select count(*) as all_of_them, count(distinct id) as different from noted')).toEqual([
      { all_of_them: 20, different: 20 },
    ])
  })

  it('seals nothing when a follower fails, and everything the next time', async () => {
    await plant(3)
    const failing: AuditFollower = {
      name: 'failing',
      statements: ({ db }) => ({ bad: db.insert(noted).values({ id: sql`abs(-9223372036854775808)` }) }),
    }
    await expect(followAuditTrail(platform, [noting, failing])).rejects.toThrow()
    expect([await seals(), await countRows('noted', 'true')]).toEqual([[], 0])
    await followAuditTrail(platform, [noting])
    expect(await countRows('noted', 'true')).toBe(3)
  })

  it('takes no more events than a run may, and the rest the next time', async () => {
    await plant(AUDIT_SEAL_MAX_EVENTS * AUDIT_SEALS_PER_RUN + 1)
    await followAuditTrail(platform)
    expect(await seals()).toHaveLength(AUDIT_SEALS_PER_RUN)
    await followAuditTrail(platform)
    expect((await seals()).at(-1)).toMatchObject({ number: AUDIT_SEALS_PER_RUN + 1 })
    await followAuditTrail(platform)
    expect(await seals()).toHaveLength(AUDIT_SEALS_PER_RUN + 1)
  })

  it('keeps up with 200 writers at once, who do not wait for it', async () => {
    const write = async (index: number) => {
      if (index % 40 === 0) await followAuditTrail(platform, [noting])
      await auditStatement(platform.db, { type: 'user.expired', at: NOON_MS, ...bySystem({ id: `${index}` }) }, SYSTEM)
    }
    await Promise.all(Array.from({ length: 200 }, (_, index) => write(index)))
    await followAuditTrail(platform, [noting])
    expect(await countRows('noted', 'true')).toBe(200)
    const [covered] = await rows('select sum(last_sequence - first_sequence + 1) as events from audit_seals')
    expect(covered?.events).toBe(200)
  })
})
