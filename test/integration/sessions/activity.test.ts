import { createExecutionContext, createMessageBatch, waitOnExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { LAST_SEEN_MAX_SESSIONS } from '../../../src/config.ts'
import worker from '../../../src/index.ts'
import { isUnreported, type ReportedSessions } from '../../../src/platform/activity.ts'
import wranglerConfig from '../../../wrangler.toml?raw'
import { signedIn } from '../../support/accounts.ts'
import { callWorker } from '../../support/call-worker.ts'
import { bearer, ORIGIN, type SignedIn, send } from '../../support/client.ts'
import { countingEnv, d1RoundTrips } from '../../support/counting-env.ts'
import { rows } from '../../support/database.ts'
import { type BindingCall, interceptEnv } from '../../support/intercept-env.ts'
import { queryOne } from '../../support/stored-state.ts'

interface Activity {
  sessionId: string
  at: number
}

afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

/** Builds an environment of its own (the memory of one isolate), whose activity queue does what the test says. */
function withQueue(send: (message: Activity) => Promise<void>, overrides: Record<string, unknown> = {}): Env {
  return { ...env, ...overrides, ACTIVITY_QUEUE: { send } } as unknown as Env
}

function recordingQueue(overrides: Record<string, unknown> = {}) {
  const sent: Activity[] = []
  return { sent, env: withQueue(async (message) => void sent.push(message), overrides) }
}

const read = (bindings: Env, { tokens }: Pick<SignedIn, 'tokens'>) =>
  callWorker(bindings, 'GET', '/auth/session', { headers: bearer(tokens.accessToken) })

async function consume(bodies: readonly unknown[], bindings: Env = env as unknown as Env): Promise<void> {
  const messages = bodies.map((body, nth) => ({ id: String(nth), timestamp: new Date(), attempts: 1, body }))
  const context = createExecutionContext()
  await worker.queue(createMessageBatch('postern-development-activity', messages), bindings, context)
  await waitOnExecutionContext(context)
}

const lastSeen = async (table: 'sessions' | 'users', id: string) =>
  (await queryOne(`select last_seen_at from ${table} where id = ?`, id)).last_seen_at

/** Inserts sessions of one user that are nothing but rows. */
async function insertSessions(userId: string, count: number): Promise<string[]> {
  const ids = Array.from({ length: count }, () => crypto.randomUUID())
  await rows(
    `insert into sessions (id, user_id, methods, authenticated_at, created_at, last_seen_at, expires_at)
      select value, ?1, '[]', 0, 0, 1000, 0 from json_each(?2)`,
    userId,
    JSON.stringify(ids),
  )
  return ids
}

describe('no request waits for the time of its session to be recorded', () => {
  it.each(['/auth/session', '/auth/me', '/auth/sessions'])('GET %s writes nothing to the database', async (path) => {
    const { tokens } = await signedIn()
    const counting = countingEnv()
    await callWorker(counting.env, 'GET', path, { headers: bearer(tokens.accessToken) })
    counting.take()
    const response = await callWorker(counting.env, 'GET', path, { headers: bearer(tokens.accessToken) })
    expect(response.status).toBe(200)
    expect(counting.take()).toMatchObject({ d1Writes: 0, d1Batches: 0, kvWrites: 0 })
  })

  it('answers although the queue never answers', async () => {
    const { tokens } = await signedIn()
    const stuck = withQueue(() => new Promise(() => undefined))
    const request = new Request(`${ORIGIN}/auth/session`, { headers: bearer(tokens.accessToken) })
    const response = await worker.fetch(request, stuck, createExecutionContext())
    expect(response.status).toBe(200)
  })

  it.each([
    ['refuses', () => Promise.reject(new Error('queue down'))],
    [
      'throws',
      () => {
        throw new Error('queue down')
      },
    ],
  ])('answers although the queue %s, which only the log tells', async (_, fail) => {
    const { tokens } = await signedIn()
    const logged = vi.spyOn(console, 'error').mockReturnValue(undefined)
    expect((await read(withQueue(fail), { tokens })).status).toBe(200)
    expect(logged).toHaveBeenCalledTimes(1)
    expect(logged.mock.calls[0]?.[0]).toContain('activity queue refused')
  })
})

describe('how often a session is reported', () => {
  it('is once a minute in each isolate, however many requests there are', async () => {
    vi.setSystemTime(Date.now())
    const account = await signedIn()
    const queue = recordingQueue()
    for (let requests = 0; requests < 10; requests += 1) await read(queue.env, account)
    expect(queue.sent).toEqual([{ sessionId: account.session.id, at: Date.now() }])
    vi.setSystemTime(Date.now() + 59_999)
    await read(queue.env, account)
    expect(queue.sent).toHaveLength(1)
    vi.setSystemTime(Date.now() + 1)
    await read(queue.env, account)
    expect(queue.sent.map(({ at }) => at)).toEqual([queue.sent[0]?.at, Date.now()])
  })

  it('is a quarter of the idle time-out where that is shorter, so that no session in use runs out', async () => {
    vi.setSystemTime(Date.now())
    const account = await signedIn()
    const queue = recordingQueue({ SESSION_IDLE_TIMEOUT_SECONDS: '60' })
    await read(queue.env, account)
    vi.setSystemTime(Date.now() + 15_000)
    await read(queue.env, account)
    expect(queue.sent).toHaveLength(2)
  })

  it('does not include a request that is refused', async () => {
    const { tokens, session } = await signedIn()
    const queue = recordingQueue()
    await read(queue.env, { tokens: { ...tokens, accessToken: `${tokens.accessToken.slice(0, -4)}AAAA` } })
    await rows('delete from sessions where id = ?', session.id)
    await callWorker(queue.env, 'PATCH', '/auth/me', { headers: bearer(tokens.accessToken), body: { name: 'Ada' } })
    expect(queue.sent).toEqual([])
  })

  it('remembers a bounded number of sessions, and forgets the one that was unseen longest', async () => {
    const reported: ReportedSessions = new Map()
    for (let nth = 0; nth < LAST_SEEN_MAX_SESSIONS + 500; nth += 1)
      expect(isUnreported(reported, { sessionId: `s${nth}`, at: 1_000_000 + nth }, 60_000)).toBe(true)
    expect(reported.size).toBe(LAST_SEEN_MAX_SESSIONS)
    expect([reported.has('s499'), reported.has('s500')]).toEqual([false, true])
  })

  it('forgets reports that make no difference any more', () => {
    const reported: ReportedSessions = new Map()
    const use = (second: number) =>
      isUnreported(reported, { sessionId: `s${second}`, at: (1_000_000 + second) * 1000 }, 60_000)
    expect([0, 30, 59].map(use)).toEqual([true, true, true])
    expect([...reported.keys()]).toEqual(['s0', 's30', 's59'])
    use(90)
    expect([...reported.keys()]).toEqual(['s59', 's90'])
  })
})

describe('the consumer of the activity queue', () => {
  it.each(['production', 'development'])('gets 100 events or what came within 5 s (%s)', (environment) => {
    const consumers = wranglerConfig.split(`[[env.${environment}.queues.consumers]]`).slice(1)
    const activity = consumers.find((consumer) => /^\nqueue = "postern(-development)?-activity"\n/.test(consumer))
    expect(activity).toMatch(/^max_batch_size = 100\nmax_batch_timeout = 5$/m)
  })

  it('writes a batch of 100 sessions in one round trip, within the 100 parameters of D1', async () => {
    const { id } = await signedIn()
    const ids = await insertSessions(id, 100)
    const calls: BindingCall[] = []
    const watching = interceptEnv(env as unknown as Env, (call, proceed) => {
      calls.push(call)
      return proceed()
    })
    await consume(
      ids.map((sessionId) => ({ sessionId, at: 5000 })),
      watching,
    )
    expect(calls.map(({ kind, operation }) => `${kind}.${operation}`)).toEqual(['d1.batch'])
    expect(calls[0]?.sql.every((sql) => (sql.match(/\?/g) ?? []).length <= 100)).toBe(true)
    const seen = await rows('select count(*) as count from sessions where last_seen_at = 5000')
    expect(seen).toEqual([{ count: 100 }])
  })

  it('moves times forward and never back, whatever order the events come in', async () => {
    const account = await signedIn()
    const { session, id } = account
    const now = Number(await lastSeen('sessions', session.id))
    await consume([now + 2000, now + 3000, now + 1000].map((at) => ({ sessionId: session.id, at })))
    expect(await lastSeen('sessions', session.id)).toBe(now + 3000)
    expect(await lastSeen('users', id)).toBe(now + 3000)
    await consume([{ sessionId: session.id, at: now - 60_000 }])
    expect(await lastSeen('sessions', session.id)).toBe(now + 3000)
    expect(await lastSeen('users', id)).toBe(now + 3000)
  })

  it("takes a user's latest of several sessions, and touches nobody else", async () => {
    const { id } = await signedIn()
    const stranger = await signedIn()
    const before = await rows('select * from sessions where user_id = ?', stranger.id)
    const [first = '', second = ''] = await insertSessions(id, 2)
    const later = Date.now() + 9000
    await consume([
      { sessionId: first, at: later },
      { sessionId: second, at: later - 4000 },
    ])
    expect(await lastSeen('sessions', second)).toBe(later - 4000)
    expect(await lastSeen('users', id)).toBe(later)
    expect(await rows('select * from sessions where user_id = ?', stranger.id)).toEqual(before)
  })

  it('changes nothing when a batch is delivered a second time', async () => {
    const { session } = await signedIn()
    const event = { sessionId: session.id, at: Date.now() + 1000 }
    await consume([event])
    const before = await rows('select * from sessions')
    await consume([event, event])
    expect(await rows('select * from sessions')).toEqual(before)
  })

  it('drops a message that is malformed or names no session, and records the rest of the batch', async () => {
    const { session } = await signedIn()
    const at = Date.now() + 1000
    const bad = [null, 'x', {}, { sessionId: session.id }, { sessionId: 1, at }, { sessionId: session.id, at: 'soon' }]
    await consume([...bad, { sessionId: crypto.randomUUID(), at }, { sessionId: session.id, at }])
    expect(await lastSeen('sessions', session.id)).toBe(at)
  })

  it('does not ask the database for a batch without an event', async () => {
    const counting = countingEnv()
    await consume([null], counting.env)
    expect(d1RoundTrips(counting.take())).toBe(0)
  })

  it('leaves the batch to the queue when the database refuses', async () => {
    const { session } = await signedIn()
    const broken = interceptEnv(env as unknown as Env, () => Promise.reject(new Error('D1_ERROR: down')))
    await expect(consume([{ sessionId: session.id, at: 1 }], broken)).rejects.toThrow()
  })
})

describe('from a request to the list of sessions', () => {
  it('carries the time through the real queue', async () => {
    const { tokens, session, id } = await signedIn()
    await rows('update sessions set last_seen_at = 1000 where id = ?', session.id)
    await rows('update users set last_seen_at = 1000 where id = ?', id)
    const before = Date.now()
    await send('GET', '/auth/session', { headers: bearer(tokens.accessToken) })
    await vi.waitUntil(async () => Number(await lastSeen('sessions', session.id)) >= before, {
      timeout: 15_000,
      interval: 100,
    })
    expect(Number(await lastSeen('users', id))).toBeGreaterThanOrEqual(before)
  }, 20_000)
})
