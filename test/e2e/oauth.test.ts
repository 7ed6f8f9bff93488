import { createHash, randomBytes } from 'node:crypto'
import { beforeAll, describe, expect, it } from 'vitest'
import { createHttpBrowser } from './support/http-browser.ts'
import { waitForMail } from './support/mailbox.ts'
import {
  bench,
  codeOf,
  errorOf,
  land,
  PASSWORD,
  send,
  signIn,
  startUrl,
  useOAuthBench,
  walkToCallback,
  whoIs,
} from './support/oauth-bench.ts'
import type { Fault, OpenIdProvider } from './support/openid-provider.ts'
import { signUpAt } from './support/sign-up.ts'

useOAuthBench()

/**
 * These logins wait for an issuer while the other tests run. Each promise tells how a login ended, and after how long.
 */
const givenUp: Record<string, Promise<{ error: string | null; tookMs: number }>> = {}
beforeAll(() => {
  for (const flavour of ['basic', 'post']) {
    const started = Date.now()
    givenUp[flavour] = errorOf(`${flavour}-silent`).then((error) => ({ error, tookMs: Date.now() - started }))
    // The test that awaits the promise reports its failure.
    givenUp[flavour].catch(() => {})
  }
})

describe.each(['basic', 'post'] as const)(
  'a login through a real OpenID provider (%s), by configuration alone',
  (flavour) => {
    it('signs a person in with cookies', async () => {
      const { browser, query } = await signIn(flavour)
      expect([...query]).toEqual([])
      expect([...browser.cookies(bench.service.origin).keys()].sort()).toEqual([
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

    it('says that the person refused', async () => {
      bench.issuers[flavour].deny(true)
      expect(await errorOf(flavour)).toBe('access_denied')
    })

    it('refuses a state that is missing, foreign, replayed or for another provider', async () => {
      const refused = { status: 400, code: 'invalid_state' }
      const { browser, callback } = await walkToCallback(flavour)
      const stateless = new URL(callback)
      stateless.searchParams.delete('state')
      expect(await codeOf(await browser.open(stateless))).toEqual(refused)
      expect(await codeOf(await createHttpBrowser().open(callback))).toEqual(refused)
      const other = flavour === 'basic' ? 'post' : 'basic'
      expect(await codeOf(await browser.open(callback.href.replace(`/${flavour}/`, `/${other}/`)))).toEqual(refused)
      const copy = createHttpBrowser()
      for (const [name, value] of browser.cookies(bench.service.origin))
        copy.cookies(bench.service.origin).set(name, value)
      expect((await land(browser, callback)).get('error')).toBeNull()
      expect(await codeOf(await browser.open(callback))).toEqual(refused)
      expect((await land(copy, callback)).get('error')).toBe('invalid_state')
      expect((await copy.open(`${bench.service.origin}/auth/me`)).status).toBe(401)
    })

    it('refuses a code that was used before', async () => {
      const first = await walkToCallback(flavour)
      await land(first.browser, first.callback)
      const second = await walkToCallback(flavour)
      second.callback.searchParams.set('code', first.callback.searchParams.get('code') ?? '')
      expect((await land(second.browser, second.callback)).get('error')).toBe('invalid_grant')
    })

    it('refuses the answer of another issuer (RFC 9207)', async () => {
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
      bench.issuers[flavour].alterIdTokens(alter)
      expect(await errorOf(flavour)).toBe('invalid_provider_response')
    })

    it('accepts an issuer whose clock is half a minute ahead', async () => {
      bench.issuers[flavour].alterIdTokens((claims) => ({ ...claims, iat: Number(claims.iat) + 30 }))
      expect(await errorOf(flavour)).toBeNull()
    })

    it('signs people in after the issuer replaced its key', async () => {
      expect(await errorOf(flavour)).toBeNull()
      await bench.issuers[flavour].rotateKeys()
      const before = bench.issuers[flavour].requests('jwks')
      expect(await errorOf(flavour)).toBeNull()
      expect(bench.issuers[flavour].requests('jwks')).toBe(before + 1)
    })

    it.each<Fault>(['status_500', 'html', 'malformed_json'])(
      'survives a token endpoint that fails with %s',
      async (fault) => {
        bench.issuers[flavour].break('token', fault)
        expect(await errorOf(flavour)).toBe('provider_unavailable')
        bench.issuers[flavour].break('token', null)
        expect(await errorOf(flavour)).toBeNull()
      },
    )

    it('requires an address, and that it is verified', async () => {
      bench.issuers[flavour].signInAs('cleo')
      expect(await errorOf(flavour)).toBe('email_required')
      bench.issuers[flavour].signInAs('ben')
      expect(await errorOf(flavour)).toBe('email_not_verified')
      const email = `ben@${flavour}.example`
      const { code } = await waitForMail(bench.service.origin, email, '/verify-email')
      expect((await send('/auth/verify-email', { email, code })).status).toBe(200)
      const { browser } = await signIn(flavour)
      expect(await whoIs(browser)).toMatchObject({ email })
    })

    it('links an existing account only where the issuer is trusted for its domain', async () => {
      const email = await signUpAt(bench.service.origin, PASSWORD, { email: `dora@${flavour}.example` })
      bench.issuers[flavour].signInAs('dora')
      const { browser, query } = await signIn(flavour)
      expect(query.get('error')).toBe(flavour === 'basic' ? null : 'account_exists')
      expect((await whoIs(browser)).email).toBe(flavour === 'basic' ? email : undefined)
    })
  },
)

describe('a provider that cannot be used', () => {
  it('answers provider_misconfigured when the client secret is wrong', async () => {
    const browser = createHttpBrowser()
    const start = startUrl('wrong-secret')
    const callback = await browser.walk(start, `${bench.service.origin}/auth/oauth/wrong-secret/callback`)
    expect((await land(browser, callback)).get('error')).toBe('provider_misconfigured')
  })

  it.each([
    ['is down', 'gone', 'provider_unavailable'],
    ['calls itself by another name', 'wrong-issuer', 'provider_misconfigured'],
  ])('sends nobody to an issuer that %s', async (_, id, code) => {
    const response = await createHttpBrowser().open(startUrl(id))
    expect(response.headers.get('retry-after')).toBe('5')
    expect(response.headers.getSetCookie()).toEqual([])
    expect(await codeOf(response)).toEqual({ status: 503, code })
  })
})

describe('an account that is signed in', () => {
  it('links the issuer that may not speak for its address, and unlinks it again', async () => {
    const browser = createHttpBrowser()
    const headers = { 'Content-Type': 'application/json', Origin: bench.app.origin }
    const ask = (method: string, path: string, body: object) =>
      browser.open(bench.service.origin + path, { method, headers, body: JSON.stringify(body) })
    await ask('POST', '/auth/login', { identifier: 'dora@post.example', password: PASSWORD, delivery: 'cookie' })
    bench.issuers.post.signInAs('dora')
    const answer = await ask('POST', '/auth/oauth/post/link', { redirectTo: `${bench.app.origin}/` })
    const { url }: { url: string } = await answer.json()
    const landing = await browser.walk(url, bench.app.origin)
    expect(landing.href).toBe(`${bench.app.origin}/`)
    expect((await whoIs(browser)).providers).toEqual(['post'])
    expect((await signIn('post')).query.get('error')).toBeNull()
    const unlinked = await browser.open(`${bench.service.origin}/auth/oauth/post`, { method: 'DELETE', headers })
    expect(unlinked.status).toBe(204)
    expect((await signIn('post')).query.get('error')).toBe('account_exists')
  })
})

describe.each(['basic', 'post'])('a login through a real OpenID provider (%s) that falls silent', (flavour) => {
  it('gives up on a silent token endpoint after ten seconds', async () => {
    const { error, tookMs } = (await givenUp[flavour]) ?? {}
    expect(error).toBe('provider_unavailable')
    expect(tookMs).toBeGreaterThan(9_000)
  })
})

describe('the log', () => {
  it('holds no state, code, token or address of these logins', () => {
    const lines = bench.service.output()
    expect(lines).toContain('/auth/oauth/:provider/callback')
    for (const secret of [/@(basic|post)\.example/, /[?&](code|state|ticket)=/, /secret-of-/, /eyJ[A-Za-z0-9_-]{10}/])
      expect(lines).not.toMatch(secret)
  })
})
