import { HttpResponse, http } from 'msw'
import { setupServer } from 'msw/node'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { forgetKeySets } from '../../../src/oauth-providers/id-token.ts'
import { createLinkedIn } from '../../../src/oauth-providers/linkedin.ts'
import recorded from '../../vectors/provider-responses.json'
import {
  authenticate,
  BROKEN_ANSWERS,
  CLIENT,
  createSigner,
  expectRefusal,
  loginInput,
  NONCE,
  type Signer,
  STATE,
} from './support.ts'

const TOKEN_ENDPOINT = 'https://www.linkedin.com/oauth/v2/accessToken'
const { token, idTokenClaims, codeReplayed } = recorded.linkedin
const linkedIn = createLinkedIn(CLIENT)
const server = setupServer()
let signer: Signer

/** Answers a good code as LinkedIn does, whose ID tokens have no nonce. */
function answer(claims: Record<string, unknown> = {}) {
  server.use(
    http.get('https://www.linkedin.com/oauth/openid/jwks', () => HttpResponse.json({ keys: [signer.jwk] })),
    http.post(TOKEN_ENDPOINT, async () =>
      HttpResponse.json({ ...token, id_token: await signer.sign({ ...idTokenClaims, nonce: undefined, ...claims }) }),
    ),
  )
}

beforeAll(async () => {
  server.listen({ onUnhandledRequest: 'error' })
  signer = await createSigner('RS256', 'd929668a-bab1-4c69-9598-4373149723ff')
})
afterEach(() => {
  server.resetHandlers()
  forgetKeySets()
})
afterAll(() => server.close())

describe('LinkedIn', () => {
  it('sends state and nonce', async () => {
    const url = await linkedIn.authorizationUrl(loginInput())
    expect(url.origin + url.pathname).toBe('https://www.linkedin.com/oauth/v2/authorization')
    expect(Object.fromEntries(url.searchParams)).toMatchObject({
      client_id: 'client-id',
      scope: 'openid profile email',
      state: STATE,
      nonce: NONCE,
    })
  })

  it('answers the verified identity, although LinkedIn returns no nonce', async () => {
    answer()
    await expect(authenticate(linkedIn)).resolves.toMatchObject({
      issuer: 'https://www.linkedin.com/oauth',
      subject: '782bbtaQ',
      email: 'anna@example.com',
      emailVerified: true,
      name: 'Anna Example',
    })
  })

  it('checks the nonce once LinkedIn returns it', async () => {
    answer({ nonce: NONCE })
    await expect(authenticate(linkedIn)).resolves.toMatchObject({ subject: '782bbtaQ' })
    answer({ nonce: 'foreign' })
    await expectRefusal(authenticate(linkedIn), 'invalid_provider_response')
  })

  it.each([false, 'false', undefined, 1])('counts email_verified = %s as unverified', async (email_verified) => {
    answer({ email_verified })
    await expect(authenticate(linkedIn)).resolves.toMatchObject({ emailVerified: false })
  })

  it('accepts a person without an address', async () => {
    answer({ email: undefined, email_verified: undefined })
    await expect(authenticate(linkedIn)).resolves.toMatchObject({ email: null, emailVerified: false })
  })

  it.each([
    ['issuer', { iss: 'https://www.linkedin.com' }],
    ['audience', { aud: 'other' }],
    ['age', { iat: 1, exp: 2 }],
  ])('refuses a wrong %s', async (_, claims) => {
    answer(claims)
    await expectRefusal(authenticate(linkedIn), 'invalid_provider_response')
  })

  it('answers invalid_grant for a code that was used before, which LinkedIn calls invalid_request', async () => {
    server.use(http.post(TOKEN_ENDPOINT, () => HttpResponse.json(codeReplayed, { status: 400 })))
    await expectRefusal(authenticate(linkedIn), 'invalid_grant')
  })

  it.each(BROKEN_ANSWERS)('answers provider_unavailable for a token endpoint that answers %s', async (_, broken) => {
    server.use(http.post(TOKEN_ENDPOINT, broken))
    await expectRefusal(authenticate(linkedIn), 'provider_unavailable')
  })
})
