import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type Client, type ClientOptions, createClient } from '../../../src/client/index.ts'
import { fakePage } from '../support/fake-page.ts'
import { fakeService, json, problem, USER } from '../support/fake-service.ts'

const login = { identifier: 'ada@example.com', password: 'four unrelated words here' }
const clients: Client[] = []
let page: ReturnType<typeof fakePage>

function makeClient(options: ClientOptions = {}): Client {
  const client = createClient({ baseUrl: 'https://auth.example.com', ...options })
  clients.push(client)
  return client
}

/** Two tabs of one origin, both signed in. */
async function twoTabs(): Promise<[Client, Client]> {
  const tabs: [Client, Client] = [makeClient(), makeClient()]
  await tabs[0].login(login)
  await tabs[1].getSession()
  return tabs
}

const countRefreshes = (routes: string[]) => routes.filter((route) => route === 'POST /auth/refresh').length

beforeEach(() => {
  page = fakePage()
})
afterEach(() => {
  for (const client of clients.splice(0)) client.close()
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

describe('two tabs', () => {
  it('renew at the same moment by one request', async () => {
    const { routes } = fakeService()
    const tabs = await twoTabs()
    expect(await Promise.all(tabs.map((tab) => tab.refresh()))).toEqual([true, true])
    expect(countRefreshes(routes())).toBe(1)
  })

  it.each(['navigator', 'BroadcastChannel'])('stay signed in without %s', async (name) => {
    vi.stubGlobal(name, undefined)
    const { routes } = fakeService()
    const tabs = await twoTabs()
    expect(await Promise.all(tabs.map((tab) => tab.refresh()))).toEqual([true, true])
    expect(countRefreshes(routes())).toBe(2)
    for (const tab of tabs) expect(tab.session.status).toBe('signed_in')
  })

  it('that share a storage present each refresh token once', async () => {
    const tokens = (n: number) => ({ tokenType: 'Bearer', accessToken: `a${n}`, refreshToken: `r${n}`, expiresIn: 900 })
    let stored = JSON.stringify({ dueAt: 0, accessToken: 'a1', refreshToken: 'r1' })
    const storage = {
      get: () => stored,
      set: (value: string) => {
        stored = value
      },
    }
    const { sent } = fakeService({ 'POST /auth/refresh': () => json(tokens(2)) })
    const tabs = [makeClient({ delivery: 'body', storage }), makeClient({ delivery: 'body', storage })]
    const found = await Promise.all(tabs.map((tab) => tab.accessToken()))
    expect(found).toEqual(['a2', 'a2'])
    const presented = sent.filter(({ route }) => route === 'POST /auth/refresh').map(({ body }) => body)
    expect(presented).toEqual([{ refreshToken: 'r1' }])
  })

  it('learn from each other who signed in, what changed, and who signed out, without a request', async () => {
    const { sent } = fakeService({ 'PATCH /auth/me': () => json({ ...USER, name: 'Ada' }) })
    const [first, second] = await twoTabs()
    await first.request('PATCH /auth/me', { body: { name: 'Ada' } })
    await vi.waitFor(() => expect(second.session).toMatchObject({ user: { name: 'Ada' } }))
    await second.logout()
    await vi.waitFor(() => expect(first.session).toEqual({ status: 'signed_out' }))
    await first.login(login)
    await vi.waitFor(() => expect(second.session).toEqual({ status: 'signed_in', user: USER }))
    const asked = sent.map(({ route }) => route).filter((route) => route !== 'GET /auth/session')
    expect(asked).toEqual([
      'POST /auth/login',
      'GET /auth/me',
      'PATCH /auth/me',
      'POST /auth/logout',
      'POST /auth/login',
    ])
  })

  it('do not sign each other in again by a renewal that ends after a sign-out', async () => {
    let finish = (_: Response) => {}
    const { answers } = fakeService()
    const [first, second] = await twoTabs()
    answers['POST /auth/refresh'] = () =>
      new Promise((resolve) => {
        finish = resolve
      })
    const refreshed = first.refresh()
    await vi.waitFor(() => expect(finish.length).toBe(1))
    await second.logout()
    await vi.waitFor(() => expect(first.session.status).toBe('signed_out'))
    finish(json({ expiresIn: 900 }))
    expect(await refreshed).toBe(false)
    expect([first, second].map((tab) => tab.session.status)).toEqual(['signed_out', 'signed_out'])
  })

  it('never tell each other a token', async () => {
    const heard: unknown[] = []
    const channel = new BroadcastChannel('postern:https://auth.example.com')
    channel.onmessage = ({ data }: MessageEvent) => heard.push(data)
    const tokens = { accessToken: 'secret-1', refreshToken: 'secret-2', expiresIn: 900 }
    fakeService({ 'POST /auth/refresh': () => json(tokens) })
    let stored = JSON.stringify({ dueAt: null, ...tokens })
    const storage = {
      get: () => stored,
      set: (value: string) => {
        stored = value
      },
    }
    const tab = makeClient({ delivery: 'body', storage })
    await tab.getSession()
    await tab.refresh()
    await vi.waitFor(() => expect(heard.length).toBeGreaterThan(1))
    channel.close()
    expect(JSON.stringify(heard)).not.toContain('secret')
  })
})

describe('a page', () => {
  const LIFE_MS = 900_000

  async function signedIn() {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'Date'] })
    const service = fakeService()
    const client = makeClient()
    await client.login(login)
    await client.refresh()
    const refreshes = () => countRefreshes(service.routes()) - 1
    return { ...service, client, refreshes }
  }

  it('that is looked at renews before the token expires, and no earlier than needed', async () => {
    const { refreshes } = await signedIn()
    await vi.advanceTimersByTimeAsync(LIFE_MS * 0.85)
    expect(refreshes()).toBe(0)
    await vi.advanceTimersByTimeAsync(LIFE_MS * 0.1)
    await vi.waitFor(() => expect(refreshes()).toBe(1))
  })

  it('that is hidden does nothing, and renews when it is seen again', async () => {
    const { refreshes } = await signedIn()
    page.show('hidden')
    await vi.advanceTimersByTimeAsync(LIFE_MS * 4)
    expect(refreshes()).toBe(0)
    page.show('visible')
    await vi.waitFor(() => expect(refreshes()).toBe(1))
  })

  it('that slept renews within seconds after waking up, and before its next request', async () => {
    const { client, routes, refreshes } = await signedIn()
    vi.setSystemTime(Date.now() + 8 * 3_600_000)
    await client.request('GET /roles').catch(() => undefined)
    expect(routes().slice(-2)).toEqual(['POST /auth/refresh', 'GET /roles'])
    vi.setSystemTime(Date.now() + 8 * 3_600_000)
    await vi.advanceTimersByTimeAsync(20_000)
    await vi.waitFor(() => expect(refreshes()).toBe(2))
  })

  it('that comes back learns that its session has ended elsewhere', async () => {
    const { client, answers } = await signedIn()
    answers['GET /auth/session'] = () => problem(401, 'unauthenticated')
    answers['POST /auth/refresh'] = () => problem(401, 'invalid_refresh_token')
    page.show('hidden')
    vi.setSystemTime(Date.now() + 120_000)
    page.show('visible')
    await vi.waitFor(() => expect(client.session).toEqual({ status: 'signed_out' }))
  })

  it('that comes back shows whom a page of another origin has signed in meanwhile', async () => {
    const { client, answers } = await signedIn()
    answers['GET /auth/session'] = () => json({ userId: 'user-2', expiresAt: new Date(Date.now() + LIFE_MS) })
    answers['GET /auth/me'] = () => json({ ...USER, id: 'user-2' })
    page.show('hidden')
    vi.setSystemTime(Date.now() + 120_000)
    page.show('visible')
    await vi.waitFor(() => expect(client.session).toMatchObject({ user: { id: 'user-2' } }))
  })

  it('that was opened without a network finds its session when it is online', async () => {
    const { answers } = fakeService({ 'GET /auth/me': () => Promise.reject(new TypeError('Failed to fetch')) })
    const client = makeClient()
    await expect(client.getSession()).rejects.toMatchObject({ code: 'offline' })
    expect(client.session).toEqual({ status: 'loading' })
    answers['GET /auth/me'] = () => json(USER)
    page.goOnline()
    await vi.waitFor(() => expect(client.session.status).toBe('signed_in'))
  })

  it('renews soon, and not in a loop, where its clock is wrong by hours', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'Date'] })
    const { routes } = fakeService({
      'GET /auth/session': () => json({ userId: USER.id, expiresAt: new Date(Date.now() - 6 * 3_600_000) }),
    })
    await makeClient().login(login)
    await vi.advanceTimersByTimeAsync(LIFE_MS * 0.8)
    await vi.waitFor(() => expect(countRefreshes(routes())).toBe(1))
    expect(routes().filter((route) => route === 'GET /auth/session')).toHaveLength(1)
  })
})
