import { vi } from 'vitest'

export interface Sent {
  route: string
  body: unknown
  headers: Record<string, string>
  credentials: RequestCredentials | undefined
}

type Handler = (sent: Sent) => Response | Promise<Response>

export const USER = { id: 'user-1', email: 'ada@example.com', name: null }
export const SIGNED_IN = { status: 'signed_in', user: USER, session: { id: 'session-1', expiresAt: '' } }

export const json = (body: unknown, status = 200, headers: Record<string, string> = {}) =>
  new Response(JSON.stringify(body), { status, headers: { 'Content-Type': 'application/json', ...headers } })

export const problem = (status: number, code: string, members: object = {}, headers: Record<string, string> = {}) =>
  json({ code, title: 'Refused.', requestId: 'request-1', ...members }, status, headers)

export const nothing = () => new Response(null, { status: 204 })

/** Stands in for the network of a page: it answers each route as the test says, and keeps what was sent. */
export function fakeService(handlers: Record<string, Handler> = {}) {
  const sent: Sent[] = []
  const answers: Record<string, Handler> = {
    'GET /auth/me': () => json(USER),
    'GET /auth/session': () => json({ userId: USER.id, expiresAt: new Date(Date.now() + 900_000).toISOString() }),
    'POST /auth/refresh': () => json({ expiresIn: 900 }),
    'POST /auth/logout': nothing,
    'POST /auth/login': () => json(SIGNED_IN),
    ...handlers,
  }
  vi.stubGlobal('fetch', async (url: string, init: RequestInit & { headers: Record<string, string> }) => {
    const route = `${init.method} ${url.replace('https://auth.example.com', '').replace(/\?.*/, '')}`
    const body = typeof init.body === 'string' ? JSON.parse(init.body) : init.body
    const request = { route, body, headers: init.headers, credentials: init.credentials }
    sent.push(request)
    init.signal?.throwIfAborted()
    const answer = await answers[route]?.(request)
    if (answer === undefined) throw new TypeError(`no network for ${route}`)
    return answer
  })
  return { sent, answers, routes: () => sent.map(({ route }) => route) }
}
