import { HttpResponse, http } from 'msw'
import { setupServer } from 'msw/node'
import { afterAll, afterEach, beforeAll } from 'vitest'
import { forgetKeySets } from '../../../src/oauth-providers/id-token.ts'
import { createOpenIdConnect, forgetDiscoveryDocuments } from '../../../src/oauth-providers/openid-connect.ts'
import { BROKEN_ANSWERS, CLIENT, createSigner, readForm, type Signer } from './support.ts'

export const ISSUER = 'https://login.acme.example/realms/staff'
export const DISCOVERY = `${ISSUER}/.well-known/openid-configuration`
export const TOKEN_ENDPOINT = `${ISSUER}/token`
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
/** The library distinguishes JSON of the wrong kind from text that is not JSON, so the former has a test of its own. */
export const NO_ANSWERS = BROKEN_ANSWERS.filter(([what]) => what !== 'a JSON string')

export const acme = createOpenIdConnect({
  id: 'acme',
  name: 'Acme',
  issuer: ISSUER,
  ...CLIENT,
  trustedEmailDomains: ['ACME.example'],
})

/**
 * Stands in for an issuer at the network border of one test file. Each test sets what the issuer publishes and answers.
 */
export function stubIssuer() {
  const server = setupServer()
  const seen = { discoveries: 0, authorization: null as string | null, body: new URLSearchParams() }
  let signer: Signer
  const renewKey = async (alg: string, kid: string) => {
    signer = await createSigner(alg, kid)
  }
  beforeAll(async () => {
    server.listen({ onUnhandledRequest: 'error' })
    await renewKey('ES256', 'key-1')
  })
  afterEach(() => {
    server.resetHandlers()
    forgetDiscoveryDocuments()
    forgetKeySets()
    seen.discoveries = 0
  })
  afterAll(() => server.close())
  return {
    server,
    seen,
    renewKey,
    publish(document: Record<string, unknown> = {}) {
      server.use(
        http.get(DISCOVERY, () => {
          seen.discoveries++
          return HttpResponse.json({ ...DOCUMENT, ...document })
        }),
        http.get(DOCUMENT.jwks_uri, () => HttpResponse.json({ keys: [signer.jwk] })),
      )
    },
    answer(claims: Record<string, unknown> = {}, token: Record<string, unknown> = {}) {
      server.use(
        http.post(TOKEN_ENDPOINT, async ({ request }) => {
          seen.authorization = request.headers.get('authorization')
          seen.body = await readForm(request)
          const id_token = await signer.sign({ ...CLAIMS, ...claims })
          return HttpResponse.json({ access_token: 'opaque', token_type: 'Bearer', expires_in: 60, id_token, ...token })
        }),
      )
    },
    answerUserInfo(body: Record<string, unknown>, init = {}) {
      server.use(http.get(DOCUMENT.userinfo_endpoint, () => HttpResponse.json(body, init)))
    },
  }
}
