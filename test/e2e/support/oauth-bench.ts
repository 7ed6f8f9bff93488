import { afterAll, beforeAll, beforeEach, expect } from 'vitest'
import { createHttpBrowser, type HttpBrowser } from './http-browser.ts'
import { type Account, type Flavour, type OpenIdProvider, startOpenIdProvider } from './openid-provider.ts'
import { type SampleApp, startSampleApp } from './sample-app.ts'
import { type Service, startService } from './service.ts'

export const PASSWORD = 'four unrelated words here'
/** The same people have accounts at both providers, with different addresses. */
const accountsOf = (flavour: Flavour): Record<string, Account> => ({
  anna: { email: `anna@${flavour}.example`, email_verified: true, name: 'Anna' },
  ben: { email: `ben@${flavour}.example`, email_verified: false },
  cleo: { name: 'Cleo' },
  eve: { name: 'Eve' },
  fay: { name: 'Fay' },
  dora: { email: `dora@${flavour}.example`, email_verified: true },
})

/**
 * This is what stands around the Worker: two real OpenID providers, and an app on an origin of its own. It is ready
 * once `useOAuthBench` has begun.
 */
export const bench = {} as {
  app: SampleApp
  service: Service
  issuers: Record<Flavour, OpenIdProvider>
  /** The token endpoints of these issuers never answer. Logins that wait for them disturb no other test. */
  silent: Record<Flavour, OpenIdProvider>
}

/** Starts everything for one test file, and mends the providers before each test. */
export function useOAuthBench(): void {
  beforeAll(start)
  afterAll(async () => {
    await bench.service?.stop()
    const issuers = [bench.issuers, bench.silent].flatMap((pair) => Object.values(pair ?? {}))
    await Promise.all([bench.app, ...issuers].map((server) => server?.close()))
  })
  beforeEach(() => {
    for (const issuer of Object.values(bench.issuers)) {
      issuer.signInAs('anna')
      issuer.deny(false)
      issuer.alterIdTokens(null)
      for (const endpoint of ['discovery', 'jwks', 'token', 'userinfo'] as const) issuer.break(endpoint, null)
    }
  })
}

async function startIssuers(): Promise<Record<Flavour, OpenIdProvider>> {
  const [basic, post] = await Promise.all([
    startOpenIdProvider('basic', accountsOf('basic')),
    startOpenIdProvider('post', accountsOf('post')),
  ])
  return { basic, post }
}

async function start(): Promise<void> {
  bench.issuers = await startIssuers()
  bench.silent = await startIssuers()
  const { issuers, silent } = bench
  for (const issuer of Object.values(silent)) issuer.break('token', 'slow')
  bench.app = await startSampleApp()
  const { origin } = bench.app
  const configured = [
    { ...issuers.basic.settings, trustedEmailDomains: ['basic.example'] },
    issuers.post.settings,
    { ...silent.basic.settings, id: 'basic-silent' },
    { ...silent.post.settings, id: 'post-silent' },
    { ...issuers.basic.settings, id: 'wrong-secret', clientSecret: 'wrong' },
    { ...issuers.basic.settings, id: 'wrong-issuer', issuer: `${issuers.basic.settings.issuer}/` },
    { ...issuers.basic.settings, id: 'gone', issuer: 'http://127.0.0.1:9' },
  ]
  const variables = [
    'RATE_LIMITS:off',
    `ALLOWED_ORIGINS:${origin}`,
    `ALLOWED_REDIRECTS:${origin}`,
    `OIDC_PROVIDERS:${JSON.stringify(configured)}`,
  ]
  bench.service = await startService(...variables.flatMap((variable) => ['--var', variable]))
  bench.app.use(bench.service.origin)
  const callbackOf = (id: string) => `${bench.service.origin}/auth/oauth/${id}/callback`
  issuers.basic.allowRedirect(callbackOf('basic'))
  issuers.basic.allowRedirect(callbackOf('wrong-secret'))
  issuers.post.allowRedirect(callbackOf('post'))
  silent.basic.allowRedirect(callbackOf('basic-silent'))
  silent.post.allowRedirect(callbackOf('post-silent'))
}

export const startUrl = (provider: string, wishes: Record<string, string> = {}) =>
  `${bench.service.origin}/auth/oauth/${provider}?${new URLSearchParams({ redirectTo: `${bench.app.origin}/`, delivery: 'cookie', ...wishes })}`

/** Walks to the provider and on to the callback, which it does not open. */
export async function walkToCallback(provider: string, browser: HttpBrowser = createHttpBrowser(), wishes = {}) {
  const callback = await browser.walk(
    startUrl(provider, wishes),
    `${bench.service.origin}/auth/oauth/${provider}/callback`,
  )
  return { browser, callback }
}

/** Opens the callback, and answers the query of the app's address to which it leads. */
export async function land(browser: HttpBrowser, callback: URL): Promise<URLSearchParams> {
  const response = await browser.open(callback)
  const location = new URL(response.headers.get('location') ?? 'nowhere:')
  expect(location.origin, await response.text()).toBe(bench.app.origin)
  return location.searchParams
}

export async function signIn(provider: string) {
  const { browser, callback } = await walkToCallback(provider)
  return { browser, query: await land(browser, callback) }
}

export const errorOf = async (provider: string) => (await signIn(provider)).query.get('error')
export const whoIs = async (browser: HttpBrowser) =>
  (await (await browser.open(`${bench.service.origin}/auth/me`)).json()) as { email?: string; providers?: string[] }
export const codeOf = async (response: Response) => ({
  status: response.status,
  code: ((await response.json()) as { code: string }).code,
})

export async function send(path: string, body: object): Promise<Response> {
  return await fetch(bench.service.origin + path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  })
}
