import { afterEach, describe, expect, it, vi } from 'vitest'
import { type Client, type ClientOptions, createClient, type Session } from '../../../src/client/index.ts'
import { fakeService, json, nothing, problem, SIGNED_IN, USER } from '../support/fake-service.ts'

const clients: Client[] = []

function makeClient(options: ClientOptions = {}): Client {
  const client = createClient({ baseUrl: 'https://auth.example.com/', ...options })
  clients.push(client)
  return client
}

afterEach(() => {
  for (const client of clients.splice(0)) client.close()
  vi.unstubAllGlobals()
})

const login = { identifier: 'ada@example.com', password: 'four unrelated words here' }

describe('a client with cookies', () => {
  it('asks nobody anything before somebody asks it', async () => {
    const { sent } = fakeService()
    expect(makeClient().session).toEqual({ status: 'loading' })
    expect(sent).toEqual([])
  })

  it('sends credentials and no token, and asks for cookies at each login', async () => {
    const { sent } = fakeService()
    await makeClient().login(login)
    expect(sent[0]).toMatchObject({ body: { ...login, delivery: 'cookie' }, credentials: 'include' })
    expect(sent[0]?.headers).not.toHaveProperty('Authorization')
  })

  it('tells its listeners who is signed in, and each change once', async () => {
    fakeService()
    const client = makeClient()
    const heard: Session[] = []
    const stop = client.onSessionChange((session) => heard.push(session))
    await client.login(login)
    await client.reload()
    await client.logout()
    stop()
    await client.login(login)
    expect(heard).toEqual([{ status: 'signed_in', user: USER }, { status: 'signed_out' }])
  })

  it('renews the session once for all requests that find it expired, and repeats each of them once', async () => {
    let isFresh = false
    const { routes } = fakeService({
      'GET /auth/me': () => (isFresh ? json(USER) : problem(401, 'unauthenticated')),
      'POST /auth/refresh': () => {
        isFresh = true
        return json({ expiresIn: 900 })
      },
    })
    const client = makeClient()
    await Promise.all([1, 2, 3].map(() => client.request('GET /auth/me')))
    expect(routes().filter((route) => route === 'POST /auth/refresh')).toHaveLength(1)
    expect(routes().filter((route) => route === 'GET /auth/me')).toHaveLength(6)
  })

  it('is signed out when the session has ended elsewhere, and asks no more', async () => {
    const { routes } = fakeService({
      'GET /auth/me': () => problem(401, 'unauthenticated'),
      'POST /auth/refresh': () => problem(401, 'invalid_refresh_token'),
    })
    const client = makeClient()
    expect(await client.getSession()).toEqual({ status: 'signed_out' })
    expect(await client.getSession()).toEqual({ status: 'signed_out' })
    expect(routes()).toEqual(['GET /auth/me', 'POST /auth/refresh'])
    await expect(client.request('GET /auth/me')).rejects.toMatchObject({ code: 'unauthenticated', status: 401 })
    expect(routes()).toHaveLength(3)
  })

  it.each([
    [
      'a busy service',
      () => problem(503, 'dependency_unavailable', {}, { 'Retry-After': '5' }),
      'dependency_unavailable',
    ],
    ['no network', () => Promise.reject(new TypeError('Failed to fetch')), 'offline'],
    ['a proxy', () => new Response('<h1>Bad gateway</h1>', { status: 502 }), 'unexpected_answer'],
  ])('stays signed in when %s answers a refresh', async (_, answer, code) => {
    const { answers } = fakeService()
    const client = makeClient()
    await client.login(login)
    answers['GET /auth/me'] = () => problem(401, 'unauthenticated')
    answers['POST /auth/refresh'] = answer
    await expect(client.request('GET /auth/me')).rejects.toMatchObject({ code })
    expect(client.session.status).toBe('signed_in')
  })

  it('does not let the answer of a refresh that was under way sign somebody in who has signed out', async () => {
    let finish = (_: Response) => {}
    const { answers } = fakeService()
    const client = makeClient()
    await client.login(login)
    answers['POST /auth/refresh'] = () => new Promise((resolve) => (finish = resolve))
    const refreshed = client.refresh()
    await vi.waitFor(() => expect(finish.length).toBe(1))
    await client.logout()
    finish(json({ expiresIn: 900 }))
    expect(await refreshed).toBe(false)
    expect(client.session.status).toBe('signed_out')
  })

  it('waits for the second factor of a login', async () => {
    const needed = { status: 'mfa_required', ticket: 'ticket-1', expiresIn: 300, methods: ['totp'] }
    const { sent } = fakeService({
      'POST /auth/login': () => json(needed),
      'POST /auth/login/mfa': () => json(SIGNED_IN),
    })
    const client = makeClient()
    expect(await client.login(login)).toEqual(needed)
    expect(client.session.status).toBe('loading')
    await client.verifyFactor({ ticket: 'ticket-1', method: 'totp', code: '123456' })
    expect(sent[1]?.body).toMatchObject({ ticket: 'ticket-1', delivery: 'cookie' })
    expect(client.session.status).toBe('signed_in')
  })

  it('is signed out once the account is deleted', async () => {
    fakeService({ 'DELETE /auth/me': nothing })
    const client = makeClient()
    await client.login(login)
    await client.request('DELETE /auth/me', { body: {} })
    expect(client.session).toEqual({ status: 'signed_out' })
  })
})

describe('a client with tokens', () => {
  const tokens = (generation: number) => ({
    tokenType: 'Bearer',
    accessToken: `access-${generation}`,
    refreshToken: `refresh-${generation}`,
    expiresIn: 900,
    refreshExpiresIn: 2_592_000,
  })
  const opened = { ...SIGNED_IN, session: { ...SIGNED_IN.session, deviceToken: 'device-1' }, tokens: tokens(1) }

  it('sends its token and no cookies, and presents each refresh token once', async () => {
    const { sent, answers } = fakeService({
      'POST /auth/login': () => json(opened),
      'GET /auth/me': ({ headers }) =>
        headers.Authorization === 'Bearer access-1' ? problem(401, 'unauthenticated') : json(USER),
      'POST /auth/refresh': () => json(tokens(2)),
    })
    const client = makeClient({ delivery: 'body' })
    await client.login(login)
    await client.request('GET /auth/me')
    expect(sent.find(({ route }) => route === 'POST /auth/refresh')).toMatchObject({
      body: { refreshToken: 'refresh-1' },
      credentials: 'omit',
    })
    expect(await client.accessToken()).toBe('access-2')
    answers['POST /auth/refresh'] = () => json(tokens(3))
    await client.refresh()
    expect(sent.at(-1)?.body).toEqual({ refreshToken: 'refresh-2' })
  })

  it('renews where AbortSignal has no timeout, as in React Native', async () => {
    fakeService({ 'POST /auth/login': () => json(opened), 'POST /auth/refresh': () => json(tokens(2)) })
    vi.stubGlobal('AbortSignal', { ...AbortSignal, timeout: undefined })
    const client = makeClient({ delivery: 'body' })
    await client.login(login)
    expect(await client.refresh()).toBe(true)
    expect(await client.accessToken()).toBe('access-2')
  })

  it('goes on with its tokens when it has linked a provider, whose answer has none', async () => {
    const linked = { ...SIGNED_IN, user: { ...USER, providers: ['google'] } }
    fakeService({ 'POST /auth/login': () => json(opened), 'POST /auth/oauth/exchange': () => json(linked) })
    const client = makeClient({ delivery: 'body' })
    await client.login(login)
    await client.request('POST /auth/oauth/exchange', { body: { code: 'code-1' } })
    expect(client.session).toEqual({ status: 'signed_in', user: linked.user })
    expect(await client.accessToken()).toBe('access-1')
  })

  it('keeps tokens in memory, so that another client knows nothing of them', async () => {
    const { sent } = fakeService({ 'POST /auth/login': () => json(opened) })
    await makeClient({ delivery: 'body' }).login(login)
    const other = makeClient({ delivery: 'body' })
    expect(await other.getSession()).toEqual({ status: 'signed_out' })
    expect(sent).toHaveLength(1)
  })

  it('goes on from its storage, and leaves only the token of the device there after signing out', async () => {
    let stored: string | null = null
    const storage = {
      get: async () => stored,
      set: async (value: string) => {
        stored = value
      },
    }
    const { sent } = fakeService({ 'POST /auth/login': () => json(opened) })
    await makeClient({ delivery: 'body', storage }).login(login)
    const later = makeClient({ delivery: 'body', storage })
    expect(await later.getSession()).toEqual({ status: 'signed_in', user: USER })
    expect(sent.at(-1)?.headers).toMatchObject({ Authorization: 'Bearer access-1', 'X-Device-Token': 'device-1' })
    await later.logout()
    expect(sent.at(-1)?.body).toEqual({ refreshToken: 'refresh-1' })
    expect(JSON.parse(stored ?? '')).toEqual({ dueAt: null, deviceToken: 'device-1' })
  })

  it.each(['', 'null', '[]', '"text"', 'not JSON', '{"accessToken":1}'])(
    'survives a storage that holds %j',
    async (stored) => {
      fakeService()
      const client = makeClient({ delivery: 'body', storage: { get: () => stored, set: () => undefined } })
      expect((await client.getSession()).status).toBe('signed_out')
    },
  )
})
