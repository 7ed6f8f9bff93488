/**
 * What a person brings back from a provider, verified. An account is found by `(issuer, subject)`, never by `email`
 * (CVE-2026-31813).
 */
export interface ProviderIdentity {
  /**
   * The namespace of `subject`. For Microsoft it names the person's tenant, so it is not always the provider's
   * `issuer`.
   */
  issuer: string
  /** Stable and never reassigned within `issuer`; at most 255 characters (OpenID Connect Core §2). */
  subject: string
  /** As the provider spells it: parse it before use. Null where the person has none or withheld it. */
  email: string | null
  /** The provider says that it verified the address. Says nothing of who may link by it: ask `isAuthoritativeFor`. */
  emailVerified: boolean
  name: string | null
  /** Google Workspace's `hd`: the organisation that manages the account. Null for everybody else. */
  hostedDomain: string | null
  tokens: ProviderTokens
}

/** The provider's own tokens: not kept unless configuration asks for it. */
export interface ProviderTokens {
  accessToken: string
  refreshToken: string | null
  /** Unix time in milliseconds; null where the provider does not say. */
  expiresAt: number | null
}

export interface AuthorizationInput {
  /**
   * `<ISSUER>/auth/oauth/<id>/callback`: one for each provider, which is what defeats mix-up attacks (RFC 9700 §4.4.2).
   */
  redirectUri: string
  state: string
  nonce: string
  /** 43 to 128 characters (RFC 7636 §4.1). */
  codeVerifier: string
  /** Unix time in milliseconds. */
  now: number
}

/** The same values the authorization began with, and the query the provider sent the browser back with. */
export interface AuthenticationInput extends AuthorizationInput {
  parameters: URLSearchParams
}

/** One way to sign in elsewhere. Holds no state of a login: what a login needs to remember is in its inputs. */
export interface OAuthProvider {
  /** `/^[a-z0-9-]{1,32}$/`; stands in URLs and in the database. */
  readonly id: string
  /** For a button: "Sign in with <name>". */
  readonly name: string
  /** The identity namespace. Microsoft's has `{tenantid}` in the place of the tenant. */
  readonly issuer: string
  /** Mail domains this provider is trusted to speak for, by configuration; lower-case A-labels. */
  readonly trustedEmailDomains: readonly string[]
  /** @throws {ProviderError} `provider_unavailable` where the issuer has to be asked first and does not answer. */
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
