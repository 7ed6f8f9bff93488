import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { AUDIT_TRIM_MAX_EVENTS, AUDIT_VERIFY_MAX_EVENTS } from '../../../src/config.ts'
import { AuditVerification } from '../../../src/contracts/audit.ts'
import { verifyAuditTrail } from '../../../src/services/audit/verification.ts'
import { signedIn } from '../../support/accounts.ts'
import { answerOf, expectRefusal } from '../../support/answers.ts'
import { emptyTrail, jobPlatform, plantEvents, readSeals, sealTrail } from '../../support/audit-trail.ts'
import { captureLog } from '../../support/captured-log.ts'
import { bearer, get } from '../../support/client.ts'
import { NOON_MS } from '../../support/clock.ts'
import { rows } from '../../support/database.ts'

let admin: Awaited<ReturnType<typeof signedIn>>
const verify = async (query = '') =>
  await answerOf(await get(`/audit-events/verification${query}`, bearer(admin.tokens.accessToken)), AuditVerification)
/** Verifies without a request, at another time or under another secret. */
const verifyDirectly = (query = {}, variables = {}) =>
  verifyAuditTrail(jobPlatform(variables), async (statement) => await (statement as never), query)
const lastCheckpoint = async () => {
  const newest = (await readSeals()).at(-1)
  return `${newest?.number}.${newest?.hash}`
}

beforeAll(async () => {
  admin = await signedIn()
  await rows("insert into user_roles (user_id, role) values (?, 'admin')", admin.id)
})
/** Makes a trail of three seals, of the events 1 to 3, 4 to 6 and 7 to 9. */
async function makeTrail(): Promise<void> {
  await emptyTrail()
  for (let seals = 0; seals < 3; seals += 1) {
    await plantEvents(3, NOON_MS + seals)
    await sealTrail()
  }
}
beforeEach(makeTrail)

describe('GET /audit-events/verification (ASVS 16.4.2)', () => {
  it('asks for audit:read (ASVS 8.2.1)', async () => {
    const user = await signedIn()
    const path = '/audit-events/verification'
    await expectRefusal(await get(path), 401, 'unauthenticated')
    await expectRefusal(await get(path, bearer(user.tokens.accessToken)), 403, 'forbidden')
  })

  it('finds a trail intact that nobody touched, and says what it checked', async () => {
    expect(await verify()).toEqual({
      intact: true,
      from: new Date(NOON_MS).toISOString(),
      to: new Date(NOON_MS + 2).toISOString(),
      rows: 9,
      firstBroken: null,
      nextCursor: null,
    })
    await plantEvents(2)
    expect(await verify(`?checkpoint=${await lastCheckpoint()}`)).toMatchObject({ intact: true, rows: 9 })
  })

  const swap = 'update audit_events set sequence = case sequence when -5 then 6 else -sequence end where sequence'
  it.each<[string, string[], { sequence: number; problem: string }]>([
    ['a changed type', ["update audit_events set type = 'login.failed' where sequence = 5"], changed(5)],
    ['a changed time', ['update audit_events set at = at + 1 where sequence = 5'], changed(5)],
    ['a changed actor', ["update audit_events set actor_id = 'other' where sequence = 5"], changed(5)],
    ['changed details', [`update audit_events set details = '{"a":1}' where sequence = 5`], changed(5)],
    ['a changed address', ["update audit_events set ip = '198.51.100.1' where sequence = 5"], changed(5)],
    ['an address that is gone alone', ['update audit_events set ip = null where sequence = 5'], changed(5)],
    [
      "two events in each other's place",
      [`${swap} = 5`, 'update audit_events set sequence = 5 where sequence = 6', `${swap} = -5`],
      changed(5),
    ],
    ['a removed event', ['delete from audit_events where sequence = 5'], removed(5)],
    ['a removed first event', ['delete from audit_events where sequence = 1'], removed(1)],
    ['an event put before all others', [added(0)], { sequence: 0, problem: 'event_added' }],
    ['an event in the place of another', ['delete from audit_events where sequence = 5', added(5)], changed(5)],
    ['the loss of an event that is not sealed yet', ['delete from audit_events where sequence = 11'], removed(11)],
    ['the loss of the last event', ['delete from audit_events where sequence = 12'], removed(12)],
    [
      'a removed seal, with its events',
      ['delete from audit_seals where number = 2', 'delete from audit_events where sequence between 4 and 6'],
      { sequence: 7, problem: 'seal_removed' },
    ],
    [
      'a removed beginning',
      ['delete from audit_seals where number = 1', 'delete from audit_events where sequence <= 3'],
      { sequence: 4, problem: 'seal_removed' },
    ],
    [
      'a removed beginning that looks like retention',
      [
        'delete from audit_seals where number = 1',
        'delete from audit_events where sequence <= 3',
        'update audit_seals set removed_up_to = 1',
      ],
      { sequence: 4, problem: 'seal_changed' },
    ],
    [
      'a changed seal',
      ['update audit_seals set sealed_at = 0 where number = 2'],
      { sequence: 4, problem: 'seal_changed' },
    ],
    [
      'a forged MAC',
      ['update audit_seals set mac = previous_hash where number = 2'],
      { sequence: 4, problem: 'seal_changed' },
    ],
    [
      'a newest seal of a secret that nobody knows',
      ["update audit_seals set key_version = 'v9' where number = 3"],
      { sequence: 7, problem: 'seal_changed' },
    ],
  ])('finds %s', async (_, tampering, firstBroken) => {
    await plantEvents(3)
    for (const statement of tampering) await rows(statement)
    expect(await verify()).toMatchObject({ intact: false, firstBroken })
  })

  it('cannot tell by itself that the end was cut off and written anew, but by a checkpoint', async () => {
    const checkpoint = await lastCheckpoint()
    await rows('delete from audit_seals where number >= 2')
    await rows("update audit_events set type = 'login.failed' where sequence = 5")
    expect(await verify(`?checkpoint=${checkpoint}`)).toMatchObject({
      firstBroken: { sequence: 4, problem: 'seal_removed' },
    })
    await sealTrail()
    await plantEvents(1)
    await sealTrail()
    expect(await verify()).toMatchObject({ intact: true })
    expect(await verify(`?checkpoint=${checkpoint}`)).toMatchObject({
      intact: false,
      firstBroken: { problem: 'seal_removed' },
    })
  })

  it('goes on from its cursor, in steps that are bounded', async () => {
    await plantEvents(AUDIT_VERIFY_MAX_EVENTS)
    await sealTrail()
    const first = await verify()
    expect(first.rows).toBeLessThanOrEqual(AUDIT_VERIFY_MAX_EVENTS)
    const second = await verify(`?cursor=${first.nextCursor}`)
    expect([first.rows + second.rows, second]).toMatchObject([
      9 + AUDIT_VERIFY_MAX_EVENTS,
      { intact: true, nextCursor: null },
    ])
    await rows('delete from audit_events where sequence = ?', 9 + AUDIT_VERIFY_MAX_EVENTS)
    expect(await verify(`?cursor=${first.nextCursor}`)).toMatchObject({ intact: false })
  })

  it.each(['cursor=0', 'cursor=x', 'checkpoint=1', 'checkpoint=1.x'])('refuses ?%s', async (query) => {
    await expectRefusal(
      await get(`/audit-events/verification?${query}`, bearer(admin.tokens.accessToken)),
      400,
      'invalid_request',
    )
  })
})

describe('an account that is gone', () => {
  const erase = (userId: string) =>
    rows(
      `update audit_events set ip = null, country = null, user_agent = null, salt = null
        where actor_id = ?1 or (actor_id is null and user_id = ?1)`,
      userId,
    )

  it('can have its addresses erased from the trail, which stays intact (ASVS 14.2.7)', async () => {
    await erase('planted')
    expect(await verify()).toMatchObject({ intact: true, rows: 9 })
  })

  it('can have them erased where it acted upon somebody who is still there', async () => {
    await plantEvents(1)
    await rows('update audit_events set user_id = ? where sequence = 10', admin.id)
    await sealTrail()
    await erase('planted')
    expect(await verify()).toMatchObject({ intact: true, rows: 10 })
  })

  it('can have them erased before they are sealed', async () => {
    await plantEvents(1)
    await erase('planted')
    await sealTrail()
    expect(await verify()).toMatchObject({ intact: true, rows: 10 })
  })

  it('is not one that is still there: its addresses are not erased unseen', async () => {
    const person = await signedIn()
    await sealTrail()
    await erase(person.id)
    expect(await verify()).toMatchObject({ intact: false, firstBroken: { problem: 'event_changed' } })
  })
})

describe('retention', () => {
  const DAY = 86_400_000
  const LATER = { AUDIT_RETENTION_DAYS: '1' }
  const events = () => rows('select sequence from audit_events order by sequence')
  beforeEach(async () => {
    vi.setSystemTime(NOON_MS + 3)
    await makeTrail()
  })
  afterEach(() => vi.useRealTimers())

  it('removes whole seals with their events, and the chain stays verifiable (ASVS 14.2.7)', async () => {
    vi.setSystemTime(NOON_MS + DAY + 1)
    await sealTrail(LATER)
    expect((await events()).map(({ sequence }) => sequence)).toEqual([4, 5, 6, 7, 8, 9])
    expect((await readSeals()).map(({ number, removed_up_to }) => [number, removed_up_to])).toEqual([
      [2, 0],
      [3, 0],
      [4, 1],
    ])
    expect(await verifyDirectly()).toMatchObject({ intact: true, rows: 6 })
  })

  it('removes everything, once, and the chain still goes on from where it was', async () => {
    const checkpoint = await lastCheckpoint()
    vi.setSystemTime(NOON_MS + 2 * DAY)
    await sealTrail(LATER)
    await sealTrail(LATER)
    expect(await events()).toEqual([])
    expect(await readSeals()).toMatchObject([{ number: 4, removed_up_to: 3 }])
    expect(await verifyDirectly({ checkpoint })).toMatchObject({ intact: true, rows: 0, from: null })
    await plantEvents(1, NOON_MS + 2 * DAY)
    await sealTrail(LATER)
    expect(await verifyDirectly()).toMatchObject({ intact: true, rows: 1 })
  })

  it('is not stopped by a long row of seals without events', async () => {
    await rows('delete from audit_seals')
    await rows('delete from audit_events')
    await rows(
      `insert into audit_seals
        with recursive n(i) as (select 1 union all select i + 1 from n where i < ?1)
        select i, 1, 0, 0, 0, '', '', '', 'v1', '', 0 from n`,
      AUDIT_TRIM_MAX_EVENTS + 1,
    )
    await sealTrail(LATER)
    expect(await readSeals()).toHaveLength(2)
  })

  it('removes a limited number of events at a time', async () => {
    await emptyTrail()
    await plantEvents(AUDIT_TRIM_MAX_EVENTS + 1)
    await sealTrail()
    vi.setSystemTime(NOON_MS + 2 * DAY)
    await sealTrail(LATER)
    expect(await events()).toHaveLength(1)
    await sealTrail(LATER)
    expect(await events()).toHaveLength(0)
  })
})

describe('a chain over the rotation of AUTH_SECRET', () => {
  const NEW_SECRET = `v7:${Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString('base64url')}`
  const verifyUnder = (AUTH_SECRET: string) => verifyDirectly({}, { AUTH_SECRET })

  it('is vouched for by the new secret when the old one is gone', async () => {
    const secrets = { AUTH_SECRET: NEW_SECRET }
    expect(await verifyUnder(NEW_SECRET)).toMatchObject({ firstBroken: { problem: 'not_vouched_for' } })
    const log = captureLog()
    await sealTrail(secrets)
    log.release()
    const doubt = { level: 'warn', message: 'audit seal not vouched for', number: 3, standing: 'unknown' }
    expect(log.lines()).toMatchObject([doubt])
    expect(await readSeals()).toHaveLength(4)
    await sealTrail(secrets)
    expect(await readSeals()).toHaveLength(4)
    expect(await verifyUnder(NEW_SECRET)).toMatchObject({ intact: true, rows: 9 })
    await rows("update audit_events set type = 'login.failed' where sequence = 5")
    expect(await verifyUnder(NEW_SECRET)).toMatchObject({ intact: false, firstBroken: changed(5) })
  })
})

function changed(sequence: number) {
  return { sequence, problem: 'event_changed' }
}
function removed(sequence: number) {
  return { sequence, problem: 'event_removed' }
}
function added(sequence: number) {
  return `insert into audit_events (sequence, id, type, at, details) values (${sequence}, 'added', 'login.failed', 0, '{}')`
}
