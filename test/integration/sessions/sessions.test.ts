import { env } from 'cloudflare:workers'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { listOf } from '../../../src/contracts/lists.ts'
import { CurrentSession, SessionView } from '../../../src/contracts/sessions.ts'
import { SAME_ORIGIN, signedIn, signedInByCookie } from '../../support/accounts.ts'
import { answerOf, cookiesOf, expectNoContent, expectRefusal } from '../../support/answers.ts'
import { callWorker } from '../../support/call-worker.ts'
import { bearer, get, logIn, PASSWORD, post, send } from '../../support/client.ts'
import { auditOf, countRows, rows } from '../../support/database.ts'
import { forgeTokens } from '../../support/forged-tokens.ts'
import { freshWorker, statusesOf } from '../../support/rate-limits.ts'
import { countEndedSessions, isOnBlocklist } from '../../support/shards.ts'
import { accountState, queryOne } from '../../support/stored-state.ts'

const refresh = (refreshToken: string) => post('/auth/refresh', { refreshToken })
const end = (id: string, accessToken: string) =>
  send('DELETE', `/auth/sessions/${id}`, { headers: bearer(accessToken) })
const statusOf = async (accessToken: string) => (await get('/auth/session', bearer(accessToken))).status

const unlimited = { ...env, RATE_LIMITS: 'off' } as unknown as Env

afterEach(() => vi.useRealTimers())

describe('POST /auth/logout', () => {
  it('ends the session of the bearer token: both tokens are refused, and the storage of the page is cleared (ASVS 14.3.1)', async () => {
    const { id, session, tokens } = await signedIn()
    const response = await send('POST', '/auth/logout', { headers: bearer(tokens.accessToken) })
    await expectNoContent(response)
    expect(response.headers.get('Clear-Site-Data')).toContain('"storage"')
    expect(await countRows('sessions', 'id = ?', session.id)).toBe(0)
    expect(await auditOf('session.ended', id)).toMatchObject([{ actor_id: id, details: { sessionId: session.id } }])
    expect(await isOnBlocklist(session.id)).toBe(true)
    await expectRefusal(await get('/auth/session', bearer(tokens.accessToken)), 401, 'unauthenticated')
    await expectRefusal(await get('/auth/me', bearer(tokens.accessToken)), 401, 'unauthenticated')
    await expectRefusal(await refresh(tokens.refreshToken), 401, 'invalid_refresh_token')
  })

  it('ends the session of a refresh token alone', async () => {
    const { session, tokens } = await signedIn()
    await expectNoContent(await post('/auth/logout', { refreshToken: tokens.refreshToken }))
    expect(await countRows('sessions', 'id = ?', session.id)).toBe(0)
    expect(await statusOf(tokens.accessToken)).toBe(401)
  })

  it('ends the session of the cookies and clears them, but keeps the device cookie (ASVS 14.3.1)', async () => {
    const { id, cookie } = await signedInByCookie()
    const response = await send('POST', '/auth/logout', { headers: { Cookie: cookie, ...SAME_ORIGIN } })
    await expectNoContent(response)
    const cleared = cookiesOf(response)
    expect(Object.keys(cleared)).toEqual(['__Host-access', '__Secure-refresh'])
    for (const { value, attributes } of Object.values(cleared)) {
      expect(value).toBe('')
      expect(attributes).toEqual(expect.arrayContaining(['Max-Age=0', 'Secure', 'HttpOnly']))
    }
    expect(cleared['__Secure-refresh']?.attributes).toContain('Path=/auth')
    expect(await countRows('sessions', 'user_id = ?', id)).toBe(0)
  })

  it('ends the session by the refresh cookie when the access cookie has expired', async () => {
    const { id, cookies } = await signedInByCookie()
    const cookie = `__Secure-refresh=${cookies['__Secure-refresh']?.value}`
    await expectNoContent(await send('POST', '/auth/logout', { headers: { Cookie: cookie, ...SAME_ORIGIN } }))
    expect(await countRows('sessions', 'user_id = ?', id)).toBe(0)
  })

  it('ends the session of an access token that has only expired', async () => {
    const { id, session, tokens } = await signedIn()
    vi.setSystemTime(Date.now() + 3_600_000)
    await expectNoContent(await send('POST', '/auth/logout', { headers: bearer(tokens.accessToken) }))
    vi.useRealTimers()
    expect(await countRows('sessions', 'id = ?', session.id)).toBe(0)
    expect(await statusOf(tokens.accessToken)).toBe(401)
    expect(await auditOf('session.ended', id)).toHaveLength(1)
  })

  it('ends no session for an access token that has anything else wrong with it (hono CVE-2026-22817)', async () => {
    const { tokens } = await signedIn()
    const forgeries = (await forgeTokens(tokens.accessToken)).filter(({ flaw }) => !flaw.startsWith('expire'))
    const before = await accountState()
    for (const { flaw, token } of forgeries) {
      await expectNoContent(await callWorker(unlimited, 'POST', '/auth/logout', { headers: bearer(token) }))
      expect(await accountState(), flaw).toEqual(before)
    }
  })

  it('ends both sessions where the access token is of one and the refresh token of another', async () => {
    const { id, email, tokens } = await signedIn()
    const other = await logIn(email)
    const body = { refreshToken: other.tokens.refreshToken }
    await expectNoContent(await post('/auth/logout', body, bearer(tokens.accessToken)))
    expect(await countRows('sessions', 'user_id = ?', id)).toBe(0)
    expect(await auditOf('session.ended', id)).toHaveLength(2)
    for (const { accessToken } of [tokens, other.tokens]) expect(await statusOf(accessToken)).toBe(401)
  })

  it('writes one event, however often it is asked for', async () => {
    const { id, tokens } = await signedIn()
    const ask = () => post('/auth/logout', { refreshToken: tokens.refreshToken }, bearer(tokens.accessToken))
    for (const response of await Promise.all([ask(), ask(), ask()])) await expectNoContent(response)
    await expectNoContent(await ask())
    expect(await auditOf('session.ended', id)).toHaveLength(1)
  })

  it('is limited to thirty a minute for each address, counted apart from other routes', async () => {
    vi.setSystemTime(Math.ceil(Date.now() / 60_000) * 60_000)
    const { ask } = freshWorker()
    const statuses = await statusesOf(31, () => ask('POST', '/auth/logout', '203.0.113.1'))
    expect(statuses).toEqual([...Array(30).fill(204), 429])
    expect((await ask('POST', '/auth/logout', '203.0.113.2')).status).toBe(204)
    expect((await ask('GET', '/health', '203.0.113.1')).status).toBe(200)
  })

  it('answers 204 without a valid session, and ends nothing', async () => {
    const { tokens } = await signedIn()
    const before = await accountState()
    await expectNoContent(await send('POST', '/auth/logout'))
    await expectNoContent(await post('/auth/logout', {}))
    await expectNoContent(await post('/auth/logout', { refreshToken: 'nonsense' }))
    await expectNoContent(await post('/auth/logout', { refreshToken: `${tokens.refreshToken.slice(0, -4)}AAAA` }))
    await expectNoContent(await send('POST', '/auth/logout', { headers: bearer('a.b.c') }))
    expect(await accountState()).toEqual(before)
  })
})

describe('GET /auth/session', () => {
  it('answers what the token says', async () => {
    const { id, session, tokens } = await signedIn()
    const answer = await answerOf(await get('/auth/session', bearer(tokens.accessToken)), CurrentSession)
    expect(answer).toMatchObject({
      userId: id,
      sessionId: session.id,
      roles: ['user'],
      permissions: [],
      methods: ['pwd'],
    })
    const { authenticated_at } = await queryOne('select authenticated_at from sessions where id = ?', session.id)
    expect(Date.parse(answer.authenticatedAt)).toBe(Math.floor(Number(authenticated_at) / 1000) * 1000)
    expect(Date.parse(answer.expiresAt) - Date.now()).toBeLessThanOrEqual(900_000)
  })

  it('takes the cookie too', async () => {
    const { id, cookie } = await signedInByCookie()
    expect((await answerOf(await get('/auth/session', { Cookie: cookie }), CurrentSession)).userId).toBe(id)
  })

  it('refuses without a token, and once it has expired', async () => {
    const { tokens } = await signedIn()
    const none = await get('/auth/session')
    expect(none.headers.get('WWW-Authenticate')).toMatch(/^Bearer/)
    await expectRefusal(none, 401, 'unauthenticated')
    vi.setSystemTime(Date.now() + 901_000)
    await expectRefusal(await get('/auth/session', bearer(tokens.accessToken)), 401, 'unauthenticated')
  })
})

describe('GET /auth/sessions', () => {
  const SessionList = listOf(SessionView)

  it('lists my live sessions, the newest first, with device and place, and marks the current one', async () => {
    const { email, session: first } = await signedIn()
    const browser =
      'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15'
    const { session: second, tokens } = await logIn(email, PASSWORD, { 'User-Agent': browser })
    await signedIn()
    await rows("update sessions set country = 'CH', city = 'Bern' where id = ?", second.id)
    const { items, nextCursor } = await answerOf(await get('/auth/sessions', bearer(tokens.accessToken)), SessionList)
    expect(nextCursor).toBeNull()
    expect(items.map(({ id, current }) => ({ id, current }))).toEqual([
      { id: second.id, current: true },
      { id: first.id, current: false },
    ])
    expect(items[0]?.device).toEqual({ name: 'Safari on macOS', userAgent: browser, rememberedUntil: null })
    expect(items.map(({ location }) => location)).toEqual([{ country: 'CH', city: 'Bern' }, null])
  })

  /** Opens five sessions, one of which asks for the list, and answers a way to read two of them at a time. */
  async function fiveSessions() {
    const { id, email, tokens } = await signedIn()
    for (let more = 0; more < 4; more += 1) await logIn(email)
    const page = async (cursor: string | null) => {
      const path = `/auth/sessions?limit=2${cursor === null ? '' : `&cursor=${cursor}`}`
      return await answerOf(await get(path, bearer(tokens.accessToken)), SessionList)
    }
    const inOrder = async () => {
      const sorted = await rows('select id from sessions where user_id = ? order by created_at desc, id desc', id)
      return sorted.map((row) => String(row.id))
    }
    return { id, email, page, inOrder }
  }

  it.each([
    ['the order of their ids', 'update sessions set created_at = created_at where user_id = ?'],
    ['the reverse of it', 'update sessions set created_at = 1000000000000 - created_at % 1000000000 where user_id = ?'],
    ['no order at all, all within one millisecond', 'update sessions set created_at = 1000000000000 where user_id = ?'],
  ])('pages by the order they are sorted in, when they began in %s', async (_, disorder) => {
    const { id, page, inOrder } = await fiveSessions()
    await rows(disorder, id)
    const seen: string[] = []
    let cursor: string | null = null
    do {
      const { items, nextCursor }: { items: { id: string }[]; nextCursor: string | null } = await page(cursor)
      seen.push(...items.map((item) => item.id))
      cursor = nextCursor
    } while (cursor !== null)
    expect(seen).toEqual(await inOrder())
    expect(seen).toHaveLength(5)
  })

  it('shows every remaining session once when sessions begin and end between two pages', async () => {
    const { email, page, inOrder } = await fiveSessions()
    const before = await inOrder()
    const { items, nextCursor } = await page(null)
    await logIn(email)
    await rows('delete from sessions where id = ?', items[1]?.id)
    const second = await page(nextCursor)
    const third = await page(second.nextCursor)
    expect([...second.items, ...third.items].map((item) => item.id)).toEqual(before.slice(2))
    expect(third.nextCursor).toBeNull()
  })

  it.each(['limit=0', 'limit=101', 'limit=x', 'limit=1.5', 'cursor=x', `cursor=${'x'.repeat(257)}`])(
    'refuses ?%s',
    async (search) => {
      const { tokens } = await signedIn()
      await expectRefusal(await get(`/auth/sessions?${search}`, bearer(tokens.accessToken)), 400, 'invalid_request')
    },
  )
})

describe('DELETE /auth/sessions/{id}', () => {
  it('ends one of my sessions at once (ASVS 7.4.1, 7.5.2)', async () => {
    const { id, email, tokens } = await signedIn()
    const other = await logIn(email)
    await expectNoContent(await end(other.session.id, tokens.accessToken))
    expect(await countRows('sessions', 'id = ?', other.session.id)).toBe(0)
    expect(await statusOf(other.tokens.accessToken)).toBe(401)
    expect(await statusOf(tokens.accessToken)).toBe(200)
    expect(await auditOf('session.ended', id)).toMatchObject([{ details: { sessionId: other.session.id } }])
    await expectRefusal(await end(other.session.id, tokens.accessToken), 404, 'not_found')
  })

  it('ends this very session', async () => {
    const { session, tokens } = await signedIn()
    await expectNoContent(await end(session.id, tokens.accessToken))
    await expectRefusal(await end(session.id, tokens.accessToken), 401, 'unauthenticated')
  })

  it("answers 404 for somebody else's, ends nothing, revokes nothing and records nothing (ASVS 8.2.2)", async () => {
    const { tokens } = await signedIn()
    const victim = await signedIn()
    const before = await accountState()
    await expectRefusal(await end(victim.session.id, tokens.accessToken), 404, 'not_found')
    expect(await accountState()).toEqual(before)
    expect(await isOnBlocklist(victim.session.id)).toBe(false)
    expect(await statusOf(victim.tokens.accessToken)).toBe(200)
    expect(await auditOf('session.ended', victim.id)).toEqual([])
    expect(await countRows('audit_events', "type = 'session.ended' and details like ?", `%${victim.session.id}%`)).toBe(
      0,
    )
  })

  it.each(['.', '..', 'nonsense', 'x'.repeat(64)])(
    'answers 404 for what is no session, and writes nothing: %s',
    async (id) => {
      const { tokens } = await signedIn()
      const before = await countEndedSessions()
      await expectRefusal(
        await end(encodeURIComponent(id).replaceAll('.', '%2E'), tokens.accessToken),
        404,
        'not_found',
      )
      expect(await countEndedSessions()).toBe(before)
    },
  )
})

describe('DELETE /auth/sessions', () => {
  it('ends all my other sessions at once, and those of nobody else (ASVS 7.4.3)', async () => {
    const { id, email, session, tokens } = await signedIn()
    const others = [await logIn(email), await logIn(email)]
    const stranger = await signedIn()
    await expectNoContent(await send('DELETE', '/auth/sessions', { headers: bearer(tokens.accessToken) }))
    expect(await rows('select id from sessions where user_id = ?', id)).toEqual([{ id: session.id }])
    for (const other of others) expect(await statusOf(other.tokens.accessToken)).toBe(401)
    expect(await statusOf(stranger.tokens.accessToken)).toBe(200)
    expect(await statusOf(tokens.accessToken)).toBe(200)
    expect(await auditOf('session.ended', id)).toMatchObject([{ details: { allBut: session.id } }])
  })
})
