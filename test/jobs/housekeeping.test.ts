import { createExecutionContext, createScheduledController, waitOnExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { CLEANUP_BATCH, MAX_CLEANUP_BATCHES } from '../../src/config.ts'
import worker from '../../src/index.ts'
import wranglerConfig from '../../wrangler.toml?raw'
import { signedIn, verified } from '../support/accounts.ts'
import { post } from '../support/client.ts'
import { auditOf, countRows, rows } from '../support/database.ts'
import { type BindingCall, interceptEnv } from '../support/intercept-env.ts'

const DAILY = '17 3 * * *'
const DAY = 86_400_000
const now = Date.now()

beforeEach(() => {
  vi.setSystemTime(now)
  for (const method of ['log', 'error'] as const) vi.spyOn(console, method).mockReturnValue(undefined)
})
afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

async function runDaily(bindings: Env = env as unknown as Env): Promise<void> {
  const context = createExecutionContext()
  await worker.scheduled(createScheduledController({ cron: DAILY }), bindings, context)
  await waitOnExecutionContext(context)
}

/** Adds a row; columns that are not named get what the table asks for. */
async function insert(table: string, row: Record<string, unknown>): Promise<string> {
  const id = crypto.randomUUID()
  const defaults: Record<string, Record<string, unknown>> = {
    users: { email: `${id}@example.com`, created_at: now },
    sessions: { salt: '', rotated_at: 0, methods: '[]', authenticated_at: 0, created_at: 0, last_seen_at: now },
    one_time_tokens: { purpose: 'verify_email', salt: '', email: 'x@example.com', created_at: 0 },
    outbox: { kind: 'x', recipient: 'x@example.com', locale: 'en', details: '{}', next_attempt_at: now + DAY },
    login_exchanges: { salt: '', delivery: 'body', methods: '[]', created_at: 0 },
    spent_states: {},
    identities: { provider: 'google', issuer: 'https://id.example', subject: id, created_at: 0, last_used_at: 0 },
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

describe('the daily job', () => {
  it.each(['production', 'development'])('is one of the crons of %s', (environment) => {
    const [, triggers = ''] = wranglerConfig.split(`[env.${environment}.triggers]`)
    expect(triggers.split('\n\n')[0]).toContain(`crons = ["* * * * *", "${DAILY}"]`)
  })

  const OF_A_USER = ['sessions', 'one_time_tokens', 'login_exchanges']
  it.each<[string, Record<string, unknown>, Record<string, unknown>]>([
    ['sessions', { expires_at: now }, { expires_at: now + 1 }],
    ['one_time_tokens', { expires_at: now - DAY - 1 }, { expires_at: now - DAY }],
    ['login_exchanges', { expires_at: now - 1 }, { expires_at: now }],
    ['spent_states', { expires_at: now - 1 }, { expires_at: now }],
    ['outbox', { state: 'delivered', created_at: now - DAY - 1 }, { state: 'delivered', created_at: now - DAY }],
    ['outbox', { state: 'dropped', created_at: now - DAY - 1 }, { state: 'pending', created_at: 0 }],
    ['outbox', { state: 'failed', created_at: 0 }, { state: 'failed', created_at: now - DAY - 1 }],
  ])('deletes from %s what has run out, and nothing else: %j', async (table, old, young) => {
    const owner = OF_A_USER.includes(table) ? { user_id: (await verified()).id } : {}
    const [gone, kept] = [await insert(table, { ...owner, ...old }), await insert(table, { ...owner, ...young })]
    await runDaily()
    expect([await remains(table, gone), await remains(table, kept)]).toEqual([false, true])
  })

  it('deletes sessions that were idle for too long, where there is an idle time-out', async () => {
    const { id } = await verified()
    const live = { user_id: id, expires_at: now + DAY }
    const idle = await insert('sessions', { ...live, last_seen_at: now - 1_200_000 })
    const used = await insert('sessions', { ...live, last_seen_at: now - 1_199_999 })
    await runDaily()
    expect(await remains('sessions', idle)).toBe(true)
    await runDaily({ ...env, SESSION_IDLE_TIMEOUT_SECONDS: '1200' } as unknown as Env)
    expect([await remains('sessions', idle), await remains('sessions', used)]).toEqual([false, true])
  })

  it('leaves a living session as it is: its tokens still work', async () => {
    const { tokens } = await signedIn()
    await runDaily()
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
    await runDaily()
    expect(await remains('users', id)).toBe(isKept)
  })

  it('are kept where a provider vouches for them', async () => {
    const id = await insert('users', OLD)
    await insert('identities', { user_id: id })
    await runDaily()
    expect(await remains('users', id)).toBe(true)
  })

  it('are kept where REQUIRE_EMAIL_VERIFICATION is off', async () => {
    const id = await insert('users', OLD)
    await runDaily({ ...env, REQUIRE_EMAIL_VERIFICATION: 'false' } as unknown as Env)
    expect(await remains('users', id)).toBe(true)
  })

  it('go with all that is theirs, and the address is free again', async () => {
    const email = 'forgetful@example.com'
    await post('/auth/register', { email, password: 'correct horse battery staple', username: 'forgetful' })
    await rows('update users set created_at = ? where email = ?', now - 8 * DAY, email)
    const [user] = await rows('select id from users where email = ?', email)
    await runDaily()
    expect(await auditOf('user.expired', String(user?.id))).toMatchObject([{ at: now, actor_id: null, details: {} }])
    for (const table of ['user_roles', 'one_time_tokens', 'sessions'])
      expect(await countRows(table, 'user_id = ?', String(user?.id))).toBe(0)
    expect((await verified({ email, username: 'forgetful' })).id).not.toBe(user?.id)
  })
})

describe('many accounts whose address nobody confirmed', () => {
  it('leave one event each, in the batch that deletes them, under ids of their own in the order of time', async () => {
    const ids: string[] = []
    for (let count = 0; count < 5; count += 1) ids.push(await insert('users', { created_at: now - 7 * DAY - 1 }))
    const kept = await insert('users', {})
    const failing = interceptEnv(env as unknown as Env, async (call, proceed) => {
      if (!call.sql.some((sql) => sql.includes('delete from "users"'))) return await proceed()
      return await proceed([...call.statements, env.DB.prepare('insert into users (id) values (null)')])
    })
    await expect(runDaily(failing)).rejects.toThrow()
    for (const id of ids) expect(await auditOf('user.expired', id)).toEqual([])
    await runDaily()
    for (const id of ids) expect(await auditOf('user.expired', id)).toHaveLength(1)
    expect(await auditOf('user.expired', kept)).toEqual([])
    const events = await rows("select id from audit_events where type = 'user.expired'")
    expect(new Set(events.map(({ id }) => id)).size).toBe(events.length)
    for (const { id } of events) expect(id).toMatch(/^[\da-f]{8}-[\da-f]{4}-7[\da-f]{3}-[\da-f]{4}-[\da-f]{12}$/)
  })
})

describe('more rows than a day may take', () => {
  const fill = async (count: number) =>
    await rows(
      `insert into spent_states (id, expires_at)
        with recursive n(i) as (select 1 union all select i + 1 from n where i < ?1) select 'bulk' || i, 0 from n`,
      count,
    )
  const left = () => countRows('spent_states', "id like 'bulk%'")

  function watching() {
    const batches: BindingCall[] = []
    const bindings = interceptEnv(env as unknown as Env, (call, proceed) => {
      if (call.sql.some((sql) => sql.includes('delete from "spent_states"'))) batches.push(call)
      return proceed()
    })
    return { batches, bindings }
  }

  it('takes as many batches as it needs', async () => {
    await fill(2 * CLEANUP_BATCH + 1)
    const { batches, bindings } = watching()
    await runDaily(bindings)
    expect(await left()).toBe(0)
    expect(batches).toHaveLength(3)
  })

  it('ends after so many batches, and leaves the rest for tomorrow', async () => {
    await fill(MAX_CLEANUP_BATCHES * CLEANUP_BATCH + 7)
    const { batches, bindings } = watching()
    await runDaily(bindings)
    expect(batches).toHaveLength(MAX_CLEANUP_BATCHES)
    expect(await left()).toBe(7)
    await runDaily(bindings)
    expect(await left()).toBe(0)
  })

  it('never binds more parameters than D1 takes', async () => {
    await fill(CLEANUP_BATCH)
    const most: number[] = []
    const bindings = interceptEnv(env as unknown as Env, (call, proceed) => {
      most.push(...call.sql.map((sql) => (sql.match(/\?/g) ?? []).length))
      return proceed()
    })
    await runDaily(bindings)
    expect(Math.max(...most)).toBeLessThanOrEqual(100)
  })
})

describe('a part that fails', () => {
  it.each(['sessions', 'one_time_tokens', 'signing_keys'])('keeps no other waiting: %s', async (table) => {
    const state = await insert('spent_states', { expires_at: 0 })
    const bindings = interceptEnv(env as unknown as Env, (call, proceed) =>
      call.sql.some((sql) => sql.includes(`delete from "${table}"`))
        ? Promise.reject(new Error('D1_ERROR: down'))
        : proceed(),
    )
    await expect(runDaily(bindings)).rejects.toThrow()
    expect(await remains('spent_states', state)).toBe(false)
  })
})
