import { CodeChallengeMethod, OAuth2Client } from 'arctic'
import { receiveTokens, withoutIdToken } from './arctic-tokens.ts'
import { readCode } from './callback.ts'
import { fetchBounded, isObject, readJsonObject, textOrNull } from './network.ts'
import type { OAuthProvider, ProviderClient } from './provider.ts'
import { ProviderError } from './provider-error.ts'

const ISSUER = 'https://github.com'
const AUTHORIZATION_ENDPOINT = 'https://github.com/login/oauth/authorize'
const TOKEN_ENDPOINT = 'https://github.com/login/oauth/access_token'
const API = 'https://api.github.com'
/** This scope allows to read the addresses. The name and the id are public and need none. */
const SCOPES = ['user:email']

/**
 * Makes the GitHub provider: OAuth 2.0 with PKCE, and GitHub's REST API to find out who came. GitHub has no ID token,
 * so TLS to `api.github.com` is the proof.
 *
 * Arctic's generic client is used instead of its `GitHub`, which lacks the PKCE that GitHub has supported since July
 * 2025.
 */
export function createGitHub({ clientId, clientSecret }: ProviderClient): OAuthProvider {
  return {
    id: 'github',
    name: 'GitHub',
    issuer: ISSUER,
    trustedEmailDomains: [],
    async authorizationUrl({ redirectUri, state, codeVerifier }) {
      const client = new OAuth2Client(clientId, clientSecret, redirectUri)
      const { S256 } = CodeChallengeMethod
      return client.createAuthorizationURLWithPKCE(AUTHORIZATION_ENDPOINT, state, S256, codeVerifier, SCOPES)
    },
    async authenticate(input) {
      const { redirectUri, codeVerifier, now } = input
      const code = readCode(input, ISSUER)
      const client = new OAuth2Client(clientId, clientSecret, redirectUri)
      const tokens = await receiveTokens(client.validateAuthorizationCode(TOKEN_ENDPOINT, code, codeVerifier), now)
      const user = await readUser(tokens.accessToken)
      return {
        issuer: ISSUER,
        ...user,
        ...(await readPrimaryEmail(tokens.accessToken)),
        tokens: withoutIdToken(tokens),
      }
    },
  }
}

async function readUser(accessToken: string) {
  const response = await callApi('/user', accessToken)
  if (response.status !== 200)
    throw new ProviderError('invalid_provider_response', `/user: HTTP status ${response.status}`)
  const { id, name } = await readJsonObject(response)
  // The number identifies the account and not the login, because a login can be renamed and then taken by somebody
  // else.
  if (typeof id !== 'number' || !Number.isSafeInteger(id) || id <= 0)
    throw new ProviderError('invalid_provider_response', '/user: no id')
  return { subject: String(id), name: textOrNull(name), hostedDomain: null }
}

/**
 * Reads the primary address. The profile's public address is not used, because a person may show any of their addresses
 * there.
 */
async function readPrimaryEmail(accessToken: string): Promise<{ email: string | null; emailVerified: boolean }> {
  const response = await callApi('/user/emails', accessToken)
  // A GitHub App without the permission "Email addresses" is answered with 403 or 404.
  if (response.status === 403 || response.status === 404) return { email: null, emailVerified: false }
  const addresses: unknown = await response.json().catch(() => null)
  if (response.status !== 200 || !Array.isArray(addresses))
    throw new ProviderError('provider_unavailable', `/user/emails: HTTP status ${response.status}`)
  const primary = addresses.filter(isObject).find((address) => address.primary === true)
  return { email: textOrNull(primary?.email), emailVerified: primary?.verified === true }
}

async function callApi(path: string, accessToken: string): Promise<Response> {
  const response = await fetchBounded(`${API}${path}`, {
    headers: {
      authorization: `Bearer ${accessToken}`,
      accept: 'application/vnd.github+json',
      'x-github-api-version': '2022-11-28',
      // GitHub refuses requests without this header.
      'user-agent': 'postern',
    },
  })
  // GitHub also answers with 403 when its rate limit is reached.
  if (response.status === 403 && response.headers.get('x-ratelimit-remaining') === '0')
    throw new ProviderError('provider_unavailable', `${path}: rate limited`)
  return response
}
