import * as oauth from 'oauth4webapi'
import { checkState } from './callback.ts'
import type { ConfiguredIssuer } from './configured-issuers.ts'
import { ID_TOKEN_ALGORITHMS, type IdTokenClaims, verifyIdToken } from './id-token.ts'
import { fetchBounded, isTrustworthyUrl, textOrNull } from './network.ts'
import type { AuthenticationInput, OAuthProvider } from './provider.ts'
import { ProviderError, type ProviderErrorCode, toProviderError } from './provider-error.ts'
import { createResolvedCache } from './resolved-cache.ts'

const DISCOVERY_MAX_AGE_MS = 60 * 60_000
const CLOCK_TOLERANCE_SECONDS = 60

/** The values that each request to an issuer needs. */
interface Dialogue {
  server: oauth.AuthorizationServer
  client: oauth.Client
  options: { [oauth.customFetch]: typeof fetchForLibrary; [oauth.allowInsecureRequests]: boolean }
}

type LibraryRequest = oauth.CustomFetchOptions<
  string,
  URLSearchParams | ReadableStream | Uint8Array<ArrayBuffer> | string | null | undefined
>
const fetchForLibrary = (url: string, { method, headers, body }: LibraryRequest) =>
  fetchBounded(url, { method, headers, body: body ?? null })

const discoveryDocuments = createResolvedCache<oauth.AuthorizationServer>(DISCOVERY_MAX_AGE_MS)

/** Forgets every discovery document. It is for tests, because an isolate never needs it. */
export function forgetDiscoveryDocuments(): void {
  discoveryDocuments.clear()
}

/**
 * Makes a provider of any OpenID Connect issuer, by configuration alone. It uses discovery, PKCE S256, `state`,
 * `nonce`, `iss` (RFC 9207), a verified ID token, and UserInfo where the ID token does not hold the address.
 *
 * The client authenticates by HTTP Basic, or by POST where the issuer offers only that.
 */
export function createOpenIdConnect(settings: ConfiguredIssuer): OAuthProvider {
  const { id, name, issuer, clientId, clientSecret, trustedEmailDomains = [] } = settings
  const begin = async (now: number): Promise<Dialogue> => {
    // Only an issuer that is itself insecure may name insecure endpoints, and the configuration allows such an issuer
    // in development alone.
    const options = {
      [oauth.customFetch]: fetchForLibrary,
      [oauth.allowInsecureRequests]: issuer.startsWith('http://'),
    }
    const server = await discoveryDocuments.get(issuer, { now, load: () => discover(issuer, options) })
    const client: oauth.Client = {
      client_id: clientId,
      // The library reads the clock itself, and this skew makes it use `now`.
      [oauth.clockSkew]: Math.floor(now / 1000) - Math.floor(Date.now() / 1000),
      [oauth.clockTolerance]: CLOCK_TOLERANCE_SECONDS,
    }
    return { server, client, options }
  }
  return {
    id,
    name,
    issuer,
    trustedEmailDomains: trustedEmailDomains.map((domain) => domain.toLowerCase()),
    async authorizationUrl({ redirectUri, state, nonce, codeVerifier, now }) {
      const { server } = await begin(now)
      const url = new URL(endpoint(server, 'authorization_endpoint'))
      url.searchParams.set('response_type', 'code')
      url.searchParams.set('client_id', clientId)
      url.searchParams.set('redirect_uri', redirectUri)
      url.searchParams.set('scope', 'openid email profile')
      url.searchParams.set('state', state)
      url.searchParams.set('nonce', nonce)
      url.searchParams.set('code_challenge', await oauth.calculatePKCECodeChallenge(codeVerifier))
      url.searchParams.set('code_challenge_method', 'S256')
      return url
    },
    async authenticate(input) {
      checkState(input.parameters, input.state)
      const dialogue = await begin(input.now)
      const tokens = await redeem(dialogue, clientSecret, input).catch((error: unknown) => {
        throw translate(error, 'provider_misconfigured')
      })
      const idToken = tokens.id_token ?? ''
      const claims = await verifyIdToken(idToken, {
        jwksUri: endpoint(dialogue.server, 'jwks_uri'),
        clientId,
        algorithms: ID_TOKEN_ALGORITHMS,
        isIssuer: ({ iss }) => iss === issuer,
        nonce: input.nonce,
        now: input.now,
      })
      const profile = await readProfile(dialogue, tokens.access_token, claims).catch((error: unknown) => {
        throw translate(error, 'invalid_provider_response')
      })
      return {
        issuer,
        subject: claims.sub,
        email: textOrNull(profile.email),
        emailVerified: profile.email_verified === true,
        name: textOrNull(profile.name),
        hostedDomain: null,
        tokens: {
          accessToken: tokens.access_token,
          refreshToken: tokens.refresh_token ?? null,
          expiresAt: tokens.expires_in === undefined ? null : input.now + tokens.expires_in * 1000,
        },
      }
    },
  }
}

async function discover(issuer: string, options: Dialogue['options']): Promise<oauth.AuthorizationServer> {
  try {
    const url = new URL(issuer)
    const server = await oauth.processDiscoveryResponse(url, await oauth.discoveryRequest(url, options))
    // The library compares normalised URLs, but OpenID Connect Discovery §4.3 asks for the very same text, and so will
    // the check of `iss`.
    if (server.issuer !== issuer) throw new ProviderError('provider_misconfigured', 'discovery: another issuer')
    return server
  } catch (error) {
    if (error instanceof oauth.OperationProcessingError && error.code === oauth.JSON_ATTRIBUTE_COMPARISON)
      throw new ProviderError('provider_misconfigured', 'discovery: another issuer')
    throw translate(error, 'provider_unavailable')
  }
}

async function redeem({ server, client, options }: Dialogue, clientSecret: string, input: AuthenticationInput) {
  const { parameters, state, redirectUri, codeVerifier, nonce } = input
  const callback = oauth.validateAuthResponse(server, client, parameters, state)
  const methods = server.token_endpoint_auth_methods_supported
  const byPost =
    methods !== undefined && !methods.includes('client_secret_basic') && methods.includes('client_secret_post')
  const authentication = byPost ? oauth.ClientSecretPost(clientSecret) : oauth.ClientSecretBasic(clientSecret)
  const response = await oauth.authorizationCodeGrantRequest(
    server,
    client,
    authentication,
    callback,
    redirectUri,
    codeVerifier,
    options,
  )
  // Without this, an ID token signed with anything but RS256 is refused where the document does not list algorithms.
  const anyAlgorithm = { ...server, id_token_signing_alg_values_supported: [...ID_TOKEN_ALGORITHMS] }
  return oauth.processAuthorizationCodeResponse(anyAlgorithm, client, response, {
    expectedNonce: nonce,
    requireIdToken: true,
  })
}

/**
 * Reads the profile. UserInfo is asked only where the ID token leaves the address out (OpenID Connect Core §5.4), and
 * its `sub` must be the token's.
 */
async function readProfile({ server, client, options }: Dialogue, accessToken: string, claims: IdTokenClaims) {
  if (claims.email !== undefined || server.userinfo_endpoint === undefined) return claims
  const response = await oauth.userInfoRequest(server, client, accessToken, options)
  return oauth.processUserInfoResponse(server, client, claims.sub, response)
}

function endpoint(server: oauth.AuthorizationServer, name: 'authorization_endpoint' | 'jwks_uri'): string {
  const url = server[name]
  if (url === undefined || !isTrustworthyUrl(url, { allowInsecure: server.issuer.startsWith('http://') }))
    throw new ProviderError('provider_misconfigured', `discovery: no secure ${name}`)
  return url
}

/**
 * Translates an error of the library. Such an error holds bodies and claims, so only its kind is passed on.
 * `unauthorized` is what a 401 means at this endpoint.
 */
function translate(error: unknown, unauthorized: ProviderErrorCode): unknown {
  if (error instanceof oauth.AuthorizationResponseError) return toProviderError('authorization', error.error)
  if (error instanceof oauth.ResponseBodyError) return toProviderError('token', error.error)
  if (error instanceof oauth.WWWAuthenticateChallengeError)
    return new ProviderError(unauthorized, `HTTP status ${error.status}`)
  if (error instanceof oauth.OperationProcessingError || error instanceof oauth.UnsupportedOperationError) {
    const { code = 'malformed' } = error
    if (BAD_DOCUMENT.has(code)) return new ProviderError('provider_misconfigured', code)
    return new ProviderError(NO_ANSWER.has(code) ? 'provider_unavailable' : 'invalid_provider_response', code)
  }
  return error
}

/** These errors mean that the answer cannot be judged: HTML, broken JSON, or an unexpected status. */
const NO_ANSWER: ReadonlySet<string> = new Set([
  oauth.PARSE_ERROR,
  oauth.RESPONSE_IS_NOT_JSON,
  oauth.RESPONSE_IS_NOT_CONFORM,
])

/** These errors mean that a discovery document lacks an endpoint, or names one that is not https. */
const BAD_DOCUMENT: ReadonlySet<string> = new Set([
  oauth.MISSING_SERVER_METADATA,
  oauth.INVALID_SERVER_METADATA,
  oauth.HTTP_REQUEST_FORBIDDEN,
  oauth.REQUEST_PROTOCOL_FORBIDDEN,
])
