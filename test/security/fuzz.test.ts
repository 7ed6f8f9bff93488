import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import worker from '../../src/index.ts'
import { signedIn } from '../support/accounts.ts'
import { bearer, ORIGIN, PASSWORD } from '../support/client.ts'
import { countingEnv } from '../support/counting-env.ts'
import { mailsSettled, type Row, rows } from '../support/database.ts'
import { type HostileBody, hostileBytes, hostileJson } from '../support/hostile-bodies.ts'
import { findLeaks } from '../support/log-leaks.ts'
import { listOperations, type Operation } from '../support/openapi.ts'

/** Every run has the same seed, so that a failure can be repeated. fast-check prints it with the counterexample. */
const SEED = 20261120
const RANDOM_BODIES = 40
const CLIENT = { id: 'fuzz', secret: 'fuzz-client-secret-of-32-characters' }

/** Rate limits are off, because they would answer instead of the routes. They have tests of their own. */
const { env: fuzzEnv, take } = countingEnv({ RATE_LIMITS: 'off', SERVICE_CLIENTS: JSON.stringify([CLIENT]) })

/** A request says in one of these ways who sends it. */
type Caller = 'nobody' | 'a signed-in user' | 'a known client'
type Headers = Record<string, string>

let session: Headers = {}
const headersOf = (caller: Caller): Headers => {
  if (caller === 'a signed-in user') return session
  return caller === 'nobody' ? {} : { Authorization: `Basic ${btoa(`${CLIENT.id}:${CLIENT.secret}`)}` }
}
/**
 * Answers who calls a route. One that asks for the caller is tried with and without one, because a stranger must not
 * even reach its checks.
 */
function callersOf({ security }: Operation): Caller[] {
  if (security.length === 0) return ['nobody']
  return ['nobody', security.includes('client') ? 'a known client' : 'a signed-in user']
}

interface Sent {
  status: number
  text: string
  headers: Response['headers']
}

async function sendRaw(method: string, path: string, headers: Headers, body?: Uint8Array<ArrayBuffer>): Promise<Sent> {
  const context = createExecutionContext()
  const init = { method, headers, redirect: 'manual' as const, ...(body && body.length > 0 ? { body } : {}) }
  const response = await worker.fetch(
    new Request<unknown, IncomingRequestCfProperties>(`${ORIGIN}${path}`, init),
    fuzzEnv,
    context,
  )
  const text = await response.text()
  await waitOnExecutionContext(context)
  return { status: response.status, text, headers: response.headers }
}

let tables: string[] = []

interface Stored {
  facts: Record<string, Row[]>
  auditRows: number
}

/**
 * Reads all rows of all tables in one round trip. It leaves out what any request may change, also later: deliveries,
 * guesses, when a session was last seen, and who was active on a day.
 */
async function stored(): Promise<Stored> {
  const answers = await env.DB.batch<Row>(tables.map((table) => env.DB.prepare(`select * from ${table}`)))
  const all = Object.fromEntries(tables.map((table, index) => [table, answers[index]?.results ?? []]))
  const { audit_events: audit = [], audit_counts: counts = [], outbox = [], ...others } = all
  const { active_users: _, daily_counts: __, ...facts } = others
  const mails = outbox.map(({ id, kind, recipient }) => ({ id: id ?? null, kind: kind ?? null, to: recipient ?? null }))
  const kept = Object.entries(facts).map(([table, found]) => [
    table,
    found.map(({ last_seen_at, attempts, ...row }) => row),
  ])
  const counted = counts.reduce((sum, { count }) => sum + Number(count), 0)
  return { facts: { ...Object.fromEntries(kept), outbox: mails }, auditRows: audit.length + counted }
}

/** The audit trail may record refusals with these statuses. */
const MAY_BE_AUDITED = [401, 403, 429]

/** The audit trail records that these were read. */
const RECORDED_READS = ['/auth/me/export']

/** Expects an answer whose status stands in the document. Where it is a refusal, its code must stand there too. */
function expectDocumented({ status, text }: Sent, { statuses, codes }: Operation, what: string): void {
  expect(statuses, what).toContain(status)
  if (status >= 400) expect(codes, `${what}: not documented`).toContain((JSON.parse(text) as { code?: string }).code)
}

/** Expects a problem with a 4xx status (RFC 9457). */
function expectProblem({ status, text, headers }: Sent, what: string): void {
  expect(status, `${what}: ${text}`).toBeGreaterThanOrEqual(400)
  expect(status, `${what}: ${text}`).toBeLessThan(500)
  expect(headers.get('Content-Type'), what).toBe('application/problem+json')
  const problem = JSON.parse(text) as Record<string, unknown>
  expect(problem, what).toMatchObject({
    status,
    code: expect.stringMatching(/^[a-z][a-z0-9_]+$/),
    title: expect.any(String),
  })
  expect(problem.requestId, what).toBe(headers.get('X-Request-Id'))
  expect(problem.requestId, what).toMatch(/^[0-9a-f-]{36}$/)
}

let before: Stored

/**
 * Proves that the last request changed nothing, except that some refusals may add to the trail. Where the request wrote
 * nothing at all, the counts prove it already.
 */
async function expectUnchanged(status: number, what: string, { isRecorded = false } = {}): Promise<void> {
  const { d1Writes, d1Batches, kvWrites, mailSends, r2Writes } = take()
  expect({ kvWrites, r2Writes }, what).toEqual({ kvWrites: 0, r2Writes: 0 })
  // A refused login always sends the message of a mail, so that nobody learns whether there is one. Only the outbox can
  // tell.
  if (d1Writes + d1Batches === 0) return expect(mailSends, what).toBe(0)
  const after = await stored()
  expect(after.facts, `${what} changed something`).toEqual(before.facts)
  if (!MAY_BE_AUDITED.includes(status) && !isRecorded)
    expect(after.auditRows, `${what} was audited`).toBe(before.auditRows)
  before = after
}

/**
 * Takes what a valid body changed for the new state to compare with, and opens a new session where the body ended the
 * session.
 */
async function settle(): Promise<void> {
  const { status } = await sendRaw('GET', '/auth/me', session)
  if (status !== 200) session = bearer((await signedIn()).tokens.accessToken)
  // The right password of an address that waits for its owner would mail the link again, which is the subject of
  // another test.
  await rows('update users set email_verified_at = created_at where email_verified_at is null')
  before = await stored()
  take()
}

/** Fills a value in for each parameter of a path. */
const fill = (path: string, value: string) => path.replace(/\{\w+\}/g, value)

async function tryBody(operation: Operation, caller: Caller, body: HostileBody): Promise<void> {
  const what = `${operation.method} ${operation.path} by ${caller}, ${body.name}`
  const type = body.contentType === null ? {} : { 'Content-Type': body.contentType }
  const path = fill(operation.path, 'no-such-thing')
  const sent = await sendRaw(operation.method, path, { ...type, ...headersOf(caller) }, body.bytes)
  expect(sent.headers.get('X-Request-Id'), what).toMatch(/^[0-9a-f-]{36}$/)
  expectDocumented(sent, operation, what)
  if (sent.status < 400) {
    expect(body.refusal, `${what}: ${sent.status}`).toBeNull()
    await settle()
    return
  }
  expectProblem(sent, what)
  await expectUnchanged(sent.status, what)
  if (caller === 'nobody' && operation.security.length > 0) expect(sent.status, what).toBe(401)
  else if (body.refusal !== null) {
    const earlier = operation.security.length > 0 || path !== operation.path ? [403, 404] : []
    expect([body.refusal, ...earlier], `${what}: ${sent.text}`).toContain(sent.status)
  }
}

const HOSTILE_SEGMENTS = [
  '%00',
  '%ff',
  '%ED%A0%80',
  '%',
  '%2',
  '%25',
  '..%2f..%2fadmin',
  '..%5c..',
  '%0d%0aSet-Cookie:a=b',
  '__proto__',
  'constructor',
  "'%20or%201=1%20--",
  '%F0%9F%92%A3',
  '*',
  '-1',
  '9'.repeat(400),
  'a'.repeat(20_000),
  '%E2%80%AE',
  '{id}',
  'null',
]

const HOSTILE_QUERY_VALUES = [
  '',
  '-1',
  '0',
  '101',
  '1e9',
  '1.5',
  'NaN',
  'null',
  '%00',
  '%ff',
  '[]',
  'a'.repeat(10_000),
  '%ED%A0%80',
  "'--",
]

const UNDECLARED_NAMES = ['unknown', '__proto__', '%00', '%ff', 'a[]', '']

/**
 * Builds queries with each hostile value, once and twice, under each name that the route knows. Some of the values also
 * come under names that it does not know.
 */
const hostileQueries = (declared: readonly string[]): string[] => [
  ...declared.flatMap((name) => HOSTILE_QUERY_VALUES.flatMap((v) => [`${name}=${v}`, `${name}=${v}&${name}=${v}`])),
  ...UNDECLARED_NAMES.flatMap((name) => HOSTILE_QUERY_VALUES.slice(-3).map((value) => `${name}=${value}`)),
]

const HOSTILE_HEADERS: Headers[] = [
  ...[
    'Bearer',
    'Bearer ',
    'Bearer  a b',
    'Bearer a',
    'Bearer a.b.c',
    `Bearer ${'a'.repeat(100_000)}`,
    'Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.',
    'Bearer eyJhbGciOiJFUzI1NiIsInR5cCI6ImF0K2p3dCIsImtpZCI6Il9fcHJvdG9fXyJ9.e30.AAAA',
    'Bearer ....',
    'Basic',
    'Basic :',
    'Basic Og==',
    'Basic //79',
    `Basic ${'A'.repeat(50_000)}`,
    'Digest username="a"',
    'bearer null, bearer null',
  ].map((Authorization) => ({ Authorization })),
  ...[
    '=',
    ';;;',
    '__Host-access',
    '__Host-access=',
    '__Host-access=a',
    '__Host-access=%ff%00',
    '__Host-access=a; __Host-access=b',
    '__Host-access=%E0%A4%A; __Secure-refresh=%',
    `__Host-access=${'a'.repeat(50_000)}`,
    '__Secure-refresh=v1.a.0.b',
    '__Secure-refresh=v1.00000000-0000-0000-0000-000000000000.0.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
    '__Host-device=v1.%00',
    'a'.repeat(50_000),
    '__proto__=1; constructor=2',
  ].flatMap((Cookie) => [{ Cookie }, { Cookie, 'Sec-Fetch-Site': 'same-origin' }, { Cookie, Origin: ORIGIN }]),
  { Authorization: 'Bearer a', Cookie: '__Host-access=a' },
  ...['null', 'http://localhost:8787.evil.example', 'javascript:alert(1)', 'x'.repeat(10_000), ''].map((Origin) => ({
    Origin,
  })),
  ...['x'.repeat(10_000), 'de;q=NaN', '*;q=-1', ','.repeat(5000)].map((value) => ({ 'Accept-Language': value })),
  { 'X-Device-Token': 'v1.a.b.c' },
  { 'X-Device-Token': 'a'.repeat(50_000) },
  { 'X-Request-Id': 'mine' },
  { 'User-Agent': '<'.repeat(5000) },
  { 'User-Agent': '' },
  { 'CF-Connecting-IP': 'not an address' },
  { 'CF-Connecting-IP': ':::::1' },
  { 'CF-Connecting-IP': '1'.repeat(5000) },
  { 'X-Forwarded-For': "'", 'X-Forwarded-Host': 'evil.example', Host: 'evil.example' },
  { 'Content-Type': 'x'.repeat(10_000) },
  { 'Content-Length': '99999999999' },
  { 'If-None-Match': '"'.repeat(1000), Range: 'bytes=9-1', Accept: 'application/xml' },
]

/** Thousands of requests write thousands of lines. The test looks at them here and does not print them. */
const logged: string[] = []
for (const level of ['info', 'warn', 'error'] as const)
  vi.spyOn(console, level).mockImplementation((...line: unknown[]) => {
    logged.push(line.join(' '))
  })

const operations = listOperations()
const matches = (pattern: string, path: string) => new RegExp(`^${pattern.replace(/\{\w+\}/g, '[^/]+')}$`).test(path)
const named = operations.map((operation) => [`${operation.method} ${operation.path}`, operation] as const)

describe('hostile input to every operation of /openapi.json', { timeout: 60_000 }, () => {
  beforeAll(async () => {
    fc.configureGlobal({ seed: SEED, numRuns: RANDOM_BODIES, endOnFailure: true })
    const found = await rows<{ name: string }>(
      "select name from sqlite_master where type = 'table' and name not like 'sqlite_%' and name not like '_cf_%' and name not like 'd1_%'",
    )
    tables = found.map(({ name }) => name)
    session = bearer((await signedIn()).tokens.accessToken)
    await sendRaw('GET', '/auth/session', session)
  })
  beforeEach(async () => {
    before = await stored()
    take()
  })
  afterAll(mailsSettled)

  it('walks the document that is served', async () => {
    const served = JSON.parse((await sendRaw('GET', '/openapi.json', {})).text) as { paths: Record<string, object> }
    const documented = Object.entries(served.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    )
    expect(named.map(([name]) => name).sort()).toEqual(documented.sort())
    expect(tables).toEqual(expect.arrayContaining(['users', 'sessions', 'one_time_tokens', 'outbox', 'audit_events']))
  })

  describe.each(named.filter(([, { body }]) => body !== null))('%s', (_, operation) => {
    it.each(callersOf(operation))('refuses each hostile body from %s, and changes nothing', async (caller) => {
      if (!operation.body) return
      const isJson = operation.body.mediaTypes.includes('application/json')
      const { always, more } = isJson ? hostileJson(operation.body) : hostileBytes(operation.body)
      await fc.assert(
        fc.asyncProperty(more, async (body) => await tryBody(operation, caller, body)),
        { numRuns: always.length + RANDOM_BODIES, examples: always.map((body) => [body] as [HostileBody]) },
      )
    })
  })

  describe.each(named)('%s', (_, operation) => {
    it('answers hostile headers with a problem or like a request without them, and changes nothing', async () => {
      for (const headers of HOSTILE_HEADERS) {
        const what = `${operation.method} ${operation.path}, ${JSON.stringify(headers).slice(0, 200)}`
        const sent = await sendRaw(operation.method, fill(operation.path, 'no-such-thing'), headers)
        expectDocumented(sent, operation, what)
        if (sent.status >= 400) expectProblem(sent, what)
        else expect(operation.security, what).toEqual([])
        await expectUnchanged(sent.status, what)
      }
    })
  })

  describe.each(named.filter(([, { path }]) => path.includes('{')))('%s', (_, operation) => {
    it.each(callersOf(operation))('refuses each hostile path parameter from %s', async (caller) => {
      for (const segment of HOSTILE_SEGMENTS) {
        const what = `${operation.method} ${fill(operation.path, segment.slice(0, 100))}`
        const sent = await sendRaw(operation.method, fill(operation.path, segment), headersOf(caller))
        expectDocumented(sent, operation, what)
        expectProblem(sent, what)
        await expectUnchanged(sent.status, what)
      }
    })
  })

  describe.each(named.filter(([, { method }]) => method === 'GET'))('%s', (_, operation) => {
    it.each(callersOf(operation))('takes no harm from a hostile query of %s', async (caller) => {
      const declared = operation.parameters.filter((parameter) => parameter.in === 'query').map(({ name }) => name)
      for (const query of hostileQueries(declared)) {
        const sent = await sendRaw('GET', `${fill(operation.path, 'no-such-thing')}?${query}`, headersOf(caller))
        expectDocumented(sent, operation, query)
        if (sent.status >= 400) expectProblem(sent, query)
        await expectUnchanged(sent.status, query, { isRecorded: RECORDED_READS.includes(operation.path) })
      }
    })
  })
})

describe('the log of the hostile requests', () => {
  it('is one line of JSON for each, and holds no error and no secret (ASVS 16.4.1)', () => {
    expect(logged.length).toBeGreaterThan(1000)
    const lines = logged.map((line) => JSON.parse(line) as { level: string; message: string })
    expect(lines.filter(({ level }) => level === 'error')).toEqual([])
    const secrets = new Map([
      [PASSWORD, 'a password'],
      [CLIENT.secret, 'a client secret'],
    ])
    expect(logged.filter((line) => findLeaks(line, secrets).length > 0)).toEqual([])
  })
})

describe('addresses and methods outside /openapi.json', () => {
  it.each([
    '/',
    '/auth',
    '/auth/',
    '/auth/login/',
    '//auth/login',
    '/AUTH/login',
    '/auth/%6cogin%00',
    '/%ff',
    '/.env',
    '/auth/../admin',
    `/${'a/'.repeat(2000)}`,
  ])('answers 404 for %s', async (path) => {
    const sent = await sendRaw('POST', path, {})
    expectProblem(sent, path)
    expect([404, 405]).toContain(sent.status)
  })

  it('answers 405 with Allow for each method that a path does not take', async () => {
    const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']
    for (const path of new Set(operations.map((operation) => operation.path))) {
      const known = operations.filter((operation) => matches(operation.path, path)).map(({ method }) => method)
      for (const method of methods.filter((candidate) => !known.includes(candidate))) {
        const sent = await sendRaw(method, fill(path, 'a'), {})
        expectProblem(sent, `${method} ${path}`)
        expect(sent.status, `${method} ${path}`).toBe(405)
        const allowed = (sent.headers.get('Allow') ?? '').split(/,\s*/)
        expect(allowed, `${method} ${path}`).toEqual(expect.arrayContaining(known))
        expect(allowed, `${method} ${path}`).not.toContain(method)
      }
    }
  })
})
