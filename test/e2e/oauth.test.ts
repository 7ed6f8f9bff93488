import { createHash, randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { launchBrowser } from './support/browser.ts'
import { createHttpBrowser, type HttpBrowser } from './support/http-browser.ts'
import {
  type Account,
  type Fault,
  type Flavour,
  type OpenIdProvider,
  startOpenIdProvider,
} from './support/openid-provider.ts'
import { type SampleApp, startSampleApp } from './support/sample-app.ts'
import { type Service, startService } from './support/service.ts'

const PASSWORD = 'four unrelated words here'
/** The same people at both providers, with addresses that differ. */
const accountsOf = (flavour: Flavour): Record<string, Account> => ({
  anna: { email: `anna@${flavour}.example`, email_verified: true, name: 'Anna' },
  ben: { email: `ben@${flavour}.example`, email_verified: false },
  cleo: { name: 'Cleo' },
  eve: { name: 'Eve' },
  fay: { name: 'Fay' },
  dora: { email: `dora@${flavour}.example`, email_verified: true },
})

let app: SampleApp
let service: Service
let issuers: Record<Flavour, OpenIdProvider>

beforeAll(async () => {
  const [basic, post] = await Promise.all([
    startOpenIdProvider('basic', accountsOf('basic')),
    startOpenIdProvider('post', accountsOf('post')),
  ])
  issuers = { basic, post }
  app = await startSampleApp()
  const configured = [
    { ...basic.settings, trustedEmailDomains: ['basic.example'] },
    post.settings,
    { ...basic.settings, id: 'wrong-secret', clientSecret: 'wrong' },
    { ...basic.settings, id: 'wrong-issuer', issuer: `${basic.settings.issuer}/` },
    { ...basic.settings, id: 'gone', issuer: 'http://127.0.0.1:9' },
  ]
  service = await startService(
    ...['RATE_LIMITS:off', `ALLOWED_ORIGINS:${app.origin}`, `ALLOWED_REDIRECTS:${app.origin}`].flatMap((pair) => [
      '--var',
      pair,
    ]),
    '--var',
    `OIDC_PROVIDERS:${JSON.stringify(configured)}`,
  )
  app.use(service.origin)
  for (const flavour of ['basic', 'post'] as const)
    issuers[flavour].allowRedirect(`${service.origin}/auth/oauth/${flavour}/callback`)
  basic.allowRedirect(`${service.origin}/auth/oauth/wrong-secret/callback`)
})
afterAll(async () => {
  await service?.stop()
  await Promise.all([app?.close(), issuers?.basic.close(), issuers?.post.close()])
})
beforeEach(() => {
  for (const issuer of Object.values(issuers)) {
    issuer.signInAs('anna')
    issuer.deny(false)
    issuer.alterIdTokens(null)
    for (const endpoint of ['discovery', 'jwks', 'token', 'userinfo'] as const) issuer.break(endpoint, null)
  }
})

const startUrl = (flavour: Flavour, wishes: Record<string, string> = {}) =>
  `${service.origin}/auth/oauth/${flavour}?${new URLSearchParams({ redirectTo: `${app.origin}/`, delivery: 'cookie', ...wishes })}`

/** Walks to the provider and to the door of the callback, which is not opened. */
async function walkToCallback(flavour: Flavour, browser: HttpBrowser = createHttpBrowser(), wishes = {}) {
  const callback = await browser.walk(startUrl(flavour, wishes), `${service.origin}/auth/oauth/${flavour}/callback`)
  return { browser, callback }
}

/** Opens the callback, and gives the query it leads to at the app. */
async function land(browser: HttpBrowser, callback: URL): Promise<URLSearchParams> {
  const response = await browser.open(callback)
  const location = new URL(response.headers.get('location') ?? 'nowhere:')
  expect(location.origin, await response.text()).toBe(app.origin)
  return location.searchParams
}

async function signIn(flavour: Flavour) {
  const { browser, callback } = await walkToCallback(flavour)
  return { browser, query: await land(browser, callback) }
}

const errorOf = async (flavour: Flavour) => (await signIn(flavour)).query.get('error')
const whoIs = async (browser: HttpBrowser) =>
  (await (await browser.open(`${service.origin}/auth/me`)).json()) as { email?: string; providers?: string[] }
const codeOf = async (response: Response) => ({
  status: response.status,
  code: ((await response.json()) as { code: string }).code,
})

async function send(path: string, body: object): Promise<Response> {
  return await fetch(service.origin + path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  })
}

async function mailedToken(email: string): Promise<string> {
  for (let tries = 0; tries < 100; tries += 1) {
    const response = await fetch(`${service.origin}/dev/mailbox.json?to=${encodeURIComponent(email)}`)
    const { items }: { items: { text: string }[] } = await response.json()
    const token = /\?token=(\S+)/.exec(items[0]?.text ?? '')?.[1]
    if (token !== undefined) return token
    await sleep(100)
  }
  throw new Error('no mail')
}

async function registerVerified(email: string): Promise<void> {
  await send('/auth/register', { email, password: PASSWORD })
  expect((await send('/auth/verify-email', { token: await mailedToken(email) })).status).toBe(200)
}

describe.each(['basic', 'post'] as const)(
  'a login through a real OpenID provider (%s), by configuration alone',
  (flavour) => {
    it('signs a person in with cookies', async () => {
      const { browser, query } = await signIn(flavour)
      expect([...query]).toEqual([])
      expect([...browser.cookies(service.origin).keys()].sort()).toEqual([
        '__Host-access',
        '__Host-device',
        '__Secure-refresh',
      ])
      expect(await whoIs(browser)).toMatchObject({ email: `anna@${flavour}.example`, providers: [flavour] })
    })

    it('signs a person in with a code and tokens', async () => {
      const codeVerifier = randomBytes(32).toString('base64url')
      const codeChallenge = createHash('sha256').update(codeVerifier).digest('base64url')
      const { browser, callback } = await walkToCallback(flavour, createHttpBrowser(), {
        delivery: 'body',
        codeChallenge,
      })
      const code = (await land(browser, callback)).get('code')
      const answer = await send('/auth/oauth/exchange', { code, codeVerifier })
      expect(await answer.json()).toMatchObject({
        status: 'signed_in',
        user: { email: `anna@${flavour}.example` },
        tokens: { tokenType: 'Bearer' },
      })
      expect(await codeOf(await send('/auth/oauth/exchange', { code, codeVerifier }))).toEqual({
        status: 401,
        code: 'invalid_code',
      })
    })

    it('says that the person said no', async () => {
      issuers[flavour].deny(true)
      expect(await errorOf(flavour)).toBe('access_denied')
    })

    it('goes nowhere when the state is missing, foreign, replayed or for another provider', async () => {
      const refused = { status: 400, code: 'invalid_state' }
      const { browser, callback } = await walkToCallback(flavour)
      const stateless = new URL(callback)
      stateless.searchParams.delete('state')
      expect(await codeOf(await browser.open(stateless))).toEqual(refused)
      expect(await codeOf(await createHttpBrowser().open(callback))).toEqual(refused)
      const other = flavour === 'basic' ? 'post' : 'basic'
      expect(await codeOf(await browser.open(callback.href.replace(`/${flavour}/`, `/${other}/`)))).toEqual(refused)
      const copy = createHttpBrowser()
      for (const [name, value] of browser.cookies(service.origin)) copy.cookies(service.origin).set(name, value)
      expect((await land(browser, callback)).get('error')).toBeNull()
      expect(await codeOf(await browser.open(callback))).toEqual(refused)
      expect((await land(copy, callback)).get('error')).toBe('invalid_state')
      expect((await copy.open(`${service.origin}/auth/me`)).status).toBe(401)
    })

    it('refuses a code that was used before', async () => {
      const first = await walkToCallback(flavour)
      await land(first.browser, first.callback)
      const second = await walkToCallback(flavour)
      second.callback.searchParams.set('code', first.callback.searchParams.get('code') ?? '')
      expect((await land(second.browser, second.callback)).get('error')).toBe('invalid_grant')
    })

    it("refuses another issuer's answer (RFC 9207)", async () => {
      const foreign = await walkToCallback(flavour)
      foreign.callback.searchParams.set('iss', 'https://evil.example')
      expect((await land(foreign.browser, foreign.callback)).get('error')).toBe('invalid_provider_response')
      const stripped = await walkToCallback(flavour)
      stripped.callback.searchParams.delete('iss')
      expect((await land(stripped.browser, stripped.callback)).get('error')).toBe('invalid_provider_response')
    })

    it.each<[string, Parameters<OpenIdProvider['alterIdTokens']>[0]]>([
      ['issuer', (claims) => ({ ...claims, iss: 'https://evil.example' })],
      ['nonce', (claims) => ({ ...claims, nonce: 'foreign' })],
      ['audience', (claims) => ({ ...claims, aud: 'other' })],
      ['expiry', (claims) => ({ ...claims, exp: 1 })],
      [
        'clock, an hour ahead',
        (claims) => ({ ...claims, iat: Number(claims.iat) + 3600, exp: Number(claims.exp) + 3600 }),
      ],
      ['clock, an hour behind', (claims) => ({ ...claims, iat: Number(claims.iat) - 3600 })],
    ])('refuses an ID token with a wrong %s', async (_, alter) => {
      issuers[flavour].alterIdTokens(alter)
      expect(await errorOf(flavour)).toBe('invalid_provider_response')
    })

    it('forgives a clock that is half a minute ahead', async () => {
      issuers[flavour].alterIdTokens((claims) => ({ ...claims, iat: Number(claims.iat) + 30 }))
      expect(await errorOf(flavour)).toBeNull()
    })

    it('goes on after the issuer replaced its key', async () => {
      expect(await errorOf(flavour)).toBeNull()
      await issuers[flavour].rotateKeys()
      const before = issuers[flavour].requests('jwks')
      expect(await errorOf(flavour)).toBeNull()
      expect(issuers[flavour].requests('jwks')).toBe(before + 1)
    })

    it.each<Fault>(['status_500', 'html', 'malformed_json'])(
      'survives a token endpoint that fails with %s',
      async (fault) => {
        issuers[flavour].break('token', fault)
        expect(await errorOf(flavour)).toBe('provider_unavailable')
        issuers[flavour].break('token', null)
        expect(await errorOf(flavour)).toBeNull()
      },
    )

    it('gives up on a silent token endpoint after ten seconds', async () => {
      issuers[flavour].break('token', 'slow')
      const started = Date.now()
      expect(await errorOf(flavour)).toBe('provider_unavailable')
      expect(Date.now() - started).toBeGreaterThan(9_000)
    })

    it('asks for an address, and for its verification', async () => {
      issuers[flavour].signInAs('cleo')
      expect(await errorOf(flavour)).toBe('email_required')
      issuers[flavour].signInAs('ben')
      expect(await errorOf(flavour)).toBe('email_not_verified')
      expect((await send('/auth/verify-email', { token: await mailedToken(`ben@${flavour}.example`) })).status).toBe(
        200,
      )
      const { browser } = await signIn(flavour)
      expect(await whoIs(browser)).toMatchObject({ email: `ben@${flavour}.example` })
    })

    it('links an existing account only where the issuer is trusted for its domain', async () => {
      const email = `dora@${flavour}.example`
      await registerVerified(email)
      issuers[flavour].signInAs('dora')
      const { browser, query } = await signIn(flavour)
      expect(query.get('error')).toBe(flavour === 'basic' ? null : 'account_exists')
      expect((await whoIs(browser)).email).toBe(flavour === 'basic' ? email : undefined)
    })
  },
)

describe('a provider that cannot be used', () => {
  it('says that the operator must act when the client secret is wrong', async () => {
    const browser = createHttpBrowser()
    const start = startUrl('basic').replace('/basic?', '/wrong-secret?')
    const callback = await browser.walk(start, `${service.origin}/auth/oauth/wrong-secret/callback`)
    expect((await land(browser, callback)).get('error')).toBe('provider_misconfigured')
  })

  it.each([
    ['is down', 'gone', 'provider_unavailable'],
    ['calls itself by another name', 'wrong-issuer', 'provider_misconfigured'],
  ])('sends nobody to an issuer that %s', async (_, id, code) => {
    const response = await createHttpBrowser().open(startUrl('basic').replace('/basic?', `/${id}?`))
    expect(response.headers.get('retry-after')).toBe('5')
    expect(response.headers.getSetCookie()).toEqual([])
    expect(await codeOf(response)).toEqual({ status: 503, code })
  })
})

describe('an account that is signed in', () => {
  it('links the issuer that may not speak for its address, and unlinks it again', async () => {
    const browser = createHttpBrowser()
    const headers = { 'Content-Type': 'application/json', Origin: app.origin }
    const ask = (method: string, path: string, body: object) =>
      browser.open(service.origin + path, { method, headers, body: JSON.stringify(body) })
    await ask('POST', '/auth/login', { identifier: 'dora@post.example', password: PASSWORD, delivery: 'cookie' })
    issuers.post.signInAs('dora')
    const answer = await ask('POST', '/auth/oauth/post/link', { redirectTo: `${app.origin}/` })
    const { url }: { url: string } = await answer.json()
    const landing = await browser.walk(url, app.origin)
    expect(landing.href).toBe(`${app.origin}/`)
    expect((await whoIs(browser)).providers).toEqual(['post'])
    expect((await signIn('post')).query.get('error')).toBeNull()
    const unlinked = await browser.open(`${service.origin}/auth/oauth/post`, { method: 'DELETE', headers })
    expect(unlinked.status).toBe(204)
    expect((await signIn('post')).query.get('error')).toBe('account_exists')
  })
})

describe('a page of another origin, in Chromium', () => {
  let chromium: Browser
  beforeAll(async () => {
    chromium = await launchBrowser()
  })
  afterAll(async () => {
    await chromium?.close()
  })

  it.each([
    ['by full-page redirect with cookies', '#cookies', 'cookies anna@basic.example', 'eve'],
    ['by redirect with a code, exchanged for tokens', '#tokens', 'tokens dora@basic.example', 'fay'],
  ])('signs in, and links another provider, %s', async (_, button, expected, other) => {
    issuers.basic.signInAs(expected.split(/[ @]/)[1] ?? '')
    issuers.post.signInAs(other)
    const page = await (await chromium.newContext()).newPage()
    await page.goto(`${app.origin}/`)
    await page.getByText('nobody').waitFor()
    await page.click(button)
    await page.getByText(`${expected} by basic`).waitFor()
    expect(page.url()).toBe(`${app.origin}/`)
    const names = (await page.context().cookies(service.origin)).map(({ name }) => name)
    expect(names.includes('__Host-access')).toBe(button === '#cookies')
    expect(names.filter((name) => name.startsWith('__Host-oauth-'))).toEqual([])
    expect(await page.evaluate(() => document.cookie)).toBe('')
    await page.click('#link')
    await page.getByText(`${expected} by basic and post`).waitFor()
    expect(page.url()).toBe(`${app.origin}/`)
  })

  it('shows the person why it did not work', async () => {
    issuers.basic.deny(true)
    const page = await (await chromium.newContext()).newPage()
    await page.goto(`${app.origin}/`)
    await page.click('#cookies')
    await page.getByText('error access_denied').waitFor()
  })
})

describe('what is logged', () => {
  it('holds no state, code, token or address of any of these logins', () => {
    const lines = service.output()
    expect(lines).toContain('/auth/oauth/:provider/callback')
    for (const secret of [/@(basic|post)\.example/, /[?&](code|state|ticket)=/, /secret-of-/, /eyJ[A-Za-z0-9_-]{10}/])
      expect(lines).not.toMatch(secret)
  })
})
