import { createExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterEach, describe, expect, it, vi } from 'vitest'
import worker from '../../src/index.ts'
import { signedIn, verified } from '../support/accounts.ts'
import { expectRefusal } from '../support/answers.ts'
import { callWorker } from '../support/call-worker.ts'
import { bearer, logIn, newEmail, ORIGIN, PASSWORD, post, type SignedIn, waitForMail } from '../support/client.ts'
import { interceptEnv } from '../support/intercept-env.ts'
import { createDeployment } from '../support/locations.ts'

/**
 * These tests show that what happened to other services cannot happen here. docs/incidents.md lists all such incidents
 * and where each is tested. Those that need a set-up of their own stand beside their subject.
 */

afterEach(() => {
  vi.useRealTimers()
})

/** Signs in and answers the cookies of the session, as a browser would send them. */
async function cookiesOf(email: string): Promise<{ access: string; refresh: string }> {
  const response = await post('/auth/login', { identifier: email, password: PASSWORD, delivery: 'cookie' })
  expect(response.status).toBe(200)
  const cookies = response.headers.getSetCookie().map((cookie) => cookie.split(';')[0] ?? '')
  const find = (name: string) => cookies.find((cookie) => cookie.startsWith(`${name}=`)) ?? ''
  return { access: find('__Host-access'), refresh: find('__Secure-refresh') }
}

describe('links are built from the configuration (supabase/auth GHSA-3529-5m8x-rpv3)', () => {
  it.each([
    ['Host', 'evil.example'],
    ['X-Forwarded-Host', 'evil.example'],
    ['X-Forwarded-Proto', 'gopher'],
    ['Forwarded', 'host=evil.example;proto=https'],
    ['X-Original-Host', 'evil.example'],
    ['Referer', 'https://evil.example/'],
  ])('%s: %s reaches no mail, token or document (ASVS 4.1.3)', async (header, value) => {
    const email = newEmail()
    const headers = { [header]: value }
    const ask = (method: string, path: string, body?: unknown) =>
      callWorker(env as Env, method, path, { headers, ...(body === undefined ? {} : { body }) })
    expect((await ask('POST', '/auth/register', { email, password: PASSWORD })).status).toBe(202)
    const mail = await waitForMail(email)
    expect(mail.text).toContain(`${ORIGIN}/verify-email#token=`)
    expect(mail.text + mail.html).not.toContain('evil.example')
    const metadata = await (await ask('GET', '/.well-known/oauth-authorization-server')).text()
    expect(metadata).toContain(`"issuer":"${ORIGIN}"`)
    expect(metadata).not.toContain('evil.example')
  })

  it('a request to another host name of the Worker causes links to the issuer, too', async () => {
    const { email } = await verified()
    const response = await callWorker(env as Env, 'POST', '/auth/forgot-password', {
      body: { email },
      origin: 'http://evil.example',
    })
    expect(response.status).toBe(202)
    const mail = await waitForMail(email, ({ text }) => text.includes('/reset-password#'))
    expect(mail.text).toContain(`${ORIGIN}/reset-password#token=`)
    expect(mail.text + mail.html).not.toContain('evil.example')
  })
})

describe('no session outlives its user (GHSA-2vg6-77g8-24mp)', () => {
  it.each([
    ['deleted', (id: string) => env.DB.prepare('delete from users where id = ?').bind(id).run()],
    ['banned', (id: string) => env.DB.prepare("update users set status = 'deactivated' where id = ?").bind(id).run()],
  ])('a user who was %s is refused by everything that asks the database', async (_, remove) => {
    const { user, tokens, email, session } = await signedIn()
    await remove(user.id)
    const headers = bearer(tokens.accessToken)
    expect((await callWorker(env as Env, 'GET', '/auth/me', { headers })).status).toBe(401)
    expect((await callWorker(env as Env, 'GET', '/auth/sessions', { headers })).status).toBe(401)
    expect((await callWorker(env as Env, 'PATCH', '/auth/me', { headers, body: { name: 'x' } })).status).toBe(401)
    const refreshed = await post('/auth/refresh', { refreshToken: tokens.refreshToken })
    await expectRefusal(refreshed, 401, 'invalid_refresh_token')
    const login = { identifier: email, password: PASSWORD }
    const again = await post('/auth/login', login, { 'X-Device-Token': session.deviceToken })
    expect([401, 403]).toContain(again.status)
  })
})

describe('nothing but the mail itself says whether an address has an account (supabase/auth#1547, supabase/auth#2702)', () => {
  it('repeated requests are answered alike, also beyond the number of mails that one person gets', async () => {
    const { email } = await verified()
    for (const path of ['/auth/forgot-password', '/auth/resend-verification']) {
      const answersFor = async (address: string) => {
        const answers: string[] = []
        for (let count = 0; count < 8; count += 1) {
          const response = await post(path, { email: address })
          answers.push(`${response.status} ${await response.text()} ${response.headers.get('Retry-After')}`)
        }
        return answers
      }
      expect(await answersFor(newEmail())).toEqual(await answersFor(email))
    }
  })
})

describe('a first request that never ends keeps nobody else waiting (better-auth#10315)', () => {
  it.each(['d1', 'kv', 'durable-object'] as const)(
    'the isolate’s first request stalls at %s, the second is served',
    async (kind) => {
      let isFirst = true
      const stalling = interceptEnv(env as Env, (call, proceed) => {
        if (call.kind !== kind || !isFirst) return proceed()
        isFirst = false
        return new Promise(() => undefined)
      })
      const { email, tokens } = await signedIn()
      const request = (): Request<unknown, IncomingRequestCfProperties> =>
        kind === 'durable-object'
          ? new Request(`${ORIGIN}/auth/login`, {
              method: 'POST',
              headers: { 'Content-Type': 'application/json' },
              body: JSON.stringify({ identifier: email, password: PASSWORD }),
            })
          : new Request(`${ORIGIN}/auth/session`, { headers: bearer(tokens.accessToken) })
      const abandoned = worker.fetch(request(), stalling, createExecutionContext())
      void abandoned
      while (isFirst) await new Promise((resolve) => setTimeout(resolve, 5))
      const response = await worker.fetch(request(), stalling, createExecutionContext())
      expect(response.status).toBe(200)
    },
  )

  it('a first request that fails does not break the next one', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => undefined)
    let failures = 2
    const failing = interceptEnv(env as Env, (call, proceed) => {
      if (call.kind !== 'd1' || failures === 0) return proceed()
      failures -= 1
      return Promise.reject(new Error('D1_ERROR: storage reset'))
    })
    const { tokens } = await signedIn()
    const statuses: number[] = []
    for (let count = 0; count < 4; count += 1)
      statuses.push((await callWorker(failing, 'GET', '/auth/session', { headers: bearer(tokens.accessToken) })).status)
    expect(statuses.at(0)).toBe(503)
    expect(statuses.slice(2)).toEqual([200, 200])
    vi.restoreAllMocks()
  })
})

describe('the last minute of a session (cloudflare/workers-oauth-provider 0.8.1)', () => {
  it.each([59, 30, 1])(
    '%i s before its end a session can be refreshed and ended, and no token outlives it',
    async (left) => {
      const { tokens, session } = await signedIn()
      const bindings = createDeployment().here
      const ends = Math.floor(Date.now() / 1000) + left
      await env.DB.prepare('update sessions set expires_at = ? where id = ?')
        .bind(ends * 1000 + 999, session.id)
        .run()
      const body = { refreshToken: tokens.refreshToken }
      const response = await callWorker(bindings, 'POST', '/auth/refresh', { body })
      expect(response.status).toBe(200)
      const fresh: SignedIn['tokens'] = await response.json()
      expect(fresh.expiresIn).toBeLessThanOrEqual(left)
      expect(fresh.refreshExpiresIn).toBeLessThanOrEqual(left)
      const ended = await callWorker(bindings, 'POST', '/auth/logout', { headers: bearer(fresh.accessToken) })
      expect(ended.status).toBe(204)
      const headers = bearer(fresh.accessToken)
      expect((await callWorker(bindings, 'GET', '/auth/session', { headers })).status).toBe(401)
    },
  )

  it('after its end a session is refused with 401 and causes no error', async () => {
    const { tokens, session } = await signedIn()
    await env.DB.prepare('update sessions set expires_at = ? where id = ?')
      .bind(Date.now() - 1, session.id)
      .run()
    const refused = await post('/auth/refresh', { refreshToken: tokens.refreshToken })
    await expectRefusal(refused, 401, 'invalid_refresh_token')
  })
})

describe('the cookie of a session that was ended mints no token (better-auth 1.7.7)', () => {
  const sameOrigin = { Origin: ORIGIN, 'Sec-Fetch-Site': 'same-origin' }

  it.each([
    [
      'signed out',
      async (cookies: { access: string; refresh: string }) => {
        const headers = { ...sameOrigin, Cookie: `${cookies.access}; ${cookies.refresh}` }
        expect((await post('/auth/logout', {}, headers)).status).toBe(204)
      },
    ],
    [
      'signed out by the refresh cookie alone, the access cookie having expired',
      async ({ refresh }: { access: string; refresh: string }) => {
        expect((await post('/auth/logout', {}, { ...sameOrigin, Cookie: refresh })).status).toBe(204)
      },
    ],
    [
      'banned',
      async (_: unknown, id: string) => {
        await env.DB.prepare("update users set status = 'deactivated' where id = ?").bind(id).run()
      },
    ],
  ])('%s', async (_, end) => {
    const { email } = await verified()
    const cookies = await cookiesOf(email)
    const { user } = await logIn(email)
    const bindings = createDeployment().here
    const headers = { ...sameOrigin, Cookie: `${cookies.access}; ${cookies.refresh}` }
    // The isolate has read the list of ended sessions before, so only the database can refuse.
    await callWorker(bindings, 'GET', '/auth/session', { headers: { Cookie: cookies.access } })
    await end(cookies, user.id)
    const refused = await callWorker(bindings, 'POST', '/auth/refresh', { headers, body: {} })
    expect(refused.headers.getSetCookie().join()).not.toMatch(/access=[^;]/)
    await expectRefusal(refused, 401, 'invalid_refresh_token')
    const change = await callWorker(bindings, 'PATCH', '/auth/me', { headers, body: { name: 'Eve' } })
    expect(change.status).toBe(401)
  })

  it('nor does a previous refresh token within its grace', async () => {
    const { tokens } = await signedIn()
    expect((await post('/auth/refresh', { refreshToken: tokens.refreshToken })).status).toBe(200)
    expect((await post('/auth/logout', {}, bearer(tokens.accessToken))).status).toBe(204)
    expect((await post('/auth/refresh', { refreshToken: tokens.refreshToken })).status).toBe(401)
  })

  it('a refresh that races with a logout leaves no token that is accepted for reads', async () => {
    const { email } = await verified()
    for (let round = 0; round < 5; round += 1) {
      const { tokens } = await logIn(email)
      const [refreshed] = await Promise.all([
        post('/auth/refresh', { refreshToken: tokens.refreshToken }),
        post('/auth/logout', {}, bearer(tokens.accessToken)),
      ])
      if (refreshed.status !== 200) continue
      const { accessToken }: SignedIn['tokens'] = await refreshed.json()
      const read = await callWorker(env as Env, 'GET', '/auth/session', { headers: bearer(accessToken) })
      expect(read.status).toBe(401)
    }
  })
})
