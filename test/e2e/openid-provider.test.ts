import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createOpenIdConnect } from '../../src/oauth-providers/openid-connect.ts'
import type { AuthorizationInput, OAuthProvider } from '../../src/oauth-providers/provider.ts'
import { ProviderError, type ProviderErrorCode } from '../../src/oauth-providers/provider-error.ts'
import {
  type Account,
  type Endpoint,
  type Fault,
  type OpenIdProvider,
  startOpenIdProvider,
} from './support/openid-provider.ts'
import { walkLogin } from './support/walk-login.ts'

const REDIRECT_URI = 'http://localhost:8787/auth/oauth/x/callback'
const ACCOUNTS: Record<string, Account> = {
  anna: { email: 'anna@acme.example', email_verified: true, name: 'Anna' },
  ben: { email: 'ben@acme.example', email_verified: false },
  cleo: { name: 'Cleo' },
}

/**
 * Begins a login and walks to its callback. What it returns is passed to `authenticate`, unless a test alters it first.
 */
async function beginAt(provider: OAuthProvider) {
  const input: AuthorizationInput = {
    redirectUri: REDIRECT_URI,
    state: crypto.randomUUID(),
    nonce: crypto.randomUUID(),
    codeVerifier: crypto.randomUUID() + crypto.randomUUID(),
    now: Date.now(),
  }
  const { searchParams } = await walkLogin(await provider.authorizationUrl(input), REDIRECT_URI)
  return { ...input, parameters: searchParams }
}
const codeOf = (attempt: Promise<unknown>): Promise<ProviderErrorCode | 'accepted'> =>
  attempt.then(
    () => 'accepted' as const,
    (error: unknown) => {
      if (error instanceof ProviderError) return error.code
      throw error
    },
  )

/**
 * These logins wait for an issuer while the other tests run. Each promise tells how a login ended, and after how long.
 */
const givenUp: Record<string, Promise<{ code: ProviderErrorCode | 'accepted'; tookMs: number }>> = {}
const silentIssuers: OpenIdProvider[] = []
beforeAll(async () => {
  for (const flavour of ['basic', 'post'] as const) {
    const issuer = await startOpenIdProvider(flavour, ACCOUNTS)
    silentIssuers.push(issuer)
    issuer.allowRedirect(REDIRECT_URI)
    const provider = createOpenIdConnect(issuer.settings)
    const input = await beginAt(provider)
    issuer.break('token', 'slow')
    const started = Date.now()
    givenUp[flavour] = codeOf(provider.authenticate(input)).then((code) => ({ code, tookMs: Date.now() - started }))
    // The test that awaits the promise reports its failure.
    givenUp[flavour].catch(() => {})
  }
})
afterAll(() => Promise.all(silentIssuers.map((issuer) => issuer.close())))

describe.each(['basic', 'post'] as const)('a real OpenID provider (%s)', (flavour) => {
  let issuer: OpenIdProvider
  let provider: OAuthProvider

  beforeAll(async () => {
    issuer = await startOpenIdProvider(flavour, ACCOUNTS)
    issuer.allowRedirect(REDIRECT_URI)
    provider = createOpenIdConnect(issuer.settings)
  })
  beforeEach(() => {
    issuer.signInAs('anna')
    issuer.deny(false)
    issuer.alterIdTokens(null)
    for (const endpoint of ['discovery', 'jwks', 'token', 'userinfo'] as const) issuer.break(endpoint, null)
  })
  afterAll(() => issuer.close())

  const begin = () => beginAt(provider)

  it('signs a person in', async () => {
    const identity = await provider.authenticate(await begin())
    expect(identity).toMatchObject({
      issuer: issuer.settings.issuer,
      subject: 'anna',
      email: 'anna@acme.example',
      emailVerified: true,
      name: 'Anna',
    })
    expect(identity.tokens.expiresAt).toBeGreaterThan(Date.now())
  })

  it('signs in the person whom a cookie names, as a browser test does', async () => {
    const input = { ...(await begin()), state: 'state', nonce: 'nonce' }
    const url = await provider.authorizationUrl(input)
    const { searchParams } = await walkLogin(url, REDIRECT_URI, { account: 'cleo' })
    await expect(provider.authenticate({ ...input, parameters: searchParams })).resolves.toMatchObject({
      subject: 'cleo',
    })
  })

  it('tells an unverified address from a verified one', async () => {
    issuer.signInAs('ben')
    await expect(provider.authenticate(await begin())).resolves.toMatchObject({
      email: 'ben@acme.example',
      emailVerified: false,
    })
  })

  it('signs a person without an address in', async () => {
    issuer.signInAs('cleo')
    await expect(provider.authenticate(await begin())).resolves.toMatchObject({
      email: null,
      emailVerified: false,
      name: 'Cleo',
    })
  })

  it('reports a denial', async () => {
    issuer.deny(true)
    expect(await codeOf(provider.authenticate(await begin()))).toBe('access_denied')
  })

  it('refuses a code a second time', async () => {
    const input = await begin()
    await provider.authenticate(input)
    expect(await codeOf(provider.authenticate(input))).toBe('invalid_grant')
  })

  it.each<[string, Partial<AuthorizationInput>, ProviderErrorCode]>([
    ['another state', { state: 'foreign' }, 'invalid_state'],
    ['another nonce', { nonce: 'foreign' }, 'invalid_provider_response'],
    ['another PKCE verifier', { codeVerifier: 'x'.repeat(43) }, 'invalid_grant'],
    ['another redirect URL', { redirectUri: `${REDIRECT_URI}/x` }, 'invalid_grant'],
  ])('refuses a login with %s', async (_, foreign, code) => {
    expect(await codeOf(provider.authenticate({ ...(await begin()), ...foreign }))).toBe(code)
  })

  it('refuses the answer of another issuer (RFC 9207)', async () => {
    const input = await begin()
    input.parameters.set('iss', 'https://evil.example')
    expect(await codeOf(provider.authenticate(input))).toBe('invalid_provider_response')
    const stripped = await begin()
    stripped.parameters.delete('iss')
    expect(await codeOf(provider.authenticate(stripped))).toBe('invalid_provider_response')
  })

  it.each<[string, Parameters<OpenIdProvider['alterIdTokens']>[0]]>([
    ['issuer', (claims) => ({ ...claims, iss: 'https://evil.example' })],
    ['audience', (claims) => ({ ...claims, aud: 'other' })],
    ['nonce', (claims) => ({ ...claims, nonce: 'foreign' })],
    ['expiry', (claims) => ({ ...claims, exp: 1 })],
    [
      'clock, an hour ahead',
      (claims) => ({ ...claims, iat: Number(claims.iat) + 3600, exp: Number(claims.exp) + 3600 }),
    ],
  ])('refuses an ID token with a wrong %s', async (_, alter) => {
    issuer.alterIdTokens(alter)
    expect(await codeOf(provider.authenticate(await begin()))).toBe('invalid_provider_response')
  })

  it('accepts an issuer whose clock is half a minute ahead', async () => {
    issuer.alterIdTokens((claims) => ({ ...claims, iat: Number(claims.iat) + 30 }))
    expect(await codeOf(provider.authenticate(await begin()))).toBe('accepted')
  })

  it('signs people in after the issuer replaced its key', async () => {
    await provider.authenticate(await begin())
    await issuer.rotateKeys()
    const before = issuer.requests('jwks')
    expect(await codeOf(provider.authenticate(await begin()))).toBe('accepted')
    expect(issuer.requests('jwks')).toBe(before + 1)
  })

  it.each<Fault>(['status_500', 'html', 'malformed_json'])(
    'reports a token endpoint that fails with %s, and recovers',
    async (fault) => {
      const input = await begin()
      issuer.break('token', fault)
      expect(await codeOf(provider.authenticate(input))).toBe('provider_unavailable')
      issuer.break('token', null)
      expect(await codeOf(provider.authenticate(input))).toBe('accepted')
    },
  )

  it.each<Endpoint>(['discovery', 'jwks'])('needs %s no more once it has it', async (endpoint) => {
    issuer.break(endpoint, 'status_500')
    expect(await codeOf(provider.authenticate(await begin()))).toBe('accepted')
  })

  it('reports wrong client credentials', async () => {
    const wrong = createOpenIdConnect({ ...issuer.settings, clientSecret: 'wrong' })
    expect(await codeOf(wrong.authenticate(await begin()))).toBe('provider_misconfigured')
  })
})

describe.each(['basic', 'post'])('a real OpenID provider (%s) that falls silent', (flavour) => {
  it('gives up on a silent token endpoint after ten seconds', async () => {
    const { code, tookMs } = (await givenUp[flavour]) ?? {}
    expect(code).toBe('provider_unavailable')
    expect(tookMs).toBeGreaterThan(9_000)
  })
})
