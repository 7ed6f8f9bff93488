import { env } from 'cloudflare:workers'
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { ACTIVE_USERS_KEEP_DAYS, STATS_MAX_DAYS } from '../../../src/config.ts'
import { Stats } from '../../../src/contracts/stats.ts'
import { consumeQueue } from '../../../src/jobs/queue.ts'
import { followAuditTrail } from '../../../src/services/audit/sealing.ts'
import { cleanUp } from '../../../src/services/housekeeping.ts'
import { newId } from '../../../src/services/identifiers.ts'
import { factorKindsOf } from '../../../src/services/stats/follower.ts'
import {
  countActiveStatements,
  countStatement,
  readCountsStatement,
  recountStatements,
} from '../../../src/storage/stats.ts'
import { administrator, giveSecondFactor, registered, signedIn, verified } from '../../support/accounts.ts'
import { answerOf, expectNoContent, expectRefusal } from '../../support/answers.ts'
import { newEmail, post } from '../../support/client.ts'
import { countRows, rows } from '../../support/database.ts'
import { jobPlatform } from '../../support/outbox.ts'
import { catchUp } from '../../support/webhooks.ts'

type Person = Awaited<ReturnType<typeof administrator>>
const DAY_MS = 24 * 3_600_000
const dayOf = (at: number) => new Date(at).toISOString().slice(0, 10)
const midnight = Date.parse(dayOf(Date.now()))
let admin: Person

async function read(query = ''): Promise<Stats> {
  return await answerOf(await admin.send('GET', `/stats${query}`), Stats)
}
/** Reads what is counted on one day. */
async function on(at: number) {
  const { days } = await read(`?from=${dayOf(at)}&to=${dayOf(at)}`)
  expect(days).toHaveLength(1)
  return days[0]
}
const happened = (type: string, at: number, details: object = {}, userId: string = newId()) =>
  rows(
    'insert into audit_events (id, type, at, user_id, details) values (?, ?, ?, ?, ?)',
    ...[crypto.randomUUID(), type, at, userId, JSON.stringify(details)],
  )

beforeAll(async () => {
  admin = await administrator()
})
beforeEach(async () => {
  await catchUp()
  await rows('delete from daily_counts')
  await rows('delete from audit_counts')
  await rows('delete from active_users')
})

describe('the days of GET /stats', () => {
  it('count sign-ups, logins by their way, failures, lock-outs, factors, and mails that were given up', async () => {
    const at = midnight - 40 * DAY_MS
    await happened('user.registered', at)
    for (const methods of [['pwd'], ['pwd', 'otp', 'mfa'], ['fed'], ['swk', 'user', 'mfa'], ['fed', 'swk', 'mfa']])
      await happened('login.succeeded', at, { methods })
    for (const type of ['login.failed', 'login.failed', 'login.throttled', 'mail.failed', 'factor.removed'])
      await happened(type, at)
    await happened('factor.added', at, { factor: 'passkey' })
    await catchUp()
    expect(await on(at)).toEqual({
      date: dayOf(at),
      signUps: 1,
      logins: 5,
      loginsBy: { password: 2, passkey: 1, provider: 2 },
      failedLogins: 2,
      lockouts: 1,
      activeUsers: 0,
      factorsAdded: 1,
      factorsRemoved: 1,
      failedMails: 1,
    })
  })

  it('begin and end at midnight in UTC, by the time of the event and not of the count', async () => {
    await happened('login.failed', midnight - 1)
    await happened('login.failed', midnight)
    await happened('login.failed', midnight + 1)
    await catchUp()
    expect((await on(midnight - DAY_MS))?.failedLogins).toBe(1)
    expect((await on(midnight))?.failedLogins).toBe(2)
    expect(
      (await read(`?from=${new Date(midnight - 1).toISOString()}&to=${new Date(midnight).toISOString()}`)).days,
    ).toEqual([
      expect.objectContaining({ date: dayOf(midnight - 1), failedLogins: 1 }),
      expect.objectContaining({ date: dayOf(midnight), failedLogins: 2 }),
    ])
  })

  it('count logins with names that nobody has, which leave no event', async () => {
    await rows("insert into audit_counts (day, kind, count) values (?, 'login.failed', 7)", dayOf(midnight))
    await happened('login.failed', midnight)
    await catchUp()
    expect((await on(midnight))?.failedLogins).toBe(8)
  })

  it('count each event once, also when two followers run at once, and again', async () => {
    for (let made = 0; made < 20; made += 1) await happened('login.failed', midnight)
    await Promise.all([catchUp(), catchUp(), catchUp()])
    await catchUp()
    expect((await on(midnight))?.failedLogins).toBe(20)
  })

  it('stay what they were after retention has removed their events', async () => {
    const at = midnight - 3 * DAY_MS
    for (let made = 0; made < 3; made += 1) await happened('login.failed', at)
    await rows("insert into audit_counts (day, kind, count) values (?, 'login.failed', 2)", dayOf(at))
    await catchUp()
    const before = await on(at)
    const later = {
      ...jobPlatform({ ...env, AUDIT_RETENTION_DAYS: '1' } as unknown as Env),
      now: () => Date.now() + 9 * DAY_MS,
    }
    await happened('login.failed', midnight)
    await followAuditTrail(later)
    await cleanUp({ ...jobPlatform({ ...env, AUDIT_RETENTION_DAYS: '1' } as unknown as Env) })
    expect(await countRows('audit_events', 'at = ?', at)).toBe(0)
    expect(await on(at)).toEqual(before)
    expect(before?.failedLogins).toBe(5)
  })

  it('are the last thirty without a question, today among them, and a day without events is all zeros', async () => {
    const { days } = await read()
    expect(days).toHaveLength(30)
    expect(days.at(-1)?.date).toBe(dayOf(Date.now()))
    expect(days[0]).toMatchObject({ signUps: 0, activeUsers: 0, loginsBy: { password: 0 } })
  })

  it.each([
    ['days in the wrong order', '?from=2001-02-03&to=2001-02-02'],
    ['too many days', `?from=2001-01-01&to=${dayOf(Date.parse('2001-01-01') + STATS_MAX_DAYS * DAY_MS)}`],
    ['a day that is none', '?from=2001-02-30'],
    ['a time of another zone', '?from=2001-02-03T00:00:00%2B02:00'],
    ['no day', '?to=yesterday'],
  ])('refuses %s', async (_, query) => {
    await expectRefusal(await admin.send('GET', `/stats${query}`), 400, 'invalid_request')
  })

  it('need the permission stats:read', async () => {
    await expectRefusal(await (await administrator(['audit:read'])).send('GET', '/stats'), 403, 'forbidden')
    expect((await (await administrator(['stats:read'])).send('GET', '/stats')).status).toBe(200)
  })
})

describe('active users', () => {
  const report = async (...messages: { sessionId: string; at: number }[]) => {
    const list = messages.map((body, index) => ({ id: String(index), timestamp: new Date(), attempts: 1, body }))
    await consumeQueue(jobPlatform(), {
      queue: 'postern-activity',
      messages: list,
      ackAll: () => {},
    } as unknown as MessageBatch)
  }

  // The administrator who reads the statistics is active today, so the tests look at days before.
  const noon = midnight - 1.5 * DAY_MS
  const addSession = (id: string, like: string) =>
    rows(
      `insert into sessions (id, user_id, methods, authenticated_at, created_at, last_seen_at, expires_at)
        select ?, user_id, '[]', 0, 0, 0, expires_at from sessions where id = ?`,
      ...[id, like],
    )

  it('are counted once a day, by their logins and by the use of their sessions', async () => {
    const [first, second] = [await signedIn(), await signedIn()]
    await happened('login.succeeded', noon, { methods: ['pwd'] }, first.id)
    await catchUp()
    expect((await on(noon))?.activeUsers).toBe(1)
    await report({ sessionId: first.session.id, at: noon }, { sessionId: second.session.id, at: noon + 1 })
    await report({ sessionId: second.session.id, at: noon + 2 }, { sessionId: 'ended-since', at: noon })
    await happened('login.succeeded', noon, { methods: ['pwd'] }, second.id)
    await catchUp()
    expect((await on(noon))?.activeUsers).toBe(2)
  })

  it('count on both days around midnight, and once where two sessions of one user report at once', async () => {
    const { session } = await signedIn()
    const { id } = session
    const before = midnight - DAY_MS
    await addSession('second-session', id)
    await report({ sessionId: id, at: before - 1 }, { sessionId: id, at: before })
    await Promise.all(['second-session', id].map((sessionId) => report({ sessionId, at: before })))
    expect((await on(before - 1))?.activeUsers).toBe(1)
    expect((await on(before))?.activeUsers).toBe(1)
  })

  it('are not counted again once it is forgotten who they were', async () => {
    const { session } = await signedIn()
    await report({ sessionId: session.id, at: noon })
    await cleanUp({ ...jobPlatform(), now: () => Date.now() + ACTIVE_USERS_KEEP_DAYS * DAY_MS })
    expect(await countRows('active_users', 'day = ?', dayOf(noon))).toBe(0)
    expect((await on(noon))?.activeUsers).toBe(1)
    await report({ sessionId: session.id, at: midnight - ACTIVE_USERS_KEEP_DAYS * DAY_MS })
    expect((await on(midnight - ACTIVE_USERS_KEEP_DAYS * DAY_MS))?.activeUsers).toBe(0)
  })
})

describe('the totals of GET /stats', () => {
  it('follow every change of an account, and are what a count of all accounts would say', async () => {
    const actual = async () => {
      const [row] = await rows(`select count(*) as users, count(email_verified_at) as verified,
        coalesce(sum(status = 'deactivated'), 0) as deactivated,
        coalesce(sum(exists (select 1 from totp_secrets where user_id = users.id and activated_at is not null)
          or exists (select 1 from passkeys where user_id = users.id)), 0) as withFactor,
        coalesce(sum(exists (select 1 from totp_secrets where user_id = users.id and activated_at is not null)), 0) as withTotp,
        coalesce(sum(exists (select 1 from passkeys where user_id = users.id)), 0) as withPasskey from users`)
      return row
    }
    const check = async () => {
      await catchUp()
      expect((await read()).totals).toEqual(await actual())
    }
    await check()
    await registered()
    const user = await verified()
    await check()
    await giveSecondFactor(user.id)
    await rows(
      `insert into passkeys (id, user_id, credential_id, public_key, counter, transports, aaguid, name,
          is_backup_eligible, is_backed_up, opens_alone, created_at)
        values ('a-passkey', ?, 'a-credential', '', 0, '[]', '', 'A key', 0, 0, 0, 0)`,
      user.id,
    )
    await happened('factor.added', Date.now(), {}, user.id)
    await check()
    await admin.send('PATCH', `/users/${user.id}`, { status: 'deactivated' })
    await check()
    await admin.send('PATCH', `/users/${user.id}`, { status: 'active' })
    await check()
    await expectNoContent(await admin.send('DELETE', `/users/${user.id}`))
    await check()
    expect(await countRows('counted_users', 'user_id = ?', user.id)).toBe(0)
    await post('/auth/register', { email: newEmail(), password: 'correct horse battery staple' })
    await check()
  })
})

describe('the queries of the statistics', () => {
  interface Query {
    toSQL(): { sql: string; params: unknown[] }
  }
  /** Lists the tables that a statement reads from end to end. */
  async function scannedBy(query: unknown): Promise<string[]> {
    const { sql, params } = (query as Query).toSQL()
    const { results } = await env.DB.prepare(`explain query plan ${sql}`)
      .bind(...params)
      .all<{ detail: string }>()
    return results.flatMap(({ detail }) => /^SCAN (\w+)/.exec(detail)?.[1] ?? [])
  }
  const { db } = jobPlatform()

  it('read the days by their primary keys, and no table from end to end but the few totals', async () => {
    const query = readCountsStatement(db, { first: '2001-01-01', last: '2001-02-01', kinds: ['a', 'b'] })
    expect(await scannedBy(query)).toEqual(['totals'])
  })

  it('count by the keys of what the events name, however many accounts and events there are', async () => {
    const statements = [
      countStatement(db, [{ day: '2001-01-01', kind: 'a', count: 1 }]),
      ...countActiveStatements(db, [{ day: dayOf(Date.now()), userId: 'a' }], Date.now()),
      ...recountStatements(db, ['a'], factorKindsOf),
    ]
    for (const statement of statements)
      for (const table of await scannedBy(statement))
        expect(['users', 'sessions', 'passkeys', 'totp_secrets', 'active_users', 'counted_users']).not.toContain(table)
  })
})
