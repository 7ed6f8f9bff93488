/**
 * A verified identity that a person brings back from a provider. An account is found by `(issuer, subject)`, never by
 * `email` (CVE-2026-31813).
 */
export interface ProviderIdentity {
  /**
   * The namespace of `subject`. For Microsoft it names the person's tenant, so it is not always the provider's
   * `issuer`.
   */
  issuer: string
  /**
   * An id that is stable and never reassigned within `issuer`. It has at most 255 characters (OpenID Connect Core §2).
   */
  subject: string
  /**
   * The address as the provider spells it, which must be parsed before use. It is null where the person has none or
   * withheld it.
   */
  email: string | null
  /**
   * The provider says that it verified the address. This does not say who may link by it: `isAuthoritativeFor` does.
   */
  emailVerified: boolean
  name: string | null
  /** The organisation that manages the account, from Google Workspace's `hd`; null for everybody else. */
  hostedDomain: string | null
  tokens: ProviderTokens
}

/** The provider's own tokens. They are not kept unless the configuration asks for it. */
export interface ProviderTokens {
  accessToken: string
  refreshToken: string | null
  /** Unix time in milliseconds; null where the provider does not say. */
  expiresAt: number | null
}

export interface AuthorizationInput {
  /**
   * The callback URL `<ISSUER>/auth/oauth/<id>/callback`. Each provider has its own, which defeats mix-up attacks (RFC
   * 9700 §4.4.2).
   */
  redirectUri: string
  state: string
  nonce: string
  /** The PKCE verifier, of 43 to 128 characters (RFC 7636 §4.1). */
  codeVerifier: string
  /** Unix time in milliseconds. */
  now: number
}

/** The values with which the authorization began, and the query with which the provider sent the browser back. */
export interface AuthenticationInput extends AuthorizationInput {
  parameters: URLSearchParams
}

/**
 * One provider to sign in with. It holds no state of a login, because its inputs hold what a login needs to remember.
 */
export interface OAuthProvider {
  /** The id, of the form `/^[a-z0-9-]{1,32}$/`. It stands in URLs and in the database. */
  readonly id: string
  /** The name for a button: "Sign in with <name>". */
  readonly name: string
  /** The namespace of identities. Microsoft's has `{tenantid}` in the place of the tenant. */
  readonly issuer: string
  /** Mail domains that this provider may speak for, by configuration; lower-case A-labels. */
  readonly trustedEmailDomains: readonly string[]
  /**
   * Builds the URL that the browser is sent to.
   * @throws {ProviderError} `provider_unavailable` where the issuer has to be asked first and does not answer.
   */
  authorizationUrl(input: AuthorizationInput): Promise<URL>
  /**
   * Redeems the callback's code and proves who came.
   * @throws {ProviderError} with any of its codes.
   */
  authenticate(input: AuthenticationInput): Promise<ProviderIdentity>
}

export interface ProviderClient {
  clientId: string
  clientSecret: string
}
