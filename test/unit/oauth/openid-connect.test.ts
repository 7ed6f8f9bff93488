import { HttpResponse, http } from 'msw'
import { setupServer } from 'msw/node'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { forgetKeySets } from '../../../src/oauth-providers/id-token.ts'
import { createOpenIdConnect, forgetDiscoveryDocuments } from '../../../src/oauth-providers/openid-connect.ts'
import {
  authenticate,
  BROKEN_ANSWERS,
  CLIENT,
  createSigner,
  expectRefusal,
  loginInput,
  NONCE,
  NOW,
  NOW_SECONDS,
  readForm,
  type Signer,
  STATE,
} from './support.ts'

const ISSUER = 'https://login.acme.example/realms/staff'
const DISCOVERY = `${ISSUER}/.well-known/openid-configuration`
const TOKEN_ENDPOINT = `${ISSUER}/token`
const DOCUMENT = {
  issuer: ISSUER,
  authorization_endpoint: `${ISSUER}/authorize?tenant=1`,
  token_endpoint: TOKEN_ENDPOINT,
  userinfo_endpoint: `${ISSUER}/userinfo`,
  jwks_uri: `${ISSUER}/jwks`,
  authorization_response_iss_parameter_supported: true,
}
const CLAIMS = {
  iss: ISSUER,
  sub: 'subject-1',
  aud: 'client-id',
  email: 'anna@acme.example',
  email_verified: true,
  name: 'Anna',
}
const acme = createOpenIdConnect({
  id: 'acme',
  name: 'Acme',
  issuer: ISSUER,
  ...CLIENT,
  trustedEmailDomains: ['ACME.example'],
})
/** The library tells JSON of the wrong kind from no JSON: the next test's. */
const NO_ANSWERS = BROKEN_ANSWERS.filter(([what]) => what !== 'a JSON string')
const server = setupServer()
let signer: Signer
let tokenRequest: { authorization: string | null; body: URLSearchParams }
let discoveries = 0

function publish(document: Record<string, unknown> = {}) {
  server.use(
    http.get(DISCOVERY, () => {
      discoveries++
      return HttpResponse.json({ ...DOCUMENT, ...document })
    }),
    http.get(DOCUMENT.jwks_uri, () => HttpResponse.json({ keys: [signer.jwk] })),
  )
}
function answer(claims: Record<string, unknown> = {}, token: Record<string, unknown> = {}) {
  server.use(
    http.post(TOKEN_ENDPOINT, async ({ request }) => {
      tokenRequest = { authorization: request.headers.get('authorization'), body: await readForm(request) }
      const id_token = await signer.sign({ ...CLAIMS, ...claims })
      return HttpResponse.json({ access_token: 'opaque', token_type: 'Bearer', expires_in: 60, id_token, ...token })
    }),
  )
}
const answerUserInfo = (body: Record<string, unknown>, init = {}) =>
  server.use(http.get(DOCUMENT.userinfo_endpoint, () => HttpResponse.json(body, init)))
const signIn = (parameters: Record<string, string> = {}, overrides = {}) =>
  authenticate(acme, { iss: ISSUER, ...parameters }, overrides)

beforeAll(async () => {
  server.listen({ onUnhandledRequest: 'error' })
  signer = await createSigner('ES256')
})
afterEach(() => {
  server.resetHandlers()
  forgetDiscoveryDocuments()
  forgetKeySets()
  discoveries = 0
})
afterAll(() => server.close())

describe('any OpenID issuer: the way there', () => {
  it('asks at the discovered endpoint with state, nonce and PKCE S256', async () => {
    publish()
    const codeVerifier = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk'
    const url = await acme.authorizationUrl({ ...loginInput(), codeVerifier })
    expect(url.origin + url.pathname).toBe(`${ISSUER}/authorize`)
    expect(Object.fromEntries(url.searchParams)).toEqual({
      tenant: '1',
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

  it('reads the discovery document once an hour', async () => {
    publish()
    await acme.authorizationUrl(loginInput())
    await acme.authorizationUrl(loginInput({}, { now: NOW + 3_599_000 }))
    expect(discoveries).toBe(1)
    await acme.authorizationUrl(loginInput({}, { now: NOW + 3_600_000 }))
    expect(discoveries).toBe(2)
  })

  it.each(['https://login.acme.example', `${ISSUER}/`, 'https://evil.example', `${ISSUER}#x`])(
    'refuses a document that names the issuer %s (OpenID Connect Discovery §4.3)',
    async (issuer) => {
      publish({ issuer })
      await expectRefusal(acme.authorizationUrl(loginInput()), 'provider_misconfigured')
    },
  )

  it.each(['http://login.acme.example/authorize', 'javascript:alert(1)', undefined])(
    'refuses the authorization endpoint %s',
    async (authorization_endpoint) => {
      publish({ authorization_endpoint })
      await expectRefusal(acme.authorizationUrl(loginInput()), 'provider_misconfigured')
    },
  )

  it.each(NO_ANSWERS)(
    'says of a discovery that answers %s: provider_unavailable, and remembers nothing',
    async (_, broken) => {
      server.use(http.get(DISCOVERY, broken))
      await expectRefusal(acme.authorizationUrl(loginInput()), 'provider_unavailable')
      publish()
      await expect(acme.authorizationUrl(loginInput())).resolves.toBeInstanceOf(URL)
    },
  )

  it('shares no pending discovery: one that is never answered holds up no other login (incident 20)', async () => {
    server.use(http.get(DISCOVERY, () => new Promise<Response>(() => {}), { once: true }))
    void acme.authorizationUrl(loginInput()).catch(() => {})
    await new Promise((resolve) => setTimeout(resolve, 20))
    publish()
    await expect(acme.authorizationUrl(loginInput())).resolves.toBeInstanceOf(URL)
  })
})

describe('any OpenID issuer: the way back', () => {
  it('gives the verified identity', async () => {
    publish()
    answer({}, { refresh_token: 'refresh' })
    await expect(signIn()).resolves.toEqual({
      issuer: ISSUER,
      subject: 'subject-1',
      email: 'anna@acme.example',
      emailVerified: true,
      name: 'Anna',
      hostedDomain: null,
      tokens: { accessToken: 'opaque', refreshToken: 'refresh', expiresAt: NOW + 60_000 },
    })
    expect(acme.trustedEmailDomains).toEqual(['acme.example'])
    expect(tokenRequest.authorization).toBe(`Basic ${btoa('client%2Did:client%2Dsecret')}`)
    expect(tokenRequest.body.get('code_verifier')).toBe('v'.repeat(43))
    expect(tokenRequest.body.get('client_secret')).toBeNull()
  })

  it('sends the secret by POST where the issuer offers nothing better', async () => {
    publish({ token_endpoint_auth_methods_supported: ['private_key_jwt', 'client_secret_post'] })
    answer()
    await signIn()
    expect(tokenRequest.authorization).toBeNull()
    expect(tokenRequest.body.get('client_secret')).toBe('client-secret')
  })

  it('asks UserInfo where the ID token leaves the address out', async () => {
    publish()
    answer({ email: undefined, email_verified: undefined })
    answerUserInfo({ sub: 'subject-1', email: 'anna@acme.example', email_verified: true, name: 'Anna' })
    await expect(signIn()).resolves.toMatchObject({ email: 'anna@acme.example', emailVerified: true })
  })

  it.each<[string, Record<string, unknown>, object, 'invalid_provider_response' | 'provider_unavailable']>([
    ['of somebody else', { sub: 'victim', email: 'v@acme.example' }, {}, 'invalid_provider_response'],
    ['of nobody', { email: 'v@acme.example' }, {}, 'invalid_provider_response'],
    ['that fails', { sub: 'subject-1' }, { status: 500 }, 'provider_unavailable'],
    [
      'that refuses',
      {},
      { status: 401, headers: { 'www-authenticate': 'Bearer error="invalid_token"' } },
      'invalid_provider_response',
    ],
  ])('refuses UserInfo %s', async (_, body, init, code) => {
    publish()
    answer({ email: undefined })
    answerUserInfo(body, init)
    await expectRefusal(signIn(), code)
  })

  it('lets a person without an address in', async () => {
    publish()
    answer({ email: undefined, email_verified: undefined })
    answerUserInfo({ sub: 'subject-1' })
    await expect(signIn()).resolves.toMatchObject({ email: null, emailVerified: false })
    publish({ userinfo_endpoint: undefined })
    forgetDiscoveryDocuments()
    await expect(signIn()).resolves.toMatchObject({ email: null, emailVerified: false })
  })

  it.each([false, undefined, 'true'])('counts email_verified = %s as unverified', async (email_verified) => {
    publish()
    answer({ email_verified })
    await expect(signIn()).resolves.toMatchObject({ emailVerified: false })
  })

  it.each<[string, Record<string, unknown>]>([
    ['issuer', { iss: 'https://evil.example' }],
    ['audience', { aud: 'other' }],
    ['authorized party', { azp: 'other' }],
    ['nonce', { nonce: 'foreign' }],
    ['absence of a nonce', { nonce: undefined }],
    ['expiry', { exp: NOW_SECONDS - 120 }],
    ['time of issue', { iat: NOW_SECONDS + 120 }],
  ])('refuses a wrong %s', async (_, claims) => {
    publish()
    answer(claims)
    await expectRefusal(signIn(), 'invalid_provider_response')
  })

  it.each([-30, 30])(
    "forgives a provider's clock that is %s s off, by the caller's clock and not the machine's",
    async (skew) => {
      publish()
      answer({ iat: NOW_SECONDS + skew, exp: NOW_SECONDS + skew + 10 })
      await expect(signIn()).resolves.toMatchObject({ subject: 'subject-1' })
    },
  )

  it('finds the new key after a rotation', async () => {
    publish()
    answer()
    await signIn()
    signer = await createSigner('RS256', 'key-2')
    publish()
    await expect(signIn()).resolves.toMatchObject({ subject: 'subject-1' })
  })

  it.each<[string, Record<string, string>]>([
    ['another issuer', { iss: 'https://evil.example' }],
    ['an empty issuer', { iss: '' }],
    ['an ID token in the address', { id_token: 'x' }],
    ['a JARM response', { response: 'x' }],
    ['no code', { code: '' }],
  ])('refuses a callback with %s (RFC 9207)', async (_, parameters) => {
    publish()
    answer()
    await expectRefusal(signIn(parameters), 'invalid_provider_response')
  })

  it.each(['', 'foreign'])('refuses a callback with state "%s" before it asks anybody', async (state) => {
    await expectRefusal(signIn({ state }), 'invalid_state')
  })

  it('translates a denial', async () => {
    publish()
    const parameters = new URLSearchParams({ error: 'access_denied', state: STATE, iss: ISSUER })
    await expectRefusal(acme.authenticate(loginInput({}, { parameters })), 'access_denied')
  })

  it('says of a code that was used before: invalid_grant', async () => {
    publish()
    server.use(http.post(TOKEN_ENDPOINT, () => HttpResponse.json({ error: 'invalid_grant' }, { status: 400 })))
    await expectRefusal(signIn(), 'invalid_grant')
  })

  it.each<[string, Record<string, string>]>([
    ['without', {}],
    ['with', { 'www-authenticate': 'Basic realm="x"' }],
  ])('says of a wrong secret, %s a challenge: provider_misconfigured', async (_, headers) => {
    publish()
    server.use(
      http.post(TOKEN_ENDPOINT, () => HttpResponse.json({ error: 'invalid_client' }, { status: 401, headers })),
    )
    await expectRefusal(signIn(), 'provider_misconfigured')
  })

  it.each(NO_ANSWERS)('says of a token endpoint that answers %s: provider_unavailable', async (_, broken) => {
    publish()
    server.use(http.post(TOKEN_ENDPOINT, broken))
    await expectRefusal(signIn(), 'provider_unavailable')
  })

  it('refuses a token endpoint that answers a JSON string', async () => {
    publish()
    server.use(http.post(TOKEN_ENDPOINT, () => HttpResponse.json('hello')))
    await expectRefusal(signIn(), 'invalid_provider_response')
  })

  it('refuses tokens without an ID token', async () => {
    publish()
    answer({}, { id_token: undefined })
    await expectRefusal(signIn(), 'invalid_provider_response')
  })

  it('sends the code to no insecure token endpoint', async () => {
    publish({ token_endpoint: 'http://login.acme.example/token' })
    await expectRefusal(signIn(), 'provider_misconfigured')
  })
})
