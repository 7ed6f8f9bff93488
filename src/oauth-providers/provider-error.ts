/**
 * The ways in which a federated login can fail between Postern and a provider. The meaning of a code never changes:
 * - `access_denied`: the person, or their administrator, said no.
 * - `invalid_state`: the answer does not belong to the question this browser asked (RFC 9700 §4.7).
 * - `invalid_grant`: the authorization code is wrong, expired or was used before.
 * - `invalid_provider_response`: an answer proves nothing (signature, issuer, audience, nonce, time, missing members).
 * - `provider_unavailable`: there is no usable answer (time-out, 5xx, HTML, too large); trying again may help.
 * - `provider_misconfigured`: the provider does not accept Postern's credentials, redirect URL or settings; an operator
 * must act.
 */
export type ProviderErrorCode =
  | 'access_denied'
  | 'invalid_state'
  | 'invalid_grant'
  | 'invalid_provider_response'
  | 'provider_unavailable'
  | 'provider_misconfigured'

/**
 * A federated login cannot go on. `reason` is for the log and is made of fixed texts and registered error names only.
 *
 * It carries no `cause`, because the libraries' errors hold response bodies, claims and token contents, which must not
 * reach a log.
 */
export class ProviderError extends Error {
  override readonly name = 'ProviderError'
  readonly code: ProviderErrorCode
  readonly reason: string
  constructor(code: ProviderErrorCode, reason: string) {
    super(`${code}: ${reason}`)
    this.code = code
    this.reason = reason
  }
}

/**
 * These errors are our mistake and not the person's: a wrong secret, an unregistered redirect URL, or an application
 * that was suspended.
 */
const MISCONFIGURED = new Set([
  'invalid_client',
  'unauthorized_client',
  'unsupported_grant_type',
  'unsupported_response_type',
  'invalid_scope',
  'unauthorized_scope_error', // LinkedIn
  'incorrect_client_credentials', // GitHub
  'redirect_uri_mismatch', // GitHub
  'invalid_redirect_uri', // LinkedIn
  'application_suspended', // GitHub
])
const DENIED = new Set([
  'access_denied',
  'consent_required',
  'interaction_required',
  'login_required',
  'user_cancelled_login', // LinkedIn
  'user_cancelled_authorize', // LinkedIn
  'unverified_user_email', // GitHub: no verified primary address
])
/** These errors say that the code was refused. LinkedIn answers `invalid_request` for a used or expired code. */
const CODE_REFUSED = new Set(['invalid_grant', 'bad_verification_code', 'invalid_request'])
const TRANSIENT = new Set(['server_error', 'temporarily_unavailable'])

/** Translates an `error` of RFC 6749 §4.1.2.1 or §5.2, and the providers' own ones, into a `ProviderError`. */
export function toProviderError(endpoint: 'authorization' | 'token', error: string): ProviderError {
  const code = TRANSIENT.has(error)
    ? 'provider_unavailable'
    : DENIED.has(error)
      ? 'access_denied'
      : MISCONFIGURED.has(error)
        ? 'provider_misconfigured'
        : endpoint === 'token' && CODE_REFUSED.has(error)
          ? 'invalid_grant'
          : 'invalid_provider_response'
  // The value comes from outside, so only what looks like an error name may stand in a log.
  return new ProviderError(code, `${endpoint} endpoint: ${/^[a-z_]{1,40}$/.test(error) ? error : 'unknown error'}`)
}
