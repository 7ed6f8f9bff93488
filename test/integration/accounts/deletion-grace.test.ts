import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { SignedIn } from '../../../src/contracts/login.ts'
import { administrator, mailedToken, signedIn } from '../../support/accounts.ts'
import { answerOf, expectRefusal } from '../../support/answers.ts'
import { callWorker } from '../../support/call-worker.ts'
import { bearer, PASSWORD, post, waitForMail } from '../../support/client.ts'
import { auditOf, countRows, rows } from '../../support/database.ts'
import { changedBefore } from '../../support/intercept-env.ts'
import { runJobs } from '../../support/jobs.ts'
import { queryOne } from '../../support/stored-state.ts'

const DAY_MS = 86_400_000
const grace = { ...env, DELETION_GRACE_DAYS: '7', RATE_LIMITS: 'off' } as unknown as Env
type Person = Awaited<ReturnType<typeof signedIn>>

const remove = ({ tokens }: Person, bindings = grace) =>
  callWorker(bindings, 'DELETE', '/auth/me', { headers: bearer(tokens.accessToken), body: {} })
const logIn = ({ email }: Person, password = PASSWORD, bindings = grace) =>
  callWorker(bindings, 'POST', '/auth/login', { body: { identifier: email, password } })
const deletesAt = async ({ id }: Person) => (await queryOne('select deletes_at from users where id = ?', id)).deletes_at
const isThere = async ({ id }: Person) => (await countRows('users', 'id = ?', id)) === 1

let person: Person
beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() })
  person = await signedIn()
})
afterEach(() => vi.useRealTimers())

describe('DELETE /auth/me with DELETION_GRACE_DAYS', () => {
  it('ends every session at once, keeps the account for these days and says so by mail (ASVS 7.4.2)', async () => {
    expect((await remove(person)).status).toBe(204)
    expect(await countRows('sessions', 'user_id = ?', person.id)).toBe(0)
    const headers = bearer(person.tokens.accessToken)
    await expectRefusal(await callWorker(grace, 'GET', '/auth/session', { headers }), 401, 'unauthenticated')
    const { refreshToken } = person.tokens
    await expectRefusal(await post('/auth/refresh', { refreshToken }), 401, 'invalid_refresh_token')
    expect(await deletesAt(person)).toBe(Date.now() + 7 * DAY_MS)
    const [event] = await auditOf('user.deletion_requested', person.id)
    expect(event?.details).toEqual({ deletesAt: new Date(Date.now() + 7 * DAY_MS).toISOString() })
    const { text } = await waitForMail(person.email, ({ subject }) => subject.includes('will be deleted'))
    expect(text).toContain('7 days')
  })

  it('deletes the account when these days are over, and tells its owner', async () => {
    await remove(person)
    vi.setSystemTime(Date.now() + 7 * DAY_MS - 1)
    await runJobs()
    expect(await isThere(person)).toBe(true)
    vi.setSystemTime(Date.now() + 1)
    await runJobs()
    expect(await isThere(person)).toBe(false)
    expect(await auditOf('user.deleted', person.id)).toMatchObject([{ actor_id: null }])
    await waitForMail(person.email, ({ subject }) => subject.includes('was deleted'))
  })

  it('is undone by a login, whose answer and a mail say so', async () => {
    await remove(person)
    const kept = await answerOf(await logIn(person), SignedIn)
    expect(kept.deletionStopped).toBe(true)
    expect(await deletesAt(person)).toBeNull()
    expect(await auditOf('user.deletion_stopped', person.id)).toMatchObject([{ actor_id: person.id }])
    await waitForMail(person.email, ({ subject }) => subject.includes('will not be deleted'))
    expect((await answerOf(await logIn(person), SignedIn)).deletionStopped).toBeUndefined()
    vi.setSystemTime(Date.now() + 8 * DAY_MS)
    await runJobs()
    expect(await isThere(person)).toBe(true)
  })

  it('is not undone by a wrong password, nor by a new password alone', async () => {
    await remove(person)
    await expectRefusal(await logIn(person, 'wrong'), 401, 'invalid_credentials')
    await post('/auth/forgot-password', { email: person.email })
    const token = await mailedToken(person.email, 'reset_password')
    const password = 'a quite different battery staple'
    expect((await post('/auth/reset-password', { token, password })).status).toBe(204)
    expect(await deletesAt(person)).not.toBeNull()
    expect((await answerOf(await logIn(person, password), SignedIn)).deletionStopped).toBe(true)
  })

  it('is undone by the link of a notice that says that a change was not made by the owner', async () => {
    const headers = bearer(person.tokens.accessToken)
    const body = { currentPassword: PASSWORD, newPassword: 'a quite different battery staple' }
    expect((await callWorker(grace, 'POST', '/auth/change-password', { headers, body })).status).toBe(204)
    await remove(person)
    expect((await post('/auth/not-me', { token: await mailedToken(person.email, 'not_me') })).status).toBe(204)
    expect(await deletesAt(person)).toBeNull()
  })

  it('lets a login and the end of the grace race: one of them wins, and the other does nothing', async () => {
    await remove(person)
    vi.setSystemTime(Date.now() + 7 * DAY_MS)
    const late = changedBefore(grace, /^insert into "sessions"/i, () => runJobs())
    await expectRefusal(await logIn(person, PASSWORD, late), 401, 'invalid_credentials')
    expect(await isThere(person)).toBe(false)
    const other = await signedIn()
    await remove(other)
    vi.setSystemTime(Date.now() + 7 * DAY_MS)
    await runJobs(changedBefore(grace, /^insert into "audit_events"/i, () => logIn(other)))
    expect(await isThere(other)).toBe(true)
    expect(await auditOf('user.deleted', other.id)).toEqual([])
    expect(await countRows('sessions', 'user_id = ?', other.id)).toBe(1)
  })

  it('makes a login that is under way fail, so that it does not keep the account unseen', async () => {
    const meanwhile = changedBefore(grace, /^insert into "sessions"/i, () => remove(person))
    await expectRefusal(await logIn(person, PASSWORD, meanwhile), 401, 'invalid_credentials')
    expect(await deletesAt(person)).not.toBeNull()
  })

  it('counts nobody as the last administrator who is to be deleted', async () => {
    await rows("delete from user_roles where role = 'admin'")
    const [leaving, last] = [await administrator(), await administrator()]
    expect((await remove(leaving)).status).toBe(204)
    await expectRefusal(await last.send('PUT', `/users/${last.id}/roles`, { roles: [] }), 409, 'last_admin')
    await expectRefusal(await remove(last), 409, 'last_admin')
    expect((await last.send('GET', '/users')).status).toBe(200)
  })

  it('has no days for whom an administrator deletes, also while they wait for their own deletion', async () => {
    const admin = await administrator()
    const other = await signedIn()
    await remove(other)
    for (const { id } of [person, other]) {
      const headers = bearer(admin.tokens.accessToken)
      expect((await callWorker(grace, 'DELETE', `/users/${id}`, { headers })).status).toBe(204)
    }
    expect([await isThere(person), await isThere(other)]).toEqual([false, false])
  })
})
