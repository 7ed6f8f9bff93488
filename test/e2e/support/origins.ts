import { request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { Browser } from 'playwright-core'
import { launchBrowser } from './browser.ts'
import { createAuthority, createServerCertificate } from './certificate.ts'

/** This is a request that reached the API, with the way in which it was answered. */
export interface Seen {
  method: string
  path: string
  origin: string | null
  site: string | null
  hasCookies: boolean
  status: number
}

export interface Origins {
  /** The API stands behind TLS, as in production. */
  api: string
  /** These origins serve pages: a listed one, a sibling that is not listed, and another site. */
  app: string
  sibling: string
  hostile: string
  seen: Seen[]
  proxyTo(service: string): void
  close(): Promise<void>
}

const HOSTS = { api: 'auth.example.test', app: 'app.example.test', sibling: 'blog.example.test', hostile: 'evil.test' }

/** Starts a browser for which all these names belong to this machine. */
export async function launchBrowserForOrigins(): Promise<Browser> {
  const rules = Object.values(HOSTS).map((host) => `MAP ${host} 127.0.0.1`)
  return await launchBrowser(
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    `--host-resolver-rules=${rules.join(', ')}`,
  )
}

/** Serves four origins over https on one port. Three of them have pages, and the fourth leads to the API. */
export async function startOrigins(): Promise<Origins> {
  const authority = await createAuthority()
  const seen: Seen[] = []
  let upstream = ''
  const server = createServer(await createServerCertificate(authority, HOSTS.api), (incoming, outgoing) => {
    const host = (incoming.headers.host ?? '').replace(/:\d+$/, '')
    if (host === HOSTS.api) forward(incoming, outgoing, { upstream, seen })
    else servePage(incoming, outgoing)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const at = (host: string) => `https://${host}:${port}`
  return {
    api: at(HOSTS.api),
    app: at(HOSTS.app),
    sibling: at(HOSTS.sibling),
    hostile: at(HOSTS.hostile),
    seen,
    proxyTo: (service) => {
      upstream = service
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function forward(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  { upstream, seen }: { upstream: string; seen: Seen[] },
): void {
  const { method = 'GET', url = '/', headers } = incoming
  const request = httpRequest(
    `${upstream}${url}`,
    { method, headers: { ...headers, host: new URL(upstream).host } },
    (answer) => {
      const path = url.replace(/\?.*/, '')
      const { origin = null, 'sec-fetch-site': site = null, cookie } = headers
      seen.push({
        method,
        path,
        origin,
        site: site === null ? null : String(site),
        hasCookies: cookie !== undefined,
        status: answer.statusCode ?? 0,
      })
      outgoing.writeHead(answer.statusCode ?? 502, answer.rawHeaders)
      answer.pipe(outgoing)
    },
  )
  request.on('error', () => outgoing.writeHead(502).end())
  incoming.pipe(request)
}

/**
 * Serves an empty page. At `/redirect?to=` it serves a redirect that keeps the method and the body, and that allows
 * everybody to ask for anything.
 */
function servePage(incoming: IncomingMessage, outgoing: ServerResponse): void {
  const url = new URL(incoming.url ?? '/', 'https://page.invalid')
  const { origin, 'access-control-request-headers': asked } = incoming.headers
  const permissive = {
    'access-control-allow-origin': origin ?? '*',
    'access-control-allow-credentials': 'true',
    'access-control-allow-headers': String(asked ?? '*'),
    'access-control-allow-methods': 'GET, POST, PATCH, DELETE',
  }
  const to = url.searchParams.get('to')
  if (url.pathname === '/redirect' && to !== null && incoming.method !== 'OPTIONS')
    outgoing.writeHead(307, { ...permissive, location: to }).end()
  else outgoing.writeHead(200, { ...permissive, 'content-type': 'text/html' }).end('<!doctype html><title>page</title>')
}
