import {
  createExecutionContext,
  createMessageBatch,
  createScheduledController,
  getQueueResult,
  waitOnExecutionContext,
} from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { MAIL_SWEEP_AFTER_SECONDS } from '../../src/config.ts'
import worker from '../../src/index.ts'
import { canLogIn, mailedCode, mailedToken, registered, signedIn, verified } from '../support/accounts.ts'
import { expectRefusal } from '../support/answers.ts'
import { callWorker } from '../support/call-worker.ts'
import { captureLog } from '../support/captured-log.ts'
import { bearer, newEmail, PASSWORD, type SignedIn, waitForMail } from '../support/client.ts'
import { countRows, mailsSettled, rows } from '../support/database.ts'
import {
  d1,
  d1Writes,
  endedSessions,
  failingInMidBatch,
  faultyEnv,
  type Hits,
  kvReads,
  kvWrites,
  losingAnswers,
  pictures,
  queues,
  refusing,
  stalling,
  throttle,
} from '../support/faulty-env.ts'
import { generationOf } from '../support/grants.ts'
import type { Intercept } from '../support/intercept-env.ts'
import { listOperations, type Operation, samplesOf } from '../support/openapi.ts'
import { accountState } from '../support/stored-state.ts'

const NEW_PASSWORD = 'a quite different battery staple'
const { env: faulty, fail } = faultyEnv({ RATE_LIMITS: 'off' })

const ask = (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) =>
  callWorker(faulty, method, path, body === undefined ? { headers } : { body, headers })
const post = (path: string, body: unknown, headers: Record<string, string> = {}) => ask('POST', path, body, headers)
const get = (path: string, headers: Record<string, string> = {}) => ask('GET', path, undefined, headers)

/** Sends a request while something is broken. */
async function during(fault: Intercept, request: () => Promise<Response>): Promise<Response> {
  fail(fault)
  try {
    return await request()
  } finally {
    fail(null)
  }
}

/** Sends a request while something hangs, and lets the deadline pass. */
async function whileStalling(hits: Hits, request: () => Promise<Response>): Promise<Response> {
  const { fault, send, passDeadline } = stalling(hits)
  const answer = send(() => during(fault, request))
  await passDeadline()
  vi.useRealTimers()
  return await answer
}

/** Expects the 503 that tells of a broken dependency, with the time after which to come back. */
async function expectUnavailable(response: Response): Promise<void> {
  await expectRefusal(response, 503, 'dependency_unavailable')
  expect(Number(response.headers.get('Retry-After'))).toBeGreaterThan(0)
}

const mailsTo = async (email: string) => await env.DEV_MAILBOX.getByName('mailbox').list(email)

let log: ReturnType<typeof captureLog>
beforeEach(async () => {
  log = captureLog()
  await get('/.well-known/jwks.json')
})
afterEach(() => {
  log.release()
  vi.useRealTimers()
})
afterAll(mailsSettled)

/** Each entry says what breaks and how. */
const FAULTS: [name: string, fault: Intercept][] = [
  ['D1 refuses', refusing(d1)],
  ['D1 refuses writes', refusing(d1Writes)],
  ['D1 fails in the middle of a batch', failingInMidBatch],
  ['D1 loses its answers', losingAnswers(d1Writes)],
  ['KV refuses reads', refusing(kvReads)],
  ['KV refuses writes', refusing(kvWrites)],
  ['the throttle object is unreachable', refusing(throttle)],
  ['the throttle object loses its answers', losingAnswers(throttle)],
  ['the queues refuse', refusing(queues)],
  ['R2 refuses', refusing(pictures)],
]

/** With these faults, a request that was answered 503 may have stored nothing at all. */
const NOTHING_STORED = FAULTS.map(([name]) => name).filter(
  (name) => /^D1 (refuses|fails)/.test(name) || /^the throttle/.test(name),
)

const operations = listOperations().map((operation) => [`${operation.method} ${operation.path}`, operation] as const)

/** Builds a request with an address of its own that is right as far as the document can tell. */
function rightRequest({ method, path, body }: Operation): [method: string, path: string, body?: unknown] {
  const [, sample] = body?.mediaTypes.includes('application/json') ? [null, ...samplesOf(body.schema)] : []
  const own =
    typeof sample === 'object' && sample !== null && 'email' in sample ? { ...sample, email: newEmail() } : sample
  return [method, path.replace(/\{\w+\}/g, 'no-such-thing'), own]
}

describe.each(FAULTS)('every operation while %s', (name, fault) => {
  it.each(operations)(
    '%s answers as it should or 503 with Retry-After, never 500 (ASVS 16.5.2)',
    async (_, operation) => {
      const headers = operation.security.includes('bearer') ? bearer((await signedIn()).tokens.accessToken) : {}
      const before = await accountState()
      const [method, path, body] = rightRequest(operation)
      const response = await during(fault, () => ask(method, path, body, headers))
      if (response.status >= 500 && path !== '/health/ready') {
        await expectUnavailable(response)
        if (NOTHING_STORED.includes(name)) expect(await accountState()).toEqual(before)
      }
    },
  )
})

describe('D1 failing in the middle of a batch (ASVS 16.5.3)', () => {
  it('POST /auth/register stores nothing, and the address registers at the second try (better-auth 1.7.7)', async () => {
    const account = { email: newEmail(), password: PASSWORD, username: 'halfway' }
    await expectUnavailable(await during(failingInMidBatch, () => post('/auth/register', account)))
    expect(await countRows('users', 'email = ?', account.email)).toBe(0)
    expect(await countRows('outbox', 'recipient = ?', account.email)).toBe(0)
    expect((await post('/auth/register', account)).status).toBe(202)
    const token = await mailedToken(account.email, 'verify_email')
    expect((await post('/auth/verify-email', { token })).status).toBe(200)
    expect(await canLogIn(account.email, PASSWORD)).toBe(true)
  })

  it('POST /auth/verify-email does not use the token up', async () => {
    const { email, id } = await registered()
    const token = await mailedToken(email, 'verify_email')
    await expectUnavailable(await during(failingInMidBatch, () => post('/auth/verify-email', { token })))
    expect(await countRows('users', 'id = ? and email_verified_at is null', id)).toBe(1)
    expect((await post('/auth/verify-email', { token })).status).toBe(200)
  })

  it('POST /auth/reset-password keeps the old password and the token', async () => {
    const { email } = await verified()
    await post('/auth/forgot-password', { email })
    const token = await mailedToken(email, 'reset_password')
    const reset = { token, password: NEW_PASSWORD }
    await expectUnavailable(await during(failingInMidBatch, () => post('/auth/reset-password', reset)))
    expect(await canLogIn(email, PASSWORD)).toBe(true)
    expect((await post('/auth/reset-password', reset)).status).toBe(204)
    expect(await canLogIn(email, NEW_PASSWORD)).toBe(true)
  })

  it('POST /auth/login opens no session', async () => {
    const { email, id } = await verified()
    await expectUnavailable(
      await during(failingInMidBatch, () => post('/auth/login', { identifier: email, password: PASSWORD })),
    )
    expect(await countRows('sessions', 'user_id = ?', id)).toBe(0)
  })

  it('POST /auth/refresh does not rotate, so the same token works at the second try', async () => {
    const { tokens, session } = await signedIn()
    await expectUnavailable(
      await during(failingInMidBatch, () => post('/auth/refresh', { refreshToken: tokens.refreshToken })),
    )
    expect(await generationOf(session.id)).toBe(0)
    expect((await post('/auth/refresh', { refreshToken: tokens.refreshToken })).status).toBe(200)
  })

  it('DELETE /auth/me deletes nothing', async () => {
    const { tokens, id } = await signedIn()
    const headers = bearer(tokens.accessToken)
    await expectUnavailable(await during(failingInMidBatch, () => ask('DELETE', '/auth/me', undefined, headers)))
    expect(await countRows('users', 'id = ?', id)).toBe(1)
    expect((await get('/auth/me', headers)).status).toBe(200)
  })
})

describe('D1 losing the answer of a batch that was stored', () => {
  const lost = losingAnswers(d1Writes)

  it('POST /auth/register leaves a whole account, whose mail still comes', async () => {
    const email = newEmail()
    await expectUnavailable(await during(lost, () => post('/auth/register', { email, password: PASSWORD })))
    expect(await countRows('users', 'email = ?', email)).toBe(1)
    await sweepLater()
    expect((await waitForMail(email)).subject).not.toBe('')
  })

  it('POST /auth/refresh gives the same successor at the second try', async () => {
    const { tokens } = await signedIn()
    await expectUnavailable(await during(lost, () => post('/auth/refresh', { refreshToken: tokens.refreshToken })))
    const again = await post('/auth/refresh', { refreshToken: tokens.refreshToken })
    expect(again.status).toBe(200)
    const successor = (await again.json()) as SignedIn['tokens']
    expect((await post('/auth/refresh', { refreshToken: successor.refreshToken })).status).toBe(200)
  })

  it('POST /auth/logout is completed by the second try', async () => {
    const { tokens } = await signedIn()
    const headers = bearer(tokens.accessToken)
    await expectUnavailable(await during(lost, () => post('/auth/logout', {}, headers)))
    expect((await post('/auth/logout', {}, headers)).status).toBe(204)
    expect((await get('/auth/session', headers)).status).toBe(401)
  })
})

describe('a dependency that never answers (ASVS 16.5.2)', () => {
  const login = async () => {
    const { email } = await verified()
    return { identifier: email, password: PASSWORD }
  }

  it('D1: POST /auth/login answers 503 after the deadline, opens no session, and works again afterwards', async () => {
    const credentials = await login()
    await expectUnavailable(await whileStalling(d1, () => post('/auth/login', credentials)))
    await expectUnavailable(await whileStalling(d1Writes, () => post('/auth/login', credentials)))
    expect(
      await countRows('sessions', 'user_id = (select id from users where email = ?)', credentials.identifier),
    ).toBe(0)
    expect((await post('/auth/login', credentials)).status).toBe(200)
  })

  it('D1: POST /auth/register answers 503 after the deadline, and stores nothing', async () => {
    const email = newEmail()
    await expectUnavailable(await whileStalling(d1, () => post('/auth/register', { email, password: PASSWORD })))
    expect(await countRows('users', 'email = ?', email)).toBe(0)
  })

  it('D1: other requests are answered meanwhile (buildinternet/uploads#805)', async () => {
    const { tokens } = await signedIn()
    await get('/auth/session', bearer(tokens.accessToken))
    const { fault, send, passDeadline } = stalling(d1)
    const stalled = send(() => during(fault, () => get('/auth/me', bearer(tokens.accessToken))))
    expect((await get('/auth/session', bearer(tokens.accessToken))).status).toBe(200)
    await passDeadline()
    await expectUnavailable(await stalled)
  })

  it('KV: GET /auth/session answers 503 after the deadline in an isolate that knows no list', async () => {
    const { tokens } = await signedIn()
    const isolate = faultyEnv({ RATE_LIMITS: 'off' })
    const { fault, send, passDeadline } = stalling(kvReads)
    isolate.fail(fault)
    const headers = bearer(tokens.accessToken)
    const answer = send(() => callWorker(isolate.env, 'GET', '/auth/session', { headers }))
    await passDeadline()
    vi.useRealTimers()
    await expectUnavailable(await answer)
  })

  it('the object of an ended session: POST /auth/logout succeeds after the deadline, and the queue tells it later', async () => {
    const { tokens } = await signedIn()
    const response = await whileStalling(endedSessions, () => post('/auth/logout', {}, bearer(tokens.accessToken)))
    expect(response.status).toBe(204)
  })

  it('the throttle object: POST /auth/login answers 503 after the deadline', async () => {
    const credentials = await login()
    await expectUnavailable(await whileStalling(throttle, () => post('/auth/login', credentials)))
  })

  it('the mail queue: POST /auth/register succeeds after the deadline, and the mail comes later, once', async () => {
    const email = newEmail()
    const response = await whileStalling(queues, () => post('/auth/register', { email, password: PASSWORD }))
    expect(response.status).toBe(202)
    await sweepLater()
    await waitForMail(email)
    expect(await mailsTo(email)).toHaveLength(1)
  })
})

describe('KV refusing', () => {
  it('the read that asks the published list fails closed with 503 in an isolate that knows none (ASVS 16.5.3)', async () => {
    const { tokens } = await signedIn()
    const isolate = faultyEnv({ RATE_LIMITS: 'off' })
    isolate.fail(refusing(kvReads))
    const read = (path: string) => callWorker(isolate.env, 'GET', path, { headers: bearer(tokens.accessToken) })
    await expectUnavailable(await read('/auth/session'))
    // These ask the database, and nobody else.
    for (const path of ['/auth/me', '/auth/sessions']) expect((await read(path)).status).toBe(200)
  })

  it('POST /auth/login and POST /auth/refresh work without it', async () => {
    const { email } = await verified()
    const kv = refusing(({ kind }) => kind === 'kv')
    const login = await during(kv, () => post('/auth/login', { identifier: email, password: PASSWORD }))
    expect(login.status).toBe(200)
    const { tokens } = (await login.json()) as SignedIn
    expect((await during(kv, () => post('/auth/refresh', { refreshToken: tokens.refreshToken }))).status).toBe(200)
  })
})

describe('the object of an ended session refusing', () => {
  it('POST /auth/logout succeeds: the session ends in D1 at once, and the queue tells the object', async () => {
    const { tokens, session } = await signedIn()
    const headers = bearer(tokens.accessToken)
    const response = await during(refusing(endedSessions), () => post('/auth/logout', {}, headers))
    expect(response.status).toBe(204)
    expect(await countRows('sessions', 'id = ?', session.id)).toBe(0)
    for (const path of ['/auth/me', '/auth/session']) expect((await get(path, headers)).status).toBe(401)
    // An isolate that did not end the session learns of it by the queue, the object and its list.
    await vi.waitUntil(
      async () => {
        return (await callWorker({ ...faulty }, 'GET', '/auth/session', { headers })).status === 401
      },
      { timeout: 20_000, interval: 100 },
    )
  }, 30_000)

  it('POST /auth/logout answers 503 and does nothing when the queue refuses too, and the second try completes it', async () => {
    const { tokens, session } = await signedIn()
    const headers = bearer(tokens.accessToken)
    const fault = refusing((call) => endedSessions(call) || queues(call))
    await expectUnavailable(await during(fault, () => post('/auth/logout', {}, headers)))
    expect(await countRows('sessions', 'id = ?', session.id)).toBe(1)
    expect((await get('/auth/me', headers)).status).toBe(200)
    expect((await post('/auth/logout', {}, headers)).status).toBe(204)
    expect(await countRows('sessions', 'id = ?', session.id)).toBe(0)
    expect((await post('/auth/refresh', { refreshToken: tokens.refreshToken })).status).toBe(401)
    expect((await get('/auth/session', headers)).status).toBe(401)
  })
})

describe('the throttle object unreachable', () => {
  it('lets nobody in, not even by the right password: it fails closed (ASVS 16.5.3)', async () => {
    const { email, id } = await verified()
    const credentials = { identifier: email, password: PASSWORD }
    await expectUnavailable(await during(refusing(throttle), () => post('/auth/login', credentials)))
    expect(await countRows('sessions', 'user_id = ?', id)).toBe(0)
  })

  it('POST /auth/reset-password keeps the token for a second try', async () => {
    const { email } = await verified()
    await post('/auth/forgot-password', { email })
    const reset = { email, code: await mailedCode(email, 'reset_password'), password: NEW_PASSWORD }
    await expectUnavailable(await during(refusing(throttle), () => post('/auth/reset-password', reset)))
    expect((await post('/auth/reset-password', reset)).status).toBe(204)
  })
})

describe('the mail queue', () => {
  it('lets every request succeed while it refuses, and the cron sweeps the mail, which arrives once', async () => {
    const email = newEmail()
    const response = await during(refusing(queues), () => post('/auth/register', { email, password: PASSWORD }))
    expect(response.status).toBe(202)
    expect(await rows('select state, attempts from outbox where recipient = ?', email)).toEqual([
      { state: 'pending', attempts: 0 },
    ])
    await sweepLater()
    await waitForMail(email)
    await sweepLater()
    await mailsSettled()
    expect(await mailsTo(email)).toHaveLength(1)
    expect(await rows('select state, attempts from outbox where recipient = ?', email)).toEqual([
      { state: 'delivered', attempts: 1 },
    ])
  })

  it('causes one mail when it delivers a message twice, in one batch or in two at once', async () => {
    const email = newEmail()
    await during(refusing(queues), () => post('/auth/register', { email, password: PASSWORD }))
    const [mail] = await rows<{ id: string }>('select id from outbox where recipient = ?', email)
    const deliver = async () => {
      const message = () => ({
        id: crypto.randomUUID(),
        timestamp: new Date(),
        attempts: 1,
        body: { outboxId: mail?.id },
      })
      const batch = createMessageBatch('postern-development-mail', [message(), message()])
      const context = createExecutionContext()
      await worker.queue(batch, env as Env, context)
      return await getQueueResult(batch, context)
    }
    const results = await Promise.all([deliver(), deliver()])
    expect(results.flatMap(({ explicitAcks }) => explicitAcks)).toHaveLength(4)
    expect(await mailsTo(email)).toHaveLength(1)
    expect(await rows('select state, attempts from outbox where recipient = ?', email)).toEqual([
      { state: 'delivered', attempts: 1 },
    ])
  })
})

describe('GET /health/ready', () => {
  it.each([
    ['database', d1, ['database', 'signingKeys']],
    ['blocklist', kvReads, ['blocklist']],
    ['endedSessions', endedSessions, ['endedSessions']],
    ['loginThrottle', throttle, ['loginThrottle']],
    ['pictures', pictures, ['pictures']],
  ] as const)('says that %s is down, and that the others are not', async (_name, hits, names) => {
    // This isolate is a new one, which remembers no earlier answer.
    const isolate = faultyEnv()
    isolate.fail(refusing(hits))
    const response = await callWorker(isolate.env, 'GET', '/health/ready')
    expect(response.status).toBe(503)
    expect(Number(response.headers.get('Retry-After'))).toBeGreaterThan(0)
    const { dependencies } = (await response.json()) as { dependencies: Record<string, { status: string }> }
    const down = Object.entries(dependencies).filter(([, { status }]) => status !== 'ok')
    expect(down.map(([dependency]) => dependency)).toEqual(names)
  })
})

/** Runs the cron at a time at which every waiting mail is overdue. */
async function sweepLater(): Promise<void> {
  vi.setSystemTime(Date.now() + (MAIL_SWEEP_AFTER_SECONDS + 1) * 1000)
  const context = createExecutionContext()
  await worker.scheduled(createScheduledController({ cron: '* * * * *' }), env as Env, context)
  await waitOnExecutionContext(context)
  vi.useRealTimers()
}
