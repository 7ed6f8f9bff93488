import { env } from 'cloudflare:workers'
import { getTableColumns, getTableName, is } from 'drizzle-orm'
import { SQLiteTable } from 'drizzle-orm/sqlite-core'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import * as schema from '../../../src/storage/schema/index.ts'
import { administrator, canLogIn, registered, signedIn } from '../../support/accounts.ts'
import { sealTrail } from '../../support/audit-trail.ts'
import { callWorker } from '../../support/call-worker.ts'
import { bearer, get, PASSWORD, waitForMail } from '../../support/client.ts'
import { countRows, mailsSettled, rows } from '../../support/database.ts'
import { endedSessions, faultyEnv, queues, refusing } from '../../support/faulty-env.ts'
import { interceptEnv } from '../../support/intercept-env.ts'
import { runJobs } from '../../support/jobs.ts'
import { putMail } from '../../support/outbox.ts'
import { fillRow } from '../../support/personal-rows.ts'
import { sendPicture } from '../../support/picture-upload.ts'
import { png } from '../../support/pictures.ts'
import { readEverything, ringAlarms } from '../../support/stored-everywhere.ts'
import { queryOne } from '../../support/stored-state.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
const TIME = /^\d{4}-\d\d-\d\d(T|$)/
/** What keeps ids of people who are gone: the trail, what was sent of it, and who was counted on a day. */
const KEEPS_PSEUDONYMS = ['audit_events', 'webhook_deliveries', 'active_users']

const calm = { ...env, RATE_LIMITS: 'off' } as Env
const headers = { 'CF-Connecting-IP': '198.51.100.77', 'User-Agent': 'Rarebrowser/7.1 (of one person)' }
const cf = { country: 'NU', city: 'Alofi' } as IncomingRequestCfProperties

/** Lists the texts of an export, but for ids and times, and for what the trail says of each event. */
function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return UUID.test(value) || TIME.test(value) || value.length < 3 ? [] : [value]
  if (typeof value !== 'object' || value === null) return []
  const isEvent = 'actorId' in value
  return Object.entries(value).flatMap(([name, member]) =>
    isEvent && ['type', 'details'].includes(name) ? [] : textsIn(member),
  )
}

const hasColumn = (table: SQLiteTable, ...names: string[]) =>
  Object.values(getTableColumns(table)).some(({ name }) => names.includes(name))
/** Requests and jobs make the rows of these tables. Of the others that are about a person, the test plants rows. */
const MADE_BY_REQUESTS = ['audit_events', 'active_users', 'counted_users', 'sessions', 'erasures', 'pictures']
const tables: readonly SQLiteTable[] = Object.values(schema).flatMap((value) => (is(value, SQLiteTable) ? [value] : []))
const planted = tables
  .filter((table) => hasColumn(table, 'user_id', 'session_id'))
  .filter((table) => !MADE_BY_REQUESTS.includes(getTableName(table)))

beforeEach(() => vi.useFakeTimers({ toFake: ['Date'], now: Date.now() }))
afterEach(() => vi.useRealTimers())

describe('an account that is deleted', () => {
  it('leaves nothing that identifies the person a day later, wherever one looks (ASVS 14.2.7)', async () => {
    const told: unknown[] = []
    const bindings = interceptEnv(calm, (call, proceed) => {
      if (call.kind === 'queue') told.push(call.args)
      return proceed()
    })
    const other = await signedIn({ name: 'Somebody Else' })
    await callWorker(bindings, 'GET', '/auth/me', { headers: bearer(other.tokens.accessToken) })
    const before = JSON.stringify(await readEverything())
    const person = await signedIn({ name: 'Grace Brewster', username: 'gracebrewster' })
    const ask = (method: string, path: string, body?: unknown, more = {}) =>
      callWorker(bindings, method, path, {
        headers: { ...headers, ...more },
        cf,
        ...(body === undefined ? {} : { body }),
      })
    expect((await ask('POST', '/auth/login', { identifier: person.email, password: PASSWORD })).status).toBe(200)
    const wrong = { identifier: person.email, password: 'wrong' }
    for (const device of [person.session.deviceToken, 'no device'])
      await ask('POST', '/auth/login', wrong, { 'X-Device-Token': device })
    await ask('POST', '/auth/forgot-password', { email: person.email })
    await waitForMail(person.email)
    for (const [nth, table] of planted.entries()) await fillRow(table, person, nth)
    expect((await sendPicture(png(), { as: person, env: bindings })).status).toBe(200)
    // What streams the answer ends once it was read, so it must not be waited for before.
    const exported = await get('/auth/me/export', bearer(person.tokens.accessToken))
    expect(exported.status).toBe(200)
    const texts = [...new Set(textsIn(await exported.json()))].filter((text) => !before.includes(text))
    expect(texts.length).toBeGreaterThan(50)
    expect(texts).toEqual(
      expect.arrayContaining([
        person.email,
        'Grace Brewster',
        headers['CF-Connecting-IP'],
        headers['User-Agent'],
        'Alofi',
      ]),
    )
    await rows('update sessions set strong_authenticated_at = authenticated_at where user_id = ?', person.id)
    await rows("insert into user_roles (user_id, role) values (?, 'admin')", other.id)
    const body = { password: PASSWORD }
    expect((await ask('DELETE', '/auth/me', body, bearer(person.tokens.accessToken))).status).toBe(204)
    await waitForMail(person.email, ({ subject }) => subject.includes('deleted'))
    await mailsSettled()
    await runJobs(bindings)
    vi.setSystemTime(Date.now() + DAY_MS + HOUR_MS)
    await runJobs(bindings)
    await ringAlarms()
    const { database, ...elsewhere } = await readEverything()
    expect(elsewhere.bucket).toEqual([])
    const left = JSON.stringify([database, elsewhere, told])
    expect(texts.filter((text) => left.includes(text))).toEqual([])
    for (const table of KEEPS_PSEUDONYMS) delete database[table]
    expect(JSON.stringify([database, elsewhere, told])).not.toContain(person.id)
    expect(await countRows('audit_events', "type = 'user.deleted' and user_id = ?", person.id)).toBe(1)
    expect(await countRows('erasures', 'true')).toBe(0)
    expect((await queryOne('select count(*) as users from users where id = ?', other.id)).users).toBe(1)
    expect(await canLogIn(person.email, PASSWORD)).toBe(false)
  })
})

describe('what a deletion leaves for the jobs', () => {
  const remove = (tokens: { accessToken: string }, bindings: Env = env as Env) =>
    callWorker(bindings, 'DELETE', '/auth/me', { headers: bearer(tokens.accessToken), body: {} })

  it('is done once, though fifty requests delete the account at once', async () => {
    const { id, email, tokens } = await signedIn()
    const answers = await Promise.all(Array.from({ length: 50 }, () => remove(tokens, calm)))
    expect(answers.map(({ status }) => status).filter((status) => ![204, 401].includes(status))).toEqual([])
    expect(await countRows('audit_events', "type = 'user.deleted' and user_id = ?", id)).toBe(1)
    expect(await countRows('outbox', "kind = 'account_deleted' and recipient = ?", email)).toBe(1)
  })

  it('erases where the person came from in what they did to others, and the trail verifies (ASVS 14.2.7)', async () => {
    const [admin, other] = [await administrator(), await administrator()]
    const person = await signedIn()
    await callWorker(calm, 'PATCH', `/users/${person.id}`, {
      headers: { ...headers, ...bearer(admin.tokens.accessToken) },
      body: { name: 'Renamed' },
    })
    await sealTrail()
    expect((await remove(admin.tokens)).status).toBe(204)
    await runJobs()
    const [event] = await rows("select * from audit_events where type = 'user.updated' and user_id = ?", person.id)
    expect(event).toMatchObject({ actor_id: admin.id, ip: null, country: null, user_agent: null, salt: null })
    const path = '/audit-events/verification'
    const verified = await callWorker(calm, 'GET', path, { headers: bearer(other.tokens.accessToken) })
    expect(await verified.json()).toMatchObject({ intact: true })
  })

  it('tells the blocklist a minute later, where its object and its queue refuse now (ASVS 7.4.2)', async () => {
    const { id, tokens } = await signedIn()
    const { env: faulty, fail } = faultyEnv()
    fail(refusing((call) => endedSessions(call) || (queues(call) && call.binding === 'REVOCATION_QUEUE')))
    expect((await remove(tokens, faulty)).status).toBe(204)
    const reads = () => callWorker(faulty, 'GET', '/auth/session', { headers: bearer(tokens.accessToken) })
    expect((await reads()).status).toBe(200)
    fail(null)
    await runJobs(faulty)
    expect((await reads()).status).toBe(401)
    expect((await queryOne('select untold_sessions from erasures where user_id = ?', id)).untold_sessions).toBeNull()
  })

  it('keeps the mails of an hour, so that a deletion does not reset the limit of a mailbox', async () => {
    const { id, tokens } = await signedIn()
    const mails = [putMail({ state: 'delivered', user_id: id, created_at: Date.now() - HOUR_MS + 60_000 })]
    mails.push(putMail({ state: 'failed', user_id: id, created_at: Date.now() - HOUR_MS - 1 }))
    const [recent = '', old = ''] = await Promise.all(mails)
    await remove(tokens)
    await runJobs()
    expect(await countRows('outbox', 'id = ?', recent)).toBe(1)
    expect(await countRows('outbox', 'id = ?', old)).toBe(0)
  })

  it('lets a notice that waits still leave, without its link, so that a thief does not silence it', async () => {
    const { id, email, tokens } = await signedIn()
    const body = { currentPassword: PASSWORD, newPassword: 'a quite different battery staple' }
    const silent = { ...env, MAIL_QUEUE: { sendBatch: () => Promise.reject(new Error('down')) } } as unknown as Env
    await callWorker(silent, 'POST', '/auth/change-password', { headers: bearer(tokens.accessToken), body })
    await callWorker(silent, 'DELETE', '/auth/me', { headers: bearer(tokens.accessToken), body: {} })
    expect(await countRows('users', 'id = ?', id)).toBe(0)
    vi.setSystemTime(Date.now() + HOUR_MS)
    await runJobs()
    const { text } = await waitForMail(email, ({ subject }) => subject.includes('password was changed'))
    expect(text).not.toContain('#token=')
  })

  it('erases what is left of a sign-up that nobody confirmed', async () => {
    const { id, email } = await registered()
    await mailsSettled()
    await rows("update audit_events set ip = '192.0.2.9' where user_id = ?", id)
    vi.setSystemTime(Date.now() + 8 * DAY_MS)
    await runJobs()
    await runJobs()
    expect(await countRows('users', 'id = ?', id)).toBe(0)
    expect(await countRows('audit_events', "user_id = ? and type = 'user.expired'", id)).toBe(1)
    expect(await countRows('audit_events', 'user_id = ? and ip is not null', id)).toBe(0)
    expect(await countRows('outbox', 'recipient = ?', email)).toBe(0)
  })
})
