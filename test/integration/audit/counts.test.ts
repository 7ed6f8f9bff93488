import { env } from 'cloudflare:workers'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { MAIL_MAX_PER_KIND_AND_HOUR } from '../../../src/config.ts'
import { deactivate, registered, verified } from '../../support/accounts.ts'
import { callWorker } from '../../support/call-worker.ts'
import { newEmail, PASSWORD } from '../../support/client.ts'
import { auditOf, countRows, rows } from '../../support/database.ts'

const post = async (path: string, body: object) => (await callWorker(env as Env, 'POST', path, { body })).status
const logIn = (identifier: string) => post('/auth/login', { identifier, password: 'not the password' })
const forgot = (email: string) => post('/auth/forgot-password', { email })
const resend = (email: string) => post('/auth/resend-verification', { email })
const register = (email: string) => post('/auth/register', { email, password: PASSWORD })

async function counted(kind: string): Promise<number> {
  const [row] = await rows('select sum(count) as count from audit_counts where kind = ?', kind)
  return Number(row?.count ?? 0)
}
const kept = () => countRows('audit_events', 'true')

afterEach(() => vi.useRealTimers())

describe('an event that concerns no account is counted by day and kind, and adds no row (ASVS 16.2.1)', () => {
  it('counts every one of many simultaneous logins with names that nobody has', async () => {
    const before = [await kept(), await counted('login.failed')]
    const names = Array.from({ length: 30 }, () => newEmail())
    expect(new Set(await Promise.all(names.map(logIn)))).toEqual(new Set([401]))
    expect([await kept(), await counted('login.failed')]).toEqual([before[0], Number(before[1]) + 30])
    const days = await rows("select day from audit_counts where kind = 'login.failed'")
    // The count has one row, or two rows if midnight passed.
    expect(days.length).toBeLessThanOrEqual(2)
    expect(days.map(({ day }) => day)).toContain(new Date().toISOString().slice(0, 10))
  })

  it('counts such logins also while they are throttled', async () => {
    const [name, before] = [newEmail(), await counted('login.throttled')]
    vi.setSystemTime(Date.now())
    const statuses = await Promise.all(Array.from({ length: 8 }, () => logIn(name)))
    expect(statuses).toContain(429)
    expect(await counted('login.throttled')).toBe(before + 1)
  })

  it.each([
    ['password.reset_requested', forgot],
    ['email.verification_requested', resend],
  ] as const)('%s for an address without an account', async (kind, ask) => {
    const before = [await kept(), await counted(kind)]
    for (let times = 0; times < 3; times += 1) expect(await ask(newEmail())).toBe(202)
    expect([await kept(), await counted(kind)]).toEqual([before[0], Number(before[1]) + 3])
  })
})

describe('an event that concerns an account is kept', () => {
  it('keeps a failed login with where it came from', async () => {
    const { id, email } = await verified()
    const before = await counted('login.failed')
    await logIn(email)
    expect(await auditOf('login.failed', id)).toMatchObject([{ details: { reason: 'wrong password' } }])
    expect(await counted('login.failed')).toBe(before)
  })

  it.each([
    ['password.reset_requested', forgot, verified],
    ['email.verification_requested', resend, registered],
    ['user.registration_repeated', register, verified],
  ] as const)('%s as often as it is mailed; what comes beyond that is counted', async (kind, ask, account) => {
    const { id, email } = await account()
    const before = await counted(kind)
    const asked = MAIL_MAX_PER_KIND_AND_HOUR + 2
    for (let times = 0; times < asked; times += 1) expect(await ask(email)).toBe(202)
    const events = (await auditOf(kind, id)).length
    expect(events).toBeGreaterThanOrEqual(MAIL_MAX_PER_KIND_AND_HOUR - 1)
    expect(events).toBeLessThanOrEqual(MAIL_MAX_PER_KIND_AND_HOUR)
    expect((await counted(kind)) - before).toBe(asked - events)
  })

  it('counts, but does not keep, a request that mails nothing because the account is deactivated', async () => {
    const { id, email } = await verified()
    await deactivate(id)
    const before = await counted('password.reset_requested')
    expect(await forgot(email)).toBe(202)
    expect(await auditOf('password.reset_requested', id)).toEqual([])
    expect(await counted('password.reset_requested')).toBe(before + 1)
  })
})
