import { MicrosoftEntraId } from 'arctic'
import type { JWK } from 'jose'
import { receiveTokens, requireIdToken, withoutIdToken } from './arctic-tokens.ts'
import { readCode } from './callback.ts'
import { type IdTokenClaims, verifyIdToken } from './id-token.ts'
import { textOrNull } from './network.ts'
import type { OAuthProvider, ProviderClient } from './provider.ts'

const ORIGIN = 'https://login.microsoftonline.com'
/** This tenant stands for the work, school and personal accounts of every tenant. */
const TENANT = 'common'
const ISSUER_TEMPLATE = `${ORIGIN}/{tenantid}/v2.0`
const JWKS_URI = `${ORIGIN}/${TENANT}/discovery/v2.0/keys`
const TENANT_ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/**
 * Makes the Microsoft provider: work, school and personal accounts through Entra ID's `common` endpoint, with PKCE and
 * nonce.
 *
 * Any tenant's administrator can write any address into a user's `mail`, so `email` proves nothing (the "nOAuth"
 * attack). It counts as verified only where the optional claim `xms_edov` says that the tenant owns the address's
 * domain, and it never links by itself. The identity is the tenant's issuer and `sub`, neither of which another tenant
 * can forge.
 */
export function createMicrosoft({ clientId, clientSecret }: ProviderClient): OAuthProvider {
  return {
    id: 'microsoft',
    name: 'Microsoft',
    issuer: ISSUER_TEMPLATE,
    trustedEmailDomains: [],
    async authorizationUrl({ redirectUri, state, nonce, codeVerifier }) {
      const entra = new MicrosoftEntraId(TENANT, clientId, clientSecret, redirectUri)
      const url = entra.createAuthorizationURL(state, codeVerifier, ['openid', 'profile', 'email'])
      url.searchParams.set('nonce', nonce)
      return url
    },
    async authenticate(input) {
      const { redirectUri, codeVerifier, nonce, now } = input
      const code = readCode(input, ORIGIN)
      const entra = new MicrosoftEntraId(TENANT, clientId, clientSecret, redirectUri)
      const tokens = await receiveTokens(entra.validateAuthorizationCode(code, codeVerifier), now)
      const claims = await verifyIdToken(requireIdToken(tokens), {
        jwksUri: JWKS_URI,
        clientId,
        algorithms: ['RS256'],
        isIssuer: isTenantIssuer,
        nonce,
        now,
      })
      return {
        issuer: claims.iss,
        subject: claims.sub,
        email: textOrNull(claims.email),
        emailVerified: isDomainVerified(claims.xms_edov),
        name: textOrNull(claims.name),
        hostedDomain: null,
        tokens: withoutIdToken(tokens),
      }
    },
  }
}

/**
 * Tells whether `iss` names the token's own tenant, and whether the key signs for that tenant. The `common` key set
 * also holds keys of single tenants, each marked with its `issuer`
 * (learn.microsoft.com/entra/identity-platform/access-tokens, "Validate the issuer").
 */
function isTenantIssuer({ iss, tid }: IdTokenClaims, key: JWK): boolean {
  if (typeof tid !== 'string' || !TENANT_ID.test(tid)) return false
  const issuerOf = (template: string) => template.replace('{tenantid}', tid)
  const { issuer: signsFor }: JWK & { issuer?: unknown } = key
  return iss === issuerOf(ISSUER_TEMPLATE) && (typeof signsFor !== 'string' || issuerOf(signsFor) === iss)
}

/** Tells whether the claim says yes. Microsoft documents a boolean, but also sends `1`, `"1"` and `"true"`. */
function isDomainVerified(value: unknown): boolean {
  return value === true || value === 1 || value === '1' || value === 'true'
}
