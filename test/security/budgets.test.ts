import { beforeAll, describe, expect, it } from 'vitest'
import { signedIn, verified } from '../support/accounts.ts'
import { callWorker } from '../support/call-worker.ts'
import { bearer, codeIn, newEmail, PASSWORD, post, type SignedIn, tokenIn, waitForMail } from '../support/client.ts'
import { type CallCounts, countingEnv, d1RoundTrips } from '../support/counting-env.ts'
import { type loginOptions, withPasskey } from '../support/passkeys.ts'

const { env, take } = countingEnv()
/**
 * Each line tells what one request used. It omits the messages about activity, of which at most one a minute and
 * session leaves after the answer.
 */
const table: string[] = []

async function costOf(
  method: string,
  path: string,
  init: { body?: unknown; headers?: Record<string, string> } = {},
  label = `${method} ${path}`,
): Promise<CallCounts & { status: number; answer: unknown }> {
  take()
  const response = await callWorker(env, method, path, init)
  const counts = take()
  const text = await response.text()
  const { activitySends: _, ...needed } = counts
  const used = Object.entries(needed).filter(([, count]) => count > 0)
  table.push(`${label} ${response.status}: ${used.map(([name, count]) => `${name} ${count}`).join(', ') || '-'}`)
  return { ...counts, status: response.status, answer: text === '' ? null : JSON.parse(text) }
}

describe('what a request may cost while the signing keys are in memory', () => {
  beforeAll(async () => {
    const { tokens } = await signedIn()
    const warm = await callWorker(env, 'GET', '/auth/session', { headers: bearer(tokens.accessToken) })
    expect(warm.status).toBe(200)
  })

  it('GET /auth/session asks no database, and KV once', async () => {
    const { tokens } = await signedIn()
    const cost = await costOf('GET', '/auth/session', { headers: bearer(tokens.accessToken) })
    expect(cost.status).toBe(200)
    expect(d1RoundTrips(cost)).toBe(0)
    expect(cost.kvReads).toBeLessThanOrEqual(1)
    expect(cost).toMatchObject({ kvWrites: 0, objectCalls: 0, mailSends: 0 })
  })

  it('GET /auth/me asks the database once, and KV at most once', async () => {
    const { tokens } = await signedIn()
    const cost = await costOf('GET', '/auth/me', { headers: bearer(tokens.accessToken) })
    expect(cost.status).toBe(200)
    expect(cost).toMatchObject({ d1Reads: 1, d1Writes: 0, d1Batches: 0, kvWrites: 0, objectCalls: 0, mailSends: 0 })
    expect(cost.kvReads).toBeLessThanOrEqual(1)
  })

  it('POST /auth/refresh takes one database round trip', async () => {
    const { tokens } = await signedIn()
    const cost = await costOf('POST', '/auth/refresh', { body: { refreshToken: tokens.refreshToken } })
    expect(cost.status).toBe(200)
    expect(d1RoundTrips(cost)).toBe(1)
    expect(cost).toMatchObject({ kvReads: 0, kvWrites: 0, objectCalls: 0, mailSends: 0 })
  })

  it('POST /auth/login takes at most one read, one batch and one call of the throttle object', async () => {
    const { email } = await verified()
    const cost = await costOf('POST', '/auth/login', { body: { identifier: email, password: PASSWORD } })
    expect(cost.status).toBe(200)
    expect(cost.d1Reads).toBeLessThanOrEqual(1)
    expect(cost.d1Batches).toBeLessThanOrEqual(1)
    expect(cost.objectCalls).toBeLessThanOrEqual(1)
    expect(cost).toMatchObject({ d1Writes: 0, kvReads: 0, kvWrites: 0, mailSends: 0 })
  })

  it('POST /auth/login on a new device adds the notice, and nothing else', async () => {
    const { email } = await signedIn()
    const cost = await costOf(
      'POST',
      '/auth/login',
      { body: { identifier: email, password: PASSWORD } },
      'POST /auth/login (new device)',
    )
    expect(cost).toMatchObject({ status: 200, d1Reads: 1, d1Writes: 0, d1Batches: 1, objectCalls: 1, mailSends: 1 })
    expect(cost).toMatchObject({ kvReads: 0, kvWrites: 0 })
  })

  it('POST /auth/logout takes one read, one batch and one KV write; a replay takes one read', async () => {
    const { tokens } = await signedIn()
    const request = { headers: bearer(tokens.accessToken), body: { refreshToken: tokens.refreshToken } }
    const cost = await costOf('POST', '/auth/logout', request)
    expect(cost).toMatchObject({ status: 204, d1Reads: 1, d1Writes: 0, d1Batches: 1 })
    expect(cost).toMatchObject({ kvReads: 0, kvWrites: 1, objectCalls: 0, mailSends: 0 })
    const replay = await costOf('POST', '/auth/logout', request, 'POST /auth/logout (replayed)')
    expect(replay).toMatchObject({ status: 204, d1Reads: 1, d1Writes: 0, d1Batches: 0 })
    expect(replay).toMatchObject({ kvReads: 0, kvWrites: 0, objectCalls: 0, mailSends: 0 })
  })

  it('POST /auth/register takes at most one read, one batch and one queue send', async () => {
    const cost = await costOf('POST', '/auth/register', { body: { email: newEmail(), password: PASSWORD } })
    expect(cost.status).toBe(202)
    expect(cost.d1Reads).toBeLessThanOrEqual(1)
    expect(cost.d1Batches).toBeLessThanOrEqual(1)
    expect(cost.mailSends).toBeLessThanOrEqual(1)
    expect(cost).toMatchObject({ d1Writes: 0, kvReads: 0, kvWrites: 0, objectCalls: 1 })
  })

  it('a login by passkey takes nothing to begin, and one read and two batches to complete', async () => {
    const { authenticator } = await withPasskey()
    const begun = await costOf('POST', '/auth/passkeys/authentication/options', { body: {} })
    expect(begun.status).toBe(200)
    expect(d1RoundTrips(begun)).toBe(0)
    const { ticket, options } = begun.answer as Awaited<ReturnType<typeof loginOptions>>
    const body = { ticket, response: await authenticator.get(options) }
    const cost = await costOf('POST', '/auth/passkeys/authentication', { body })
    expect(cost).toMatchObject({ status: 200, d1Reads: 1, d1Writes: 0, d1Batches: 2, objectCalls: 0, kvWrites: 0 })
  })

  it('the other routes cost what this table says', async () => {
    table.length = 0
    const email = newEmail()
    await post('/auth/register', { email, password: PASSWORD })
    await costOf('POST', '/auth/resend-verification', { body: { email } })
    await costOf('POST', '/auth/verify-email', { body: { token: tokenIn(await waitForMail(email)) } })
    await costOf('POST', '/auth/forgot-password', { body: { email } })
    const code = codeIn(await waitForMail(email, ({ text }) => text.includes('/reset-password#')))
    await costOf(
      'POST',
      '/auth/reset-password',
      { body: { email, code, password: `${PASSWORD} 2` } },
      'POST /auth/reset-password (code)',
    )
    const login = await costOf('POST', '/auth/login', { body: { identifier: email, password: `${PASSWORD} 2` } })
    expect(login.status).toBe(200)
    const { tokens } = login.answer as SignedIn
    const headers = bearer(tokens.accessToken)
    await costOf('GET', '/auth/sessions', { headers })
    await costOf('DELETE', '/auth/sessions', { headers })
    await costOf('PATCH', '/auth/me', { headers, body: { name: 'Ada' } })
    await costOf('POST', '/auth/change-email', { headers, body: { newEmail: newEmail(), password: `${PASSWORD} 2` } })
    await costOf('POST', '/auth/change-password', {
      headers,
      body: { currentPassword: `${PASSWORD} 2`, newPassword: `${PASSWORD} 3` },
    })
    await costOf(
      'POST',
      '/auth/logout',
      { body: { refreshToken: tokens.refreshToken } },
      'POST /auth/logout (refresh token only)',
    )
    await costOf(
      'POST',
      '/auth/login',
      { body: { identifier: newEmail(), password: PASSWORD } },
      'POST /auth/login (refused)',
    )
    const again = await signedIn()
    await costOf('DELETE', '/auth/me', { headers: bearer(again.tokens.accessToken) })
    for (const path of ['/health', '/health/ready', '/.well-known/jwks.json', '/openapi.json'])
      await costOf('GET', path)
    expect(table).toEqual([
      'POST /auth/resend-verification 202: d1Batches 1, mailSends 1',
      'POST /auth/verify-email 200: d1Reads 1, d1Batches 1',
      'POST /auth/forgot-password 202: d1Batches 1, mailSends 1',
      'POST /auth/reset-password (code) 204: d1Batches 2, objectCalls 1, mailSends 1',
      'POST /auth/login 200: d1Reads 1, d1Batches 1, objectCalls 1',
      'GET /auth/sessions 200: d1Reads 1, kvReads 1',
      'DELETE /auth/sessions 204: d1Reads 1, d1Batches 1',
      'PATCH /auth/me 200: d1Reads 1, d1Batches 1',
      'POST /auth/change-email 202: d1Reads 1, d1Batches 1, objectCalls 1, mailSends 1',
      'POST /auth/change-password 204: d1Reads 1, d1Batches 1, objectCalls 2, mailSends 1',
      'POST /auth/logout (refresh token only) 204: d1Reads 1, d1Batches 1, kvWrites 1',
      'POST /auth/login (refused) 401: d1Reads 1, d1Batches 1, objectCalls 1, mailSends 1',
      'DELETE /auth/me 204: d1Reads 1, d1Batches 1, kvWrites 1, mailSends 1',
      'GET /health 200: -',
      'GET /health/ready 200: d1Reads 1, kvReads 1, objectCalls 1, r2Reads 1',
      'GET /.well-known/jwks.json 200: -',
      'GET /openapi.json 200: -',
    ])
  })
})
