import { HttpResponse, http } from 'msw'
import { setupServer } from 'msw/node'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { createGoogle } from '../../../src/oauth-providers/google.ts'
import { forgetKeySets } from '../../../src/oauth-providers/id-token.ts'
import recorded from '../../vectors/provider-responses.json'
import {
  authenticate,
  BROKEN_ANSWERS,
  CLIENT,
  createSigner,
  expectRefusal,
  loginInput,
  NONCE,
  NOW,
  readForm,
  type Signer,
  STATE,
} from './support.ts'

const TOKEN_ENDPOINT = 'https://oauth2.googleapis.com/token'
const { token, idTokenClaims, codeReplayed, wrongSecret } = recorded.google
const google = createGoogle(CLIENT)
const server = setupServer()
let signer: Signer
let tokenRequest: { authorization: string | null; body: URLSearchParams }

/** Answers a good code as Google does, with some claims of the ID token overridden. */
function answer(claims: Record<string, unknown> = {}) {
  server.use(
    http.get('https://www.googleapis.com/oauth2/v3/certs', () => HttpResponse.json({ keys: [signer.jwk] })),
    http.post(TOKEN_ENDPOINT, async ({ request }) => {
      const body = await readForm(request)
      tokenRequest = { authorization: request.headers.get('authorization'), body }
      return HttpResponse.json({ ...token, id_token: await signer.sign({ ...idTokenClaims, ...claims }) })
    }),
  )
}

beforeAll(async () => {
  server.listen({ onUnhandledRequest: 'error' })
  signer = await createSigner()
})
afterEach(() => {
  server.resetHandlers()
  forgetKeySets()
})
afterAll(() => server.close())

describe('Google: the request to it', () => {
  it('sends state, nonce and a PKCE S256 challenge (RFC 7636 App. B)', async () => {
    const codeVerifier = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk'
    const url = await google.authorizationUrl({ ...loginInput(), codeVerifier })
    expect(url.origin + url.pathname).toBe('https://accounts.google.com/o/oauth2/v2/auth')
    expect(Object.fromEntries(url.searchParams)).toEqual({
      response_type: 'code',
      client_id: 'client-id',
      redirect_uri: 'https://auth.example.com/auth/oauth/x/callback',
      scope: 'openid email profile',
      state: STATE,
      nonce: NONCE,
      code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
      code_challenge_method: 'S256',
    })
  })
})

describe('Google: the answer from it', () => {
  it('answers the verified identity', async () => {
    answer()
    await expect(authenticate(google, { iss: 'https://accounts.google.com' })).resolves.toEqual({
      issuer: 'https://accounts.google.com',
      subject: '110169484474386276334',
      email: 'anna@example.com',
      emailVerified: true,
      name: 'Anna Example',
      hostedDomain: 'example.com',
      tokens: { accessToken: token.access_token, refreshToken: null, expiresAt: NOW + 3_599_000 },
    })
    expect(tokenRequest.authorization).toBe(`Basic ${btoa('client-id:client-secret')}`)
    expect(Object.fromEntries(tokenRequest.body)).toEqual({
      grant_type: 'authorization_code',
      code: 'code-1',
      redirect_uri: 'https://auth.example.com/auth/oauth/x/callback',
      code_verifier: 'v'.repeat(43),
    })
  })

  it('treats both spellings of its issuer as one (CVE-2026-31813)', async () => {
    answer({ iss: 'accounts.google.com' })
    await expect(authenticate(google)).resolves.toMatchObject({ issuer: 'https://accounts.google.com' })
  })

  it('accepts a person without an address', async () => {
    answer({ email: undefined, email_verified: undefined, hd: undefined })
    await expect(authenticate(google)).resolves.toMatchObject({ email: null, emailVerified: false, hostedDomain: null })
  })

  it.each([false, undefined, 'true', 1])('counts email_verified = %s as unverified', async (email_verified) => {
    answer({ email_verified })
    await expect(authenticate(google)).resolves.toMatchObject({ email: 'anna@example.com', emailVerified: false })
  })

  it.each([
    ['issuer', { iss: 'https://accounts.google.com.evil.example' }],
    ['audience', { aud: 'other' }],
    ['authorized party', { azp: 'other' }],
    ['nonce', { nonce: 'foreign' }],
  ])('refuses a wrong %s', async (_, claims) => {
    answer(claims)
    await expectRefusal(authenticate(google), 'invalid_provider_response')
  })

  it('refuses tokens without an ID token', async () => {
    server.use(http.post(TOKEN_ENDPOINT, () => HttpResponse.json(token)))
    await expectRefusal(authenticate(google), 'invalid_provider_response')
  })

  it('answers invalid_grant for a code that was used before', async () => {
    server.use(http.post(TOKEN_ENDPOINT, () => HttpResponse.json(codeReplayed, { status: 400 })))
    await expectRefusal(authenticate(google), 'invalid_grant')
  })

  it('answers provider_misconfigured for a wrong secret', async () => {
    server.use(http.post(TOKEN_ENDPOINT, () => HttpResponse.json(wrongSecret, { status: 401 })))
    await expectRefusal(authenticate(google), 'provider_misconfigured')
  })

  it.each(BROKEN_ANSWERS)('answers provider_unavailable for a token endpoint that answers %s', async (_, broken) => {
    server.use(http.post(TOKEN_ENDPOINT, broken))
    await expectRefusal(authenticate(google), 'provider_unavailable')
  })

  it('gives up on a token endpoint that is silent for ten seconds', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    try {
      server.use(http.post(TOKEN_ENDPOINT, () => new Promise<Response>(() => {})))
      const refused = expectRefusal(authenticate(google), 'provider_unavailable')
      await vi.advanceTimersByTimeAsync(10_000)
      expect((await refused).reason).toBe('time-out')
    } finally {
      vi.useRealTimers()
    }
  })
})
