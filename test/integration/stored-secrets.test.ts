import { env, exports } from 'cloudflare:workers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { administrator, giveSecondFactor, settings, verified } from '../support/accounts.ts'
import { cookiesOf } from '../support/answers.ts'
import { callWorker } from '../support/call-worker.ts'
import {
  bearer,
  codeIn,
  get,
  logIn,
  newEmail,
  ORIGIN,
  PASSWORD,
  post,
  send,
  tokenIn,
  waitForMail,
} from '../support/client.ts'
import { mailsSettled } from '../support/database.ts'
import { dumpDatabase } from '../support/stored-state.ts'
import { addWebhook } from '../support/webhooks.ts'

/** Every secret that was handed out is kept here. */
const handedOut: { what: string; value: string }[] = []
/** Every value of every column of every table is kept here. */
let stored: { where: string; value: string }[] = []

const keep = (what: string, ...values: (string | undefined)[]) =>
  handedOut.push(...values.map((value) => ({ what, value: value ?? '' })))

async function keepMail(to: string, path: string): Promise<string> {
  const mail = await waitForMail(to, ({ text }) => text.includes(path))
  keep(`the link of ${path}`, tokenIn(mail))
  keep(`the code of ${path}`, codeIn(mail))
  return tokenIn(mail)
}

/**
 * Runs every flow that makes a secret. Some secrets are used and some are not, because a leak may happen at any time.
 */
async function walkEveryFlow(): Promise<void> {
  const [email, newAddress, unverified] = [newEmail(), newEmail(), newEmail()]
  const passwords = [PASSWORD, 'the second password of all', 'the third password of all']
  keep('a password', ...passwords)
  await post('/auth/register', { email: unverified, password: PASSWORD })
  await keepMail(unverified, '/verify-email')
  await post('/auth/register', { email, password: PASSWORD, username: 'walker' })
  await post('/auth/verify-email', { token: await keepMail(email, '/verify-email') })
  const first = await logIn(email)
  keep('a token', first.tokens.accessToken, first.tokens.refreshToken)
  keep('a device token', first.session.deviceToken)
  const refreshed = await post('/auth/refresh', { refreshToken: first.tokens.refreshToken })
  const { accessToken, refreshToken } = (await refreshed.json()) as typeof first.tokens
  keep('a token', accessToken, refreshToken)
  const cookies = cookiesOf(await post('/auth/login', { identifier: email, password: PASSWORD, delivery: 'cookie' }))
  keep('a cookie', ...Object.values(cookies).map(({ value }) => value))
  await post('/auth/change-password', { currentPassword: PASSWORD, newPassword: passwords[1] }, bearer(accessToken))
  await post('/auth/change-email', { newEmail: newAddress, password: passwords[1] }, bearer(accessToken))
  await keepMail(newAddress, '/confirm-email-change')
  await post('/auth/forgot-password', { email })
  await post('/auth/reset-password', { token: await keepMail(email, '/reset-password'), password: passwords[2] })
  await post('/auth/register', { email, password: PASSWORD })
  const live = await logIn(email, passwords[2])
  keep('a token', live.tokens.accessToken, live.tokens.refreshToken)
  const second = await verified()
  keep('the secret of an authenticator app', await giveSecondFactor(second.id))
  keep('the secret of a webhook', (await addWebhook(await administrator(['webhooks:write']), ['login.failed'])).secret)
  const lenient = { ...env, MFA_EMAIL_FALLBACK: 'on' } as unknown as Env
  const ask = (path: string, body: object) => callWorker(lenient, 'POST', path, { body })
  const waiting = await ask('/auth/login', { identifier: second.email, password: PASSWORD })
  const { ticket } = (await waiting.json()) as { ticket: string }
  keep('a ticket', ticket)
  await ask('/auth/login/mfa/email', { ticket })
  keep('the code of a login', codeIn(await waitForMail(second.email, ({ text }) => !text.includes('token='))))
}

/**
 * Sends a request whose token is no secret but an id or a word. The log may hold it, so the log guard is not told of
 * it.
 */
const knock = (path: string, body: object) =>
  exports.default.fetch(`${ORIGIN}${path}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  })

beforeAll(async () => {
  await walkEveryFlow()
  await mailsSettled()
  stored = Object.entries(await dumpDatabase()).flatMap(([table, found]) =>
    found.flatMap((row) =>
      Object.entries(row).map(([column, value]) => ({ where: `${table}.${column}`, value: String(value) })),
    ),
  )
}, 60_000)
afterAll(mailsSettled)

describe('a database that leaks (docs/decisions/0002-derived-tokens.md, ASVS 14.2.1)', () => {
  it('was filled by every flow, so that no test below passes only because a table is empty', () => {
    const tables = new Set(stored.map(({ where }) => where.split('.')[0]))
    for (const table of ['users', 'sessions', 'one_time_tokens', 'outbox', 'audit_events', 'signing_keys'])
      expect(tables).toContain(table)
    expect(handedOut.length).toBeGreaterThan(20)
    for (const { what, value } of handedOut) expect(value.length, what).toBeGreaterThanOrEqual(8)
  })

  it('holds no token, code or password that was handed out, in any column of any table', () => {
    for (const { what, value } of handedOut)
      for (const column of stored) expect(column.value.includes(value), `${what} in ${column.where}`).toBe(false)
  })

  it('holds no part of one that is secret: no MAC, no signature', () => {
    const parts = handedOut.flatMap(({ what, value }) =>
      value.split('.').length > 2 ? [{ what, value: value.split('.').at(-1) ?? '' }] : [],
    )
    expect(parts.length).toBeGreaterThan(10)
    for (const { what, value } of parts)
      for (const column of stored) expect(column.value.includes(value), `${what} in ${column.where}`).toBe(false)
  })

  it('contains no value that any route accepts', async () => {
    const values = [...new Set(stored.map(({ value }) => value))].filter(
      (value) => value.length > 8 && value.length <= 512 && value.isWellFormed() && /^[\x21-\x7e]+$/.test(value),
    )
    expect(values.length).toBeGreaterThan(50)
    for (const value of values) {
      const opened = await Promise.all([
        knock('/auth/refresh', { refreshToken: value }),
        knock('/auth/verify-email', { token: value }),
        knock('/auth/reset-password', { token: value, password: 'a thief was here' }),
        knock('/auth/confirm-email-change', { token: value }),
        knock('/auth/login/mfa', { ticket: value, method: 'email', code: '12345678' }),
        get('/auth/session', bearer(value.replace(/[^\w.~+/-]/g, ''))),
      ])
      expect(opened.map(({ status }) => status)).toEqual([401, 400, 400, 400, 401, 401])
    }
  })

  it('refuses a stored hash in place of a password', async () => {
    const hashes = stored.filter(({ where }) => where === 'users.password_hash').map(({ value }) => value)
    expect(hashes.length).toBeGreaterThan(2)
    for (const password of hashes) {
      const response = await send('POST', '/auth/login', { body: { identifier: 'walker', password } })
      expect(response.status).toBe(401)
    }
  })

  it('holds no version of AUTH_SECRET', () => {
    for (const { secret } of settings.secrets)
      for (const { where, value } of stored)
        for (const form of ['base64url', 'base64', 'hex'] as const)
          expect(value.includes(Buffer.from(secret).toString(form)), where).toBe(false)
  })
})
