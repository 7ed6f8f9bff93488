import { afterAll, describe, expect, it } from 'vitest'
import { deactivate, registered, verified } from '../support/accounts.ts'
import { callWorker } from '../support/call-worker.ts'
import { newEmail, PASSWORD, tokenIn, waitForMail } from '../support/client.ts'
import { countingEnv } from '../support/counting-env.ts'
import { countRows, mailsSettled, rows } from '../support/database.ts'
import { type Seen, seePost } from '../support/seen-answers.ts'

const counting = countingEnv()
const NEW_PASSWORD = 'a quite different battery staple'

afterAll(mailsSettled)

const ask = (path: string, body: unknown): Promise<Seen> => seePost(counting, path, body)

/** An address may have one of these accounts. Each call creates a new one for the test that asks. */
const KNOWN: Record<string, () => Promise<{ email: string }>> = {
  'a verified account': () => verified(),
  'an account that waits for its verification': () => registered(),
  'a deactivated account': async () => {
    const account = await verified()
    await deactivate(account.id)
    return account
  },
}
const ROUTES: Record<string, (email: string) => Promise<Seen>> = {
  '/auth/register': (email) => ask('/auth/register', { email, password: NEW_PASSWORD }),
  '/auth/register with a username and a name': (email) =>
    ask('/auth/register', {
      email,
      password: NEW_PASSWORD,
      username: `u${crypto.randomUUID().replace(/-/g, '').slice(0, 12)}`,
      name: 'Ada',
    }),
  '/auth/forgot-password': (email) => ask('/auth/forgot-password', { email }),
  '/auth/resend-verification': (email) => ask('/auth/resend-verification', { email }),
  '/auth/login': (identifier) => ask('/auth/login', { identifier, password: NEW_PASSWORD }),
}

describe('nobody is told who has an account (ASVS 6.3.8; supabase/auth#1955, supabase/auth#1547, supabase/auth#2702)', () => {
  const table = Object.keys(ROUTES).flatMap((route) => Object.keys(KNOWN).map((known) => [route, known] as const))

  it.each(table)(
    'POST %s answers for %s as for an unknown address: status, body, headers and calls',
    async (route, known) => {
      const { email } = (await KNOWN[known]?.()) ?? { email: '' }
      const send = ROUTES[route]
      await send?.(newEmail())
      const unknown = await send?.(newEmail())
      expect(await send?.(email)).toEqual(unknown)
      expect(unknown?.status).toBeLessThan(402)
      expect(unknown?.headers).not.toHaveProperty('set-cookie')
    },
  )

  it('POST /auth/login answers alike for a known username, an unknown one and an address', async () => {
    const username = `ada${Date.now()}`
    await verified({ username })
    const login = (identifier: string) => ask('/auth/login', { identifier, password: NEW_PASSWORD })
    await login('warm')
    const unknown = await login('nobodyhere')
    expect(unknown.status).toBe(401)
    expect(await login(username)).toEqual(unknown)
    expect(await login(username.toUpperCase())).toEqual(unknown)
    expect(await login(newEmail())).toEqual(unknown)
    expect(await login('not an address@')).toEqual(unknown)
  })

  it('POST /auth/login is throttled for an unknown address exactly as for a known one', async () => {
    const { email } = await verified()
    const attempts = async (identifier: string) => {
      const seen: Seen[] = []
      for (let attempt = 0; attempt < 8; attempt += 1)
        seen.push(await ask('/auth/login', { identifier, password: NEW_PASSWORD }))
      return seen
    }
    const known = await attempts(email)
    expect(known.at(-1)).toMatchObject({ status: 429, body: { code: 'login_throttled' } })
    expect(await attempts(newEmail())).toEqual(known)
  })

  it('POST /auth/login tells nobody that an account is unverified, and only the owner of a confirmed one that it is deactivated', async () => {
    const waiting = await registered()
    const endedBefore = await registered()
    const ended = await verified()
    for (const { id } of [endedBefore, ended]) await deactivate(id)
    const outcome = async (identifier: string, password: string) => {
      const { status, body } = await ask('/auth/login', { identifier, password })
      return [status, body.code]
    }
    for (const { email } of [waiting, endedBefore, ended])
      expect(await outcome(email, NEW_PASSWORD)).toEqual([401, 'invalid_credentials'])
    for (const { email } of [waiting, endedBefore])
      expect(await outcome(email, PASSWORD)).toEqual([401, 'invalid_credentials'])
    expect(await outcome(ended.email, PASSWORD)).toEqual([403, 'account_deactivated'])
  })
})

describe('POST /auth/register with an address that has an account', () => {
  it.each(['a verified account', 'an account that waits for its verification'])(
    'tells the owner of %s by mail; it changes a verified one in nothing, and leaves no password in another',
    async (known) => {
      const { email } = (await KNOWN[known]?.()) ?? { email: '' }
      const before = await rows('select * from users where email = ?', email)
      const seen = await ask('/auth/register', { email, password: NEW_PASSWORD, username: 'mallory1', name: 'Mallory' })
      expect(seen).toMatchObject({ status: 202, body: { status: 'verification_sent' } })
      const dropped =
        known === 'a verified account' ? {} : { password_hash: null, password_changed_at: expect.any(Number) }
      expect(await rows('select * from users where email = ?', email)).toEqual([{ ...before[0], ...dropped }])
      expect(await countRows('users', "username = 'mallory1'")).toBe(0)
      expect(await countRows('outbox', "recipient = ? and kind = 'already_registered'", email)).toBe(1)
      const mail = await waitForMail(email, ({ text }) => text.includes('/reset-password#'))
      const reset = { token: tokenIn(mail), password: `${NEW_PASSWORD} 2` }
      const response = await callWorker(counting.env, 'POST', '/auth/reset-password', { body: reset })
      expect(response.status).toBe(204)
    },
  )

  it('sends nothing to an address without an account that forgot its password', async () => {
    const email = newEmail()
    await ask('/auth/forgot-password', { email })
    await ask('/auth/resend-verification', { email })
    expect(await countRows('outbox', 'recipient = ?', email)).toBe(0)
  })
})
