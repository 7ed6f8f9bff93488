import { LinkedIn } from 'arctic'
import { receiveTokens, requireIdToken, withoutIdToken } from './arctic-tokens.ts'
import { readCode } from './callback.ts'
import { verifyIdToken } from './id-token.ts'
import { textOrNull } from './network.ts'
import type { OAuthProvider, ProviderClient } from './provider.ts'

/** The issuer that LinkedIn's discovery document and tokens name. */
const ISSUER = 'https://www.linkedin.com/oauth'
const JWKS_URI = 'https://www.linkedin.com/oauth/openid/jwks'

/**
 * Makes the LinkedIn provider: "Sign In with LinkedIn using OpenID Connect".
 *
 * LinkedIn neither supports PKCE for web applications nor puts `nonce` into its ID tokens, so `state` alone ties the
 * answer to the browser. The nonce is sent all the same, and is checked where LinkedIn returns it.
 */
export function createLinkedIn({ clientId, clientSecret }: ProviderClient): OAuthProvider {
  return {
    id: 'linkedin',
    name: 'LinkedIn',
    issuer: ISSUER,
    trustedEmailDomains: [],
    async authorizationUrl({ redirectUri, state, nonce }) {
      const linkedIn = new LinkedIn(clientId, clientSecret, redirectUri)
      const url = linkedIn.createAuthorizationURL(state, ['openid', 'profile', 'email'])
      url.searchParams.set('nonce', nonce)
      return url
    },
    async authenticate(input) {
      const { redirectUri, nonce, now } = input
      const code = readCode(input, new URL(ISSUER).origin)
      const linkedIn = new LinkedIn(clientId, clientSecret, redirectUri)
      const tokens = await receiveTokens(linkedIn.validateAuthorizationCode(code), now)
      const claims = await verifyIdToken(requireIdToken(tokens), {
        jwksUri: JWKS_URI,
        clientId,
        algorithms: ['RS256'],
        isIssuer: ({ iss }) => iss === ISSUER,
        nonce,
        nonceRequired: false,
        now,
      })
      return {
        issuer: ISSUER,
        subject: claims.sub,
        email: textOrNull(claims.email),
        // LinkedIn documents a boolean, but also sends a string.
        emailVerified: claims.email_verified === true || claims.email_verified === 'true',
        name: textOrNull(claims.name),
        hostedDomain: null,
        tokens: withoutIdToken(tokens),
      }
    },
  }
}
