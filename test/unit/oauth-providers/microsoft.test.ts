import { HttpResponse, http } from 'msw'
import { setupServer } from 'msw/node'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { isAuthoritativeFor } from '../../../src/oauth-providers/email-authority.ts'
import { forgetKeySets } from '../../../src/oauth-providers/id-token.ts'
import { createMicrosoft } from '../../../src/oauth-providers/microsoft.ts'
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
} from './support.ts'

const TOKEN_ENDPOINT = 'https://login.microsoftonline.com/common/oauth2/v2.0/token'
const { token, idTokenClaims, codeReplayed, wrongSecret } = recorded.microsoft
const OTHER_TENANT = '72f988bf-86f1-41af-91ab-2d7cd011db47'
const microsoft = createMicrosoft(CLIENT)
const server = setupServer()
let signer: Signer

function answer(claims: Record<string, unknown> = {}, key: Signer = signer) {
  server.use(
    http.get('https://login.microsoftonline.com/common/discovery/v2.0/keys', () =>
      HttpResponse.json({ keys: [key.jwk] }),
    ),
    http.post(TOKEN_ENDPOINT, async () =>
      HttpResponse.json({ ...token, id_token: await key.sign({ ...idTokenClaims, ...claims }) }),
    ),
  )
}

beforeAll(async () => {
  server.listen({ onUnhandledRequest: 'error' })
  signer = await createSigner('RS256', 'common-key', { issuer: 'https://login.microsoftonline.com/{tenantid}/v2.0' })
})
afterEach(() => {
  server.resetHandlers()
  forgetKeySets()
})
afterAll(() => server.close())

describe('Microsoft', () => {
  it('uses the endpoint of all tenants, with nonce and PKCE S256', async () => {
    const url = await microsoft.authorizationUrl(loginInput())
    expect(url.origin + url.pathname).toBe('https://login.microsoftonline.com/common/oauth2/v2.0/authorize')
    expect(Object.fromEntries(url.searchParams)).toMatchObject({ nonce: NONCE, code_challenge_method: 'S256' })
  })

  it('answers the identity under the issuer of the tenant', async () => {
    answer()
    await expect(authenticate(microsoft)).resolves.toMatchObject({
      issuer: idTokenClaims.iss,
      subject: idTokenClaims.sub,
      email: 'anna@example.com',
      name: 'Anna Example',
    })
  })

  it('keeps the same subject of two tenants apart (CVE-2026-31813)', async () => {
    answer({ tid: OTHER_TENANT, iss: `https://login.microsoftonline.com/${OTHER_TENANT}/v2.0` })
    await expect(authenticate(microsoft)).resolves.toMatchObject({
      issuer: `https://login.microsoftonline.com/${OTHER_TENANT}/v2.0`,
    })
  })

  it.each([undefined, false, 0, '0', 'false', 'yes'])(
    'takes an address for unverified with xms_edov = %s, whatever email_verified says (nOAuth)',
    async (xms_edov) => {
      answer({ email: 'victim@example.com', email_verified: true, xms_edov })
      const identity = await authenticate(microsoft)
      expect(identity).toMatchObject({ email: 'victim@example.com', emailVerified: false })
      expect(isAuthoritativeFor(identity, 'example.com', microsoft.trustedEmailDomains)).toBe(false)
    },
  )

  it.each([true, 1, '1', 'true'])(
    'takes it for verified with xms_edov = %s, and links by it never',
    async (xms_edov) => {
      answer({ xms_edov })
      const identity = await authenticate(microsoft)
      expect(identity.emailVerified).toBe(true)
      expect(isAuthoritativeFor(identity, 'example.com', microsoft.trustedEmailDomains)).toBe(false)
    },
  )

  it.each<[string, Record<string, unknown>]>([
    ['of a tenant that is not its own', { tid: OTHER_TENANT }],
    ['without tenant', { tid: undefined }],
    ['with a tenant that is no id', { tid: 'common', iss: 'https://login.microsoftonline.com/common/v2.0' }],
    ['with a tenant that is a path', { tid: '../evil', iss: 'https://login.microsoftonline.com/../evil/v2.0' }],
    ['of version 1', { iss: `https://sts.windows.net/${idTokenClaims.tid}/` }],
    ['with the template itself', { tid: '{tenantid}', iss: 'https://login.microsoftonline.com/{tenantid}/v2.0' }],
  ])('refuses an ID token %s', async (_, claims) => {
    answer(claims)
    await expectRefusal(authenticate(microsoft), 'invalid_provider_response')
  })

  it("refuses another tenant's own key", async () => {
    const issuer = `https://login.microsoftonline.com/${OTHER_TENANT}/v2.0`
    answer({}, await createSigner('RS256', 'tenant-key', { issuer }))
    await expectRefusal(authenticate(microsoft), 'invalid_provider_response')
  })

  it('answers invalid_grant for a code that was used before', async () => {
    server.use(http.post(TOKEN_ENDPOINT, () => HttpResponse.json(codeReplayed, { status: 400 })))
    await expectRefusal(authenticate(microsoft), 'invalid_grant')
  })

  it('answers provider_misconfigured for a wrong secret', async () => {
    server.use(http.post(TOKEN_ENDPOINT, () => HttpResponse.json(wrongSecret, { status: 401 })))
    await expectRefusal(authenticate(microsoft), 'provider_misconfigured')
  })

  it.each(BROKEN_ANSWERS)('answers provider_unavailable for a token endpoint that answers %s', async (_, broken) => {
    server.use(http.post(TOKEN_ENDPOINT, broken))
    await expectRefusal(authenticate(microsoft), 'provider_unavailable')
  })
})
