import { createExecutionContext, createScheduledController, waitOnExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { CLEANUP_BATCH, CLEANUP_MAX_STEPS } from '../../src/config.ts'
import worker from '../../src/index.ts'
import wranglerConfig from '../../wrangler.toml?raw'
import { signedIn, verified } from '../support/accounts.ts'
import { captureLog, type LogLine } from '../support/captured-log.ts'
import { post } from '../support/client.ts'
import { NOON_MS } from '../support/clock.ts'
import { auditOf, countRows, rows } from '../support/database.ts'
import { interceptEnv } from '../support/intercept-env.ts'

const HOURLY = '47 * * * *'
const DAILY = '17 3 * * *'
/** The free plan allows so many queries in one run of a Worker, and each statement of a batch counts as one. */
const MAX_QUERIES = 50
const DAY = 86_400_000
const now = NOON_MS

let log: ReturnType<typeof captureLog>
beforeEach(() => {
  vi.setSystemTime(now)
  log = captureLog()
})
afterEach(() => {
  vi.useRealTimers()
  log.release()
})

async function run(cron: string, bindings: Env = env as unknown as Env): Promise<void> {
  const context = createExecutionContext()
  await worker.scheduled(createScheduledController({ cron }), bindings, context)
  await waitOnExecutionContext(context)
}
const cleanUp = (bindings?: Env) => run(HOURLY, bindings)

/** Finds the only line of the log that has this message. */
function logged(message: string): LogLine | undefined {
  const found = log.lines().filter((line) => line.message === message)
  expect(found).toHaveLength(1)
  return found[0]
}

/** Adds a row. Columns that are not named get what the table requires. */
async function insert(table: string, row: Record<string, unknown>): Promise<string> {
  const id = crypto.randomUUID()
  const defaults: Record<string, Record<string, unknown>> = {
    users: { email: `${id}@example.com`, created_at: now },
    sessions: { methods: '[]', authenticated_at: 0, created_at: 0, last_seen_at: now },
    one_time_tokens: { purpose: 'verify_email', salt: '', email: 'x@example.com', created_at: 0 },
    outbox: {
      ...{ kind: 'x', recipient: 'x@example.com', mailbox: 'x@example.com', priority: 1, locale: 'en', details: '{}' },
      created_at: 0,
      next_attempt_at: 0,
    },
    login_exchanges: { salt: '', delivery: 'body', methods: '[]', created_at: 0 },
    spent_states: {},
    identities: {
      provider: 'google',
      issuer: 'https://id.example',
      subject: id,
      how: 'asked_by_mail',
      created_at: 0,
      last_used_at: 0,
    },
  }
  const full = { id, ...defaults[table], ...row }
  const names = Object.keys(full)
  await rows(
    `insert into ${table} (${names.join(', ')}) values (${names.map(() => '?').join(', ')})`,
    ...Object.values(full),
  )
  return id
}

const remains = async (table: string, id: string) => (await countRows(table, 'id = ?', id)) === 1

describe('the hourly job', () => {
  it.each(['production', 'development'])('runs on a cron of %s, and so does the daily one', (environment) => {
    const [, triggers = ''] = wranglerConfig.split(`[env.${environment}.triggers]`)
    expect(triggers.split('\n\n')[0]).toContain(`crons = ["* * * * *", "${HOURLY}", "${DAILY}"]`)
  })

  const OF_A_USER = ['sessions', 'one_time_tokens', 'login_exchanges']
  it.each<[string, Record<string, unknown>, Record<string, unknown>]>([
    ['sessions', { expires_at: now }, { expires_at: now + 1 }],
    ['one_time_tokens', { expires_at: now - DAY - 1 }, { expires_at: now - DAY }],
    ['login_exchanges', { expires_at: now - 1 }, { expires_at: now }],
    ['spent_states', { expires_at: now - 1 }, { expires_at: now }],
    [
      'outbox',
      { state: 'delivered', next_attempt_at: now - DAY - 1 },
      { state: 'delivered', next_attempt_at: now - DAY },
    ],
    ['outbox', { state: 'dropped', next_attempt_at: now - DAY - 1 }, { state: 'pending' }],
    ['outbox', { state: 'failed' }, { state: 'failed', next_attempt_at: now - DAY - 1 }],
  ])('deletes from %s what has run out, and nothing else: %j', async (table, old, young) => {
    const owner = OF_A_USER.includes(table) ? { user_id: (await verified()).id } : {}
    const [gone, kept] = [await insert(table, { ...owner, ...old }), await insert(table, { ...owner, ...young })]
    await cleanUp()
    expect([await remains(table, gone), await remains(table, kept)]).toEqual([false, true])
  })

  it('keeps an imported account, however long nobody confirms its address', async () => {
    const old = { created_at: now - 30 * DAY }
    const [gone, kept] = [await insert('users', old), await insert('users', { ...old, imported_at: now - 30 * DAY })]
    await cleanUp()
    expect([await remains('users', gone), await remains('users', kept)]).toEqual([false, true])
  })

  it('deletes sessions that were idle for too long, where there is an idle time-out', async () => {
    const { id } = await verified()
    const live = { user_id: id, expires_at: now + DAY }
    const idle = await insert('sessions', { ...live, last_seen_at: now - 1_200_000 })
    const used = await insert('sessions', { ...live, last_seen_at: now - 1_199_999 })
    await cleanUp()
    expect(await remains('sessions', idle)).toBe(true)
    await cleanUp({ ...env, SESSION_IDLE_TIMEOUT_SECONDS: '1200' } as unknown as Env)
    expect([await remains('sessions', idle), await remains('sessions', used)]).toEqual([false, true])
  })

  it('leaves a living session as it is: its tokens still work', async () => {
    const { tokens } = await signedIn()
    await cleanUp()
    expect((await post('/auth/refresh', { refreshToken: tokens.refreshToken })).status).toBe(200)
  })
})

describe('accounts that nobody confirmed', () => {
  const OLD = { created_at: now - 7 * DAY - 1 }
  it.each<[string, Record<string, unknown>, boolean]>([
    ['unverified and older than a week', OLD, false],
    ['unverified and just a week old', { created_at: now - 7 * DAY }, true],
    ['verified', { ...OLD, email_verified_at: 0 }, true],
    ['unverified, but somebody logged in', { ...OLD, last_seen_at: 0 }, true],
  ])('%s', async (_, row, isKept) => {
    const id = await insert('users', row)
    await cleanUp()
    expect(await remains('users', id)).toBe(isKept)
  })

  it('are deleted also where they have an identity, because a stranger may have come by a provider that verifies nothing', async () => {
    const id = await insert('users', OLD)
    const identity = await insert('identities', { user_id: id })
    await cleanUp()
    expect(await remains('users', id)).toBe(false)
    expect(await remains('identities', identity)).toBe(false)
  })

  it('are kept where REQUIRE_EMAIL_VERIFICATION is off', async () => {
    const id = await insert('users', OLD)
    await cleanUp({ ...env, REQUIRE_EMAIL_VERIFICATION: 'false' } as unknown as Env)
    expect(await remains('users', id)).toBe(true)
  })

  it('are deleted with all that is theirs, and their address is free again', async () => {
    const email = 'forgetful@example.com'
    await post('/auth/register', { email, password: 'correct horse battery staple', username: 'forgetful' })
    await rows('update users set created_at = ? where email = ?', now - 8 * DAY, email)
    const [user] = await rows('select id from users where email = ?', email)
    await cleanUp()
    expect(await auditOf('user.expired', String(user?.id))).toMatchObject([{ at: now, actor_id: null, details: {} }])
    for (const table of ['user_roles', 'one_time_tokens', 'sessions'])
      expect(await countRows(table, 'user_id = ?', String(user?.id))).toBe(0)
    expect((await verified({ email, username: 'forgetful' })).id).not.toBe(user?.id)
  })
})

describe('many accounts whose address nobody confirmed', () => {
  it('leave one audit event each, in the batch that deletes them, with ids in the order of time', async () => {
    const ids: string[] = []
    for (let count = 0; count < 5; count += 1) ids.push(await insert('users', { created_at: now - 7 * DAY - 1 }))
    const kept = await insert('users', {})
    const failing = interceptEnv(env as unknown as Env, async (call, proceed) => {
      if (!call.sql.some((sql) => sql.includes('delete from "users"'))) return await proceed()
      return await proceed([...call.statements, env.DB.prepare('insert into users (id) values (null)')])
    })
    await expect(cleanUp(failing)).rejects.toThrow()
    for (const id of ids) expect(await auditOf('user.expired', id)).toEqual([])
    await cleanUp()
    for (const id of ids) expect(await auditOf('user.expired', id)).toHaveLength(1)
    expect(await auditOf('user.expired', kept)).toEqual([])
    const events = await rows("select id from audit_events where type = 'user.expired'")
    expect(new Set(events.map(({ id }) => id)).size).toBe(events.length)
    for (const { id } of events) expect(id).toMatch(/^[\da-f]{8}-[\da-f]{4}-7[\da-f]{3}-[\da-f]{4}-[\da-f]{12}$/)
  })
})

describe('more rows than a run may take', () => {
  const FILLED = {
    spent_states: `insert into spent_states (id, expires_at)
      with recursive n(i) as (select 1 union all select i + 1 from n where i < ?1) select 'bulk' || i, 0 from n`,
    outbox: `insert into outbox (id, kind, recipient, mailbox, priority, locale, details, created_at, next_attempt_at, state)
      with recursive n(i) as (select 1 union all select i + 1 from n where i < ?1)
      select 'bulk' || i, 'x', 'x', 'x', 1, 'en', '{}', 0, 0, 'delivered' from n`,
    users: `insert into users (id, email, created_at)
      with recursive n(i) as (select 1 union all select i + 1 from n where i < ?1) select 'bulk' || i, 'bulk' || i, 0 from n`,
  }
  type Table = keyof typeof FILLED
  const fill = async (table: Table, count: number) => await rows(FILLED[table], count)
  const left = (table: Table) => countRows(table, "id like 'bulk%'")

  /** Builds bindings that record every statement. */
  function watching() {
    const statements: string[] = []
    const bindings = interceptEnv(env as unknown as Env, (call, proceed) => {
      statements.push(...call.sql)
      return proceed()
    })
    return { statements, bindings }
  }

  it('are deleted in as many steps as that takes', async () => {
    await fill('spent_states', 2 * CLEANUP_BATCH + 1)
    const { statements, bindings } = watching()
    await cleanUp(bindings)
    expect(await left('spent_states')).toBe(0)
    expect(statements.filter((sql) => sql.includes('delete from "spent_states"'))).toHaveLength(3)
    expect(logged('cleaned up')).toMatchObject({ removed: { states: 2 * CLEANUP_BATCH + 1 }, unfinished: [] })
  })

  it.each<Table>(['spent_states', 'users'])(
    'stays within the queries of the free plan, and goes on in the next run: %s',
    async (table) => {
      await fill(table, CLEANUP_MAX_STEPS * CLEANUP_BATCH)
      let remaining = await left(table)
      while (remaining > 0) {
        const { statements, bindings } = watching()
        await cleanUp(bindings)
        expect(statements.length).toBeLessThanOrEqual(MAX_QUERIES)
        const before = remaining
        remaining = await left(table)
        expect(remaining).toBeLessThan(before)
      }
    },
    120_000,
  )

  it('cleans up every kind of row, also while one kind floods the database', async () => {
    await fill('spent_states', CLEANUP_MAX_STEPS * CLEANUP_BATCH)
    await fill('outbox', CLEANUP_MAX_STEPS * CLEANUP_BATCH)
    await fill('users', 1)
    await cleanUp()
    expect(await left('users')).toBe(0)
    const [states, mails] = [await left('spent_states'), await left('outbox')]
    expect(Math.abs(states - mails)).toBeLessThanOrEqual(CLEANUP_BATCH)
    expect(logged('cleaned up')).toMatchObject({ unfinished: expect.arrayContaining(['states', 'mails']) })
    for (const table of ['spent_states', 'outbox']) await rows(`delete from ${table} where id like 'bulk%'`)
  }, 120_000)

  it('are deleted without binding more parameters than D1 takes', async () => {
    await fill('spent_states', CLEANUP_BATCH)
    const { statements, bindings } = watching()
    await cleanUp(bindings)
    expect(Math.max(...statements.map((sql) => (sql.match(/\?/g) ?? []).length))).toBeLessThanOrEqual(100)
  })
})

describe('the daily job', () => {
  it('logs how large the database is', async () => {
    await run(DAILY)
    expect(logged('database size')).toMatchObject({ level: 'info', bytes: expect.any(Number) })
  })

  it('logs the size of the database also when the keys cannot be rotated, and fails then', async () => {
    const bindings = interceptEnv(env as unknown as Env, (call, proceed) =>
      call.sql.some((sql) => sql.includes('signing_keys')) ? Promise.reject(new Error('D1_ERROR: down')) : proceed(),
    )
    await expect(run(DAILY, bindings)).rejects.toThrow()
    logged('database size')
  })
})

describe('a kind of row whose clean-up fails', () => {
  it.each(['sessions', 'one_time_tokens'])('does not stop the clean-up of the other kinds: %s', async (table) => {
    const state = await insert('spent_states', { expires_at: 0 })
    const bindings = interceptEnv(env as unknown as Env, (call, proceed) =>
      call.sql.some((sql) => sql.includes(`delete from "${table}"`))
        ? Promise.reject(new Error('D1_ERROR: down'))
        : proceed(),
    )
    await expect(cleanUp(bindings)).rejects.toThrow()
    expect(await remains('spent_states', state)).toBe(false)
  })
})
