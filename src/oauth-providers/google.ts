import { Google } from 'arctic'
import { receiveTokens, requireIdToken, withoutIdToken } from './arctic-tokens.ts'
import { readCode } from './callback.ts'
import { verifyIdToken } from './id-token.ts'
import { textOrNull } from './network.ts'
import type { OAuthProvider, ProviderClient } from './provider.ts'

export const GOOGLE_ISSUER = 'https://accounts.google.com'
const JWKS_URI = 'https://www.googleapis.com/oauth2/v3/certs'
/**
 * Google's ID tokens come with either spelling (developers.google.com/identity/openid-connect), and one person must
 * stay one identity.
 */
const ISSUER_SPELLINGS = [GOOGLE_ISSUER, 'accounts.google.com']

/** Makes the Google provider: OpenID Connect with PKCE and nonce. */
export function createGoogle({ clientId, clientSecret }: ProviderClient): OAuthProvider {
  return {
    id: 'google',
    name: 'Google',
    issuer: GOOGLE_ISSUER,
    trustedEmailDomains: [],
    async authorizationUrl({ redirectUri, state, nonce, codeVerifier }) {
      const google = new Google(clientId, clientSecret, redirectUri)
      const url = google.createAuthorizationURL(state, codeVerifier, ['openid', 'email', 'profile'])
      url.searchParams.set('nonce', nonce)
      return url
    },
    async authenticate(input) {
      const { redirectUri, codeVerifier, nonce, now } = input
      const code = readCode(input, GOOGLE_ISSUER)
      const google = new Google(clientId, clientSecret, redirectUri)
      const tokens = await receiveTokens(google.validateAuthorizationCode(code, codeVerifier), now)
      const claims = await verifyIdToken(requireIdToken(tokens), {
        jwksUri: JWKS_URI,
        clientId,
        algorithms: ['RS256'],
        isIssuer: ({ iss }) => ISSUER_SPELLINGS.includes(iss),
        nonce,
        now,
      })
      return {
        issuer: GOOGLE_ISSUER,
        subject: claims.sub,
        email: textOrNull(claims.email),
        emailVerified: claims.email_verified === true,
        name: textOrNull(claims.name),
        hostedDomain: textOrNull(claims.hd),
        tokens: withoutIdToken(tokens),
      }
    },
  }
}
