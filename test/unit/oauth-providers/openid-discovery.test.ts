import { http } from 'msw'
import { describe, expect, it } from 'vitest'
import { acme, DISCOVERY, ISSUER, NO_ANSWERS, stubIssuer } from './issuer-stub.ts'
import { expectRefusal, loginInput, NONCE, NOW, STATE } from './support.ts'

const { server, seen, publish } = stubIssuer()

describe('any OpenID issuer: the request to it', () => {
  it('uses the discovered endpoint with state, nonce and PKCE S256', async () => {
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
    expect(seen.discoveries).toBe(1)
    await acme.authorizationUrl(loginInput({}, { now: NOW + 3_600_000 }))
    expect(seen.discoveries).toBe(2)
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

  it('shares no pending request for the document, so one that is never answered delays no other login (better-auth#10315)', async () => {
    const asked = new Promise<void>((resolve) => {
      const never = () => {
        resolve()
        return new Promise<Response>(() => {})
      }
      server.use(http.get(DISCOVERY, never, { once: true }))
    })
    void acme.authorizationUrl(loginInput()).catch(() => {})
    await asked
    publish()
    await expect(acme.authorizationUrl(loginInput())).resolves.toBeInstanceOf(URL)
  })
})
