import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { MAX_SESSIONS_PER_USER } from '../../../src/config.ts'
import { listOf } from '../../../src/contracts/lists.ts'
import { SessionView } from '../../../src/contracts/sessions.ts'
import { signedIn, verified } from '../../support/accounts.ts'
import { answerOf, expectRefusal } from '../../support/answers.ts'
import { callWorker } from '../../support/call-worker.ts'
import { bearer, get, logIn, PASSWORD, post, type SignedIn, send } from '../../support/client.ts'
import { NOON_MS } from '../../support/clock.ts'
import { countRows, rows } from '../../support/database.ts'

const IDLE_SECONDS = 1200
const idleEnv = (overrides: Record<string, unknown> = {}) =>
  ({ ...env, SESSION_IDLE_TIMEOUT_SECONDS: String(IDLE_SECONDS), ...overrides }) as unknown as Env
const withIdleTimeout = idleEnv()

const passSeconds = (seconds: number) => vi.setSystemTime(Date.now() + seconds * 1000)
beforeEach(() => vi.setSystemTime(NOON_MS))
afterEach(() => vi.useRealTimers())

async function logInUnder(bindings: Env, cf?: IncomingRequestCfProperties) {
  const account = await verified()
  const body = { identifier: account.email, password: PASSWORD }
  const response = await callWorker(bindings, 'POST', '/auth/login', { body, ...(cf ? { cf } : {}) })
  expect(response.status).toBe(200)
  return { ...account, ...((await response.json()) as SignedIn) }
}

/** These are all ways to use a session. Each has a token that has not expired, where the way allows it. */
const USES: Record<string, (bindings: Env, signedIn: SignedIn) => Promise<Response>> = {
  refresh: (bindings, { tokens }) =>
    callWorker(bindings, 'POST', '/auth/refresh', { body: { refreshToken: tokens.refreshToken } }),
  read: (bindings, { tokens }) => callWorker(bindings, 'GET', '/auth/session', { headers: bearer(tokens.accessToken) }),
  'read of the account': (bindings, { tokens }) =>
    callWorker(bindings, 'GET', '/auth/me', { headers: bearer(tokens.accessToken) }),
  write: (bindings, { tokens }) =>
    callWorker(bindings, 'PATCH', '/auth/me', { headers: bearer(tokens.accessToken), body: { name: 'Ada' } }),
}

describe('idle time-out (ASVS 7.3.1)', () => {
  it.each(Object.keys(USES))('refuses a %s once it has passed', async (use) => {
    const session = await logInUnder(withIdleTimeout)
    passSeconds(IDLE_SECONDS)
    expect((await USES[use]?.(withIdleTimeout, session))?.status).toBe(401)
  })

  it('lets a session that is refreshed in time go on for as long as it lives', async () => {
    const { tokens, session } = await logInUnder(withIdleTimeout)
    let { refreshToken } = tokens
    for (let round = 0; round < 5; round += 1) {
      passSeconds(IDLE_SECONDS - 1)
      const answer = await callWorker(withIdleTimeout, 'POST', '/auth/refresh', { body: { refreshToken } })
      expect(answer.status).toBe(200)
      ;({ refreshToken } = (await answer.json()) as SignedIn['tokens'])
    }
    passSeconds(IDLE_SECONDS)
    const late = await callWorker(withIdleTimeout, 'POST', '/auth/refresh', { body: { refreshToken } })
    await expectRefusal(late, 401, 'invalid_refresh_token')
    expect(await countRows('sessions', 'id = ?', session.id)).toBe(1)
  })

  it('refuses a request that changes something when the database says that the session was idle, although its token is still valid', async () => {
    const session = await logInUnder(withIdleTimeout)
    await rows(
      'update sessions set last_seen_at = ? where id = ?',
      Date.now() - IDLE_SECONDS * 1000,
      session.session.id,
    )
    const refused = (await USES.write?.(withIdleTimeout, session)) as Response
    await expectRefusal(refused, 401, 'unauthenticated')
  })

  it('lists no idle session', async () => {
    const { email, session } = await logInUnder(withIdleTimeout)
    passSeconds(IDLE_SECONDS)
    const body = { identifier: email, password: PASSWORD }
    const again = (await (await callWorker(withIdleTimeout, 'POST', '/auth/login', { body })).json()) as SignedIn
    const list = await callWorker(withIdleTimeout, 'GET', '/auth/sessions', {
      headers: bearer(again.tokens.accessToken),
    })
    const { items } = await answerOf(list, listOf(SessionView))
    expect(items.map(({ id }) => id)).toEqual([again.session.id])
    expect(items[0]?.id).not.toBe(session.id)
  })

  it('limits access tokens to half of it, so that clients of offline verifiers refresh in time', async () => {
    const { tokens } = await logInUnder(withIdleTimeout)
    expect(tokens.expiresIn).toBe(IDLE_SECONDS / 2)
    const { tokens: brief } = await logInUnder(idleEnv({ SESSION_IDLE_TIMEOUT_SECONDS: '60' }))
    expect(brief.expiresIn).toBe(30)
    const { tokens: long } = await logInUnder(idleEnv({ SESSION_IDLE_TIMEOUT_SECONDS: '86400' }))
    expect(long.expiresIn).toBe(900)
  })

  it('is off by default: after 29 quiet days the session goes on', async () => {
    const { tokens } = await signedIn()
    passSeconds(29 * 86_400)
    expect((await post('/auth/refresh', { refreshToken: tokens.refreshToken })).status).toBe(200)
  })
})

describe('absolute lifetime (ASVS 7.3.2, 10.4.8)', () => {
  it.each(Object.keys(USES))('refuses a %s at its end, however busy the session was', async (use) => {
    const first = await signedIn()
    let last: SignedIn = first
    for (let day = 0; day < 29; day += 7) {
      passSeconds(7 * 86_400 - (day === 28 ? 1 : 0))
      const answer = await post('/auth/refresh', { refreshToken: last.tokens.refreshToken })
      if (answer.status !== 200) break
      last = { ...first, tokens: (await answer.json()) as SignedIn['tokens'] }
    }
    const [row] = await rows('select expires_at, created_at from sessions where id = ?', first.session.id)
    expect(Number(row?.expires_at) - Number(row?.created_at)).toBe(2_592_000_000)
    vi.setSystemTime(Number(row?.expires_at))
    expect((await USES[use]?.(env as unknown as Env, last))?.status).toBe(401)
  })
})

describe(`at most ${MAX_SESSIONS_PER_USER} sessions a user`, () => {
  it('ends the oldest with the next login, and its tokens die', async () => {
    const { email, ...oldest } = await signedIn()
    const stranger = await signedIn()
    for (let more = 2; more <= MAX_SESSIONS_PER_USER; more += 1) {
      passSeconds(1)
      await logIn(email)
    }
    expect(await countRows('sessions', 'user_id = ?', oldest.id)).toBe(MAX_SESSIONS_PER_USER)
    expect((await get('/auth/session', bearer(oldest.tokens.accessToken))).status).toBe(200)

    passSeconds(1)
    const newest = await logIn(email)
    expect(await countRows('sessions', 'user_id = ?', oldest.id)).toBe(MAX_SESSIONS_PER_USER)
    expect(await countRows('sessions', 'id = ?', oldest.session.id)).toBe(0)
    for (const use of Object.values(USES)) expect((await use(env as unknown as Env, oldest)).status).toBe(401)
    for (const live of [newest, stranger])
      expect((await get('/auth/session', bearer(live.tokens.accessToken))).status).toBe(200)
  })

  it('holds when many log in at once', async () => {
    const { email, id } = await verified()
    const answers = await Promise.all(
      Array.from({ length: MAX_SESSIONS_PER_USER + 5 }, () =>
        post('/auth/login', { identifier: email, password: PASSWORD }),
      ),
    )
    expect(answers.map(({ status }) => status).every((status) => status === 200)).toBe(true)
    expect(await countRows('sessions', 'user_id = ?', id)).toBe(MAX_SESSIONS_PER_USER)
  })
})

describe('the place of a session', () => {
  const cf = (place: Record<string, string>) => place as unknown as IncomingRequestCfProperties

  it.each([
    [
      { country: 'CH', city: 'Zürich' },
      { country: 'CH', city: 'Zürich' },
    ],
    [{ country: 'T1' }, { country: 'T1', city: null }],
    [{}, null],
  ])('is what Cloudflare says of the request: %j', async (place, location) => {
    const { tokens } = await logInUnder(env as unknown as Env, cf(place))
    const { items } = await answerOf(await get('/auth/sessions', bearer(tokens.accessToken)), listOf(SessionView))
    expect(items.map((item) => item.location)).toEqual([location])
  })

  it('is never what the client says (ASVS 4.1.3)', async () => {
    const { email } = await verified()
    const claims = { 'CF-IPCountry': 'US', 'CF-IPCity': 'Springfield', 'X-Forwarded-For': '192.0.2.1' }
    const { tokens } = await logIn(email, PASSWORD, claims)
    const { items } = await answerOf(await get('/auth/sessions', bearer(tokens.accessToken)), listOf(SessionView))
    expect(items.map((item) => item.location)).toEqual([null])
  })
})

describe('ending sessions', () => {
  it('makes the tokens of the other sessions invalid at once, for reads, writes and refreshes', async () => {
    const { email, ...mine } = await signedIn()
    const others = [await logIn(email), await logIn(email)]
    await send('DELETE', '/auth/sessions', { headers: bearer(mine.tokens.accessToken) })
    for (const other of others)
      for (const use of Object.values(USES)) expect((await use(env as unknown as Env, other)).status).toBe(401)
  })
})
