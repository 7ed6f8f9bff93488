import { HttpResponse, http } from 'msw'
import { describe, expect, it, vi } from 'vitest'
import { forgetDiscoveryDocuments } from '../../../src/oauth-providers/openid-connect.ts'
import { acme, ISSUER, NO_ANSWERS, stubIssuer, TOKEN_ENDPOINT } from './issuer-stub.ts'
import { authenticate, expectRefusal, loginInput, NOW, NOW_SECONDS, STATE } from './support.ts'

const { server, seen, renewKey, publish, answer, answerUserInfo } = stubIssuer()
const signIn = (parameters: Record<string, string> = {}, overrides = {}) =>
  authenticate(acme, { iss: ISSUER, ...parameters }, overrides)

describe('any OpenID issuer: the answer from it', () => {
  it('answers the verified identity', async () => {
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
    expect(seen.authorization).toBe(`Basic ${btoa('client%2Did:client%2Dsecret')}`)
    expect(seen.body.get('code_verifier')).toBe('v'.repeat(43))
    expect(seen.body.get('client_secret')).toBeNull()
  })

  it('sends the secret by POST where the issuer offers nothing better', async () => {
    publish({ token_endpoint_auth_methods_supported: ['private_key_jwt', 'client_secret_post'] })
    answer()
    await signIn()
    expect(seen.authorization).toBeNull()
    expect(seen.body.get('client_secret')).toBe('client-secret')
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

  it('accepts a person without an address', async () => {
    publish()
    answer({ email: undefined, email_verified: undefined })
    answerUserInfo({ sub: 'subject-1' })
    await expect(signIn()).resolves.toMatchObject({ email: null, emailVerified: false })
    forgetDiscoveryDocuments()
    publish({ userinfo_endpoint: undefined })
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
    await renewKey('RS256', 'key-2')
    publish()
    await expect(signIn()).resolves.toMatchObject({ subject: 'subject-1' })
  })

  it.each<[string, Record<string, string>]>([
    ['another issuer', { iss: 'https://evil.example' }],
    ['an empty issuer', { iss: '' }],
    ['an ID token in the address', { id_token: 'x' }],
    ['a JARM response', { response: 'x' }],
    ['no code', { code: '' }],
  ])('refuses a callback with %s (RFC 9207; mix-up, RFC 9700 §4.4, ASVS 10.2.2)', async (_, parameters) => {
    publish()
    answer()
    await expectRefusal(signIn(parameters), 'invalid_provider_response')
  })

  it.each(['', 'foreign'])('refuses a callback with state "%s" before it asks anybody', async (state) => {
    await expectRefusal(signIn({ state }), 'invalid_state')
  })

  it('answers access_denied when the person refused', async () => {
    publish()
    const parameters = new URLSearchParams({ error: 'access_denied', state: STATE, iss: ISSUER })
    await expectRefusal(acme.authenticate(loginInput({}, { parameters })), 'access_denied')
  })

  it('answers invalid_grant for a code that was used before', async () => {
    publish()
    server.use(http.post(TOKEN_ENDPOINT, () => HttpResponse.json({ error: 'invalid_grant' }, { status: 400 })))
    await expectRefusal(signIn(), 'invalid_grant')
  })

  it.each<[string, Record<string, string>]>([
    ['without', {}],
    ['with', { 'www-authenticate': 'Basic realm="x"' }],
  ])('answers provider_misconfigured for a wrong secret, %s a challenge', async (_, headers) => {
    publish()
    server.use(
      http.post(TOKEN_ENDPOINT, () => HttpResponse.json({ error: 'invalid_client' }, { status: 401, headers })),
    )
    await expectRefusal(signIn(), 'provider_misconfigured')
  })

  it.each(NO_ANSWERS)('answers provider_unavailable for a token endpoint that answers %s', async (_, broken) => {
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

  it('follows no redirect, whatever it asks for', async () => {
    publish()
    answer({ email: undefined, email_verified: undefined })
    answerUserInfo({ sub: 'subject-1', email: 'anna@acme.example', email_verified: true })
    const requests = vi.spyOn(globalThis, 'fetch')
    await signIn()
    const modes = requests.mock.calls.map(([, init]) => init?.redirect)
    requests.mockRestore()
    expect(modes).toEqual(['manual', 'manual', 'manual', 'manual'])
  })

  it('sends the code to no token endpoint without https', async () => {
    publish({ token_endpoint: 'http://login.acme.example/token' })
    await expectRefusal(signIn(), 'provider_misconfigured')
  })
})
