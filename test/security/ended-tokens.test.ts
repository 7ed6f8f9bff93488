import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ACCESS_TOKEN_MAX_TTL_SECONDS } from '../../src/config.ts'
import worker from '../../src/index.ts'
import { signedIn, verified } from '../support/accounts.ts'
import { expectRefusal } from '../support/answers.ts'
import { callWorker } from '../support/call-worker.ts'
import { bearer, codeIn, logIn, ORIGIN, PASSWORD, type SignedIn, waitForMail } from '../support/client.ts'
import { ageRotation } from '../support/grants.ts'
import { blocklistOf, change, createDeployment, holdClock, logOut, pass, read } from '../support/locations.ts'
import { listOperations, samplesOf } from '../support/openapi.ts'

/** By then every isolate knows that a session has ended (docs/security.md, "How fast a token dies"). */
const WORST_LAG_MS = 105_000

/**
 * These are all ways in which an access token becomes invalid before it expires, with the sessions that end with it.
 */
const ENDINGS: {
  name: string
  /** Ends the session of `victim`. `other` is another session of the same account. */
  end: (isolate: Env, account: { email: string; victim: SignedIn; other: SignedIn }) => Promise<Response | undefined>
}[] = [
  { name: 'logout', end: (isolate, { victim }) => logOut(isolate, victim) },
  {
    name: 'logout by the refresh token alone',
    end: (isolate, { victim }) =>
      callWorker(isolate, 'POST', '/auth/logout', { body: { refreshToken: victim.tokens.refreshToken } }),
  },
  {
    name: 'the end of one session by its owner',
    end: (isolate, { victim, other }) =>
      callWorker(isolate, 'DELETE', `/auth/sessions/${victim.session.id}`, {
        headers: bearer(other.tokens.accessToken),
      }),
  },
  {
    name: 'the end of all other sessions',
    end: (isolate, { other }) =>
      callWorker(isolate, 'DELETE', '/auth/sessions', { headers: bearer(other.tokens.accessToken) }),
  },
  {
    name: 'a change of the password elsewhere',
    end: (isolate, { other }) =>
      callWorker(isolate, 'POST', '/auth/change-password', {
        headers: bearer(other.tokens.accessToken),
        body: { currentPassword: PASSWORD, newPassword: 'an entirely new password' },
      }),
  },
  {
    name: 'a reset of the password by mail',
    end: async (isolate, { email }) => {
      const code = codeIn(await waitForMail(email, ({ text }) => text.includes('/reset-password#')))
      return await callWorker(isolate, 'POST', '/auth/reset-password', {
        body: { email, code, password: 'an entirely new password' },
      })
    },
  },
  {
    name: 'the deletion of the account',
    end: (isolate, { other }) =>
      callWorker(isolate, 'DELETE', '/auth/me', {
        headers: bearer(other.tokens.accessToken),
        body: { password: PASSWORD },
      }),
  },
  {
    name: 'a refresh token used twice, which is theft',
    end: async (isolate, { victim }) => {
      const body = { refreshToken: victim.tokens.refreshToken }
      expect((await callWorker(isolate, 'POST', '/auth/refresh', { body })).status).toBe(200)
      await ageRotation(victim.session.id, 61_000)
      expect((await callWorker(isolate, 'POST', '/auth/refresh', { body })).status).toBe(401)
      return undefined
    },
  },
  {
    name: 'the deactivation of the account, as an administrator does it',
    end: async (isolate, { victim, other }) => {
      await env.DB.prepare("update users set status = 'deactivated' where id = ?").bind(victim.user.id).run()
      await blocklistOf(isolate).revoke(victim.session.id, other.session.id)
      return undefined
    },
  },
]

/** Creates an account with two sessions. */
async function twoSessions() {
  const { email } = await verified()
  const victim = await logIn(email)
  const other = await logIn(email)
  return { email, victim, other }
}

afterEach(() => {
  vi.useRealTimers()
})

describe('an access token whose session has ended (ASVS 7.4.1-7.4.3)', () => {
  beforeEach(holdClock)

  it.each(ENDINGS)(
    'is refused at once for all but one read, and for that one once its list is known, when it was ended by $name',
    async ({ name, end }) => {
      const { here, there, shards } = createDeployment()
      const account = await twoSessions()
      if (name.includes('reset'))
        await callWorker(here, 'POST', '/auth/forgot-password', { body: { email: account.email } })
      if (name.includes('reset')) await waitForMail(account.email, ({ text }) => text.includes('/reset-password#'))
      const { victim } = account
      // Both isolates have read the list, in which nobody has ended yet.
      expect([await read(here, victim), await read(there, victim)]).toEqual([200, 200])
      const response = await end(here, account)
      if (response) expect(response.status).toBe(204)

      expect(await read(here, victim)).toBe(401)
      expect([await change(here, victim), await change(there, victim)]).toEqual([401, 401])
      for (const path of ['/auth/me', '/auth/sessions'])
        expect([await read(here, victim, path), await read(there, victim, path)]).toEqual([401, 401])
      const refresh = { body: { refreshToken: victim.tokens.refreshToken } }
      expect((await callWorker(there, 'POST', '/auth/refresh', refresh)).status).toBe(401)

      expect(await read(there, victim)).toBe(200)
      await shards.publish()
      pass(WORST_LAG_MS)
      expect(await read(there, victim)).toBe(401)
    },
  )

  it('is refused until it would have expired anyway', async () => {
    const { here, at, shards } = createDeployment()
    const victim = await signedIn()
    await logOut(here, victim)
    await shards.publish()
    for (let minute = 0; minute < 14; minute += 1) {
      pass(60_000)
      expect([await read(here, victim), await read(at('FRA'), victim)], `minute ${minute}`).toEqual([401, 401])
    }
    pass(5 * 60_000)
    expect(await read(at('FRA'), victim)).toBe(401)
  })

  it('is refused although a lower ACCESS_TOKEN_TTL_SECONDS came after it was signed', async () => {
    const { here, at, shards } = createDeployment()
    const long = { ...here, ACCESS_TOKEN_TTL_SECONDS: String(ACCESS_TOKEN_MAX_TTL_SECONDS) } as Env
    const { email } = await verified()
    const body = { identifier: email, password: PASSWORD }
    const victim: SignedIn = await (await callWorker(long, 'POST', '/auth/login', { body })).json()
    const short = { ...here, ACCESS_TOKEN_TTL_SECONDS: '60' } as Env
    expect((await logOut(short, victim)).status).toBe(204)
    await shards.publish()
    pass((ACCESS_TOKEN_MAX_TTL_SECONDS - 60) * 1000)
    expect(await read({ ...at('FRA'), ACCESS_TOKEN_TTL_SECONDS: '60' } as Env, victim)).toBe(401)
  })

  it('is refused although it was signed just after the session ended', async () => {
    const { here, at, shards } = createDeployment()
    const { session } = await signedIn()
    await blocklistOf(here).revoke(session.id)
    await shards.publish()
    pass((ACCESS_TOKEN_MAX_TTL_SECONDS + 59) * 1000)
    expect(await blocklistOf(at('FRA')).isRevoked(session.id)).toBe(true)
  })
})

describe('every route that asks the database refuses an ended session at once, whatever the published list shows', () => {
  const operations = listOperations().filter(
    ({ method, path, security }) => security.includes('bearer') && `${method} ${path}` !== 'GET /auth/session',
  )
  let dead: SignedIn
  let gone: SignedIn
  let barred: SignedIn
  let blind: Env

  beforeEach(async () => {
    if (blind) return
    blind = createDeployment().there
    ;[dead, gone, barred] = [await signedIn(), await signedIn(), await signedIn()]
    const elsewhere = createDeployment().here
    expect((await logOut(elsewhere, dead)).status).toBe(204)
    const headers = bearer(gone.tokens.accessToken)
    expect((await callWorker(elsewhere, 'DELETE', '/auth/me', { headers, body: {} })).status).toBe(204)
    await env.DB.prepare("update users set status = 'deactivated' where id = ?").bind(barred.user.id).run()
  })

  it('the document has such routes', () => {
    expect(operations.length).toBeGreaterThanOrEqual(9)
  })

  it.each(operations.map(({ method, path }) => `${method} ${path}`))('%s', async (name) => {
    const operation = operations.find(({ method, path }) => `${method} ${path}` === name)
    if (!operation) throw new Error('not in the document')
    const path = operation.path.replaceAll(/\{[^}]+\}/g, 'x')
    const isJson = operation.body?.mediaTypes.includes('application/json')
    for (const { tokens } of [dead, gone, barred]) {
      const response = await callWorker(blind, operation.method, path, {
        headers: bearer(tokens.accessToken),
        ...(isJson ? { body: samplesOf(operation.body?.schema ?? {})[0] } : {}),
      })
      await expectRefusal(response, 401, 'unauthenticated')
    }
    // An isolate that knows of no end still accepts the same token for the one read that asks nobody. This is the whole
    // of the documented lag.
    expect(await read(blind, dead)).toBe(200)
  })
})

describe('accounts with twenty sessions', () => {
  beforeEach(holdClock)

  it('all twenty sessions end at once, with one call for each shard', async () => {
    const { here, at, kv, shards, queued } = createDeployment()
    const { email } = await verified()
    const sessions: SignedIn[] = []
    for (let count = 0; count < 20; count += 1) sessions.push(await logIn(email))
    const [current, ...others] = sessions
    if (!current) throw new Error('no session')
    const headers = bearer(current.tokens.accessToken)
    expect((await callWorker(here, 'DELETE', '/auth/sessions', { headers })).status).toBe(204)
    expect(queued).toEqual([])
    await shards.publish()
    const used = new Set(others.map(({ session }) => shards.keyFor(session.id)))
    expect(kv.take()).toMatchObject({ writes: used.size, tooManyWrites: 0 })
    for (const session of others) expect(await read(at('FRA'), session)).toBe(401)
    expect(await read(at('FRA'), current)).toBe(200)
  }, 30_000)

  it('a twenty-first login ends the oldest session, and its token', async () => {
    const { here } = createDeployment()
    const { email } = await verified()
    const first = await logIn(email)
    // Of sessions of one moment, none is the oldest.
    pass(1)
    for (let count = 0; count < 19; count += 1) await logIn(email)
    const body = { identifier: email, password: PASSWORD }
    expect((await callWorker(here, 'POST', '/auth/login', { body })).status).toBe(200)
    expect([await read(here, first), await change(here, first)]).toEqual([401, 401])
  }, 30_000)
})

describe('a client that goes away', () => {
  it('leaves nothing half done, because every request is handed to waitUntil when it begins', async () => {
    const { here } = createDeployment()
    const victim = await signedIn()
    const context = createExecutionContext()
    const request = new Request<unknown, IncomingRequestCfProperties>(`${ORIGIN}/auth/logout`, {
      method: 'POST',
      headers: bearer(victim.tokens.accessToken),
    })
    // Nobody waits for this answer, so only what was handed to `waitUntil` is finished.
    void worker.fetch(request, here, context)
    await waitOnExecutionContext(context)
    expect(await read(here, victim)).toBe(401)
  })
})
