/** What Postern refuses, and how it says so: `code` is what clients program against and never changes its meaning. */
export const REFUSALS = {
  invalid_request: { status: 400, title: 'The request is not valid.' },
  ambiguous_credentials: { status: 400, title: 'Send either a bearer token or cookies, not both.' },
  redirect_not_allowed: { status: 400, title: 'This redirectTo is not on the allow-list.' },
  invalid_state: { status: 400, title: 'This sign-in was not begun here, or it took too long. Start again.' },
  invalid_grant: { status: 400, title: 'The provider does not accept this answer any more. Start again.' },
  invalid_token: { status: 400, title: 'The link or code is wrong, used or expired.' },
  unauthenticated: { status: 401, title: 'Sign in first.' },
  invalid_credentials: { status: 401, title: 'The sign-in details are wrong.' },
  invalid_client: { status: 401, title: 'The client is not known here.' },
  invalid_code: { status: 401, title: 'The code is wrong, used or expired.' },
  invalid_refresh_token: { status: 401, title: 'The refresh token is wrong, used or expired.' },
  email_not_verified: { status: 403, title: 'Confirm your e-mail address first.' },
  email_required: { status: 403, title: 'The provider did not tell an e-mail address, and an account needs one.' },
  access_denied: { status: 403, title: 'The sign-in at the provider was cancelled or refused.' },
  account_deactivated: { status: 403, title: 'This account is deactivated.' },
  step_up_required: { status: 403, title: 'Confirm that it is you, then try again.' },
  https_required: { status: 403, title: 'Use https.' },
  forbidden: { status: 403, title: 'You may not do that.' },
  csrf_refused: { status: 403, title: 'This request did not come from an allowed origin.' },
  not_found: { status: 404, title: 'There is nothing here.' },
  method_not_allowed: { status: 405, title: 'This address does not take that method.' },
  account_exists: { status: 409, title: 'An account with this address exists: sign in to it, then link the provider.' },
  identity_taken: { status: 409, title: 'This account at the provider belongs to another user here.' },
  provider_already_linked: { status: 409, title: 'Another account at this provider is linked: unlink it first.' },
  last_login_method: { status: 409, title: 'This is the last way to sign in to the account.' },
  username_taken: { status: 409, title: 'This username is taken.' },
  body_too_large: { status: 413, title: 'The request body is too large.' },
  unsupported_media_type: { status: 415, title: 'Send the body in the media type that this route takes.' },
  rate_limited: { status: 429, title: 'Too many requests. Wait, then try again.' },
  login_throttled: { status: 429, title: 'Too many attempts. Wait, then try again.' },
  internal_error: { status: 500, title: 'Something went wrong.' },
  invalid_provider_response: { status: 502, title: 'The provider answered in a way that proves nothing.' },
  provider_unavailable: { status: 503, title: 'The provider is not answering. Try again shortly.' },
  provider_misconfigured: { status: 503, title: 'This provider is not set up rightly. Its operator must act.' },
  dependency_unavailable: { status: 503, title: 'A part of the service is not answering. Try again shortly.' },
} as const satisfies Record<string, { status: number; title: string }>

export type RefusalCode = keyof typeof REFUSALS

interface RefusalExtras {
  /** For the log and the audit trail only; never sent. */
  reason?: string
  retryAfterSeconds?: number
  errors?: readonly { path: string; message: string }[]
  /** Members added to the problem document, e.g. `maxAgeSeconds`. */
  members?: Readonly<Record<string, unknown>>
  headers?: Readonly<Record<string, string>>
  cause?: unknown
}

/** A refusal on its way to the client as an RFC 9457 problem. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  constructor(
    readonly code: RefusalCode,
    readonly extras: RefusalExtras = {},
  ) {
    super(code, { cause: extras.cause })
  }
}

/** Something outside this Worker refused or did not answer: 503 with `Retry-After`. */
export class DependencyError extends Error {
  override readonly name = 'DependencyError'
  constructor(
    readonly dependency: 'database' | 'blocklist' | 'login_throttle',
    cause: unknown,
  ) {
    super(`${dependency} is unavailable`, { cause })
  }
}

/** Whether something outside this Worker failed. Drizzle wraps what a single query throws. */
export function isDependencyFailure(error: unknown): boolean {
  for (let current = error; current instanceof Error; current = current.cause)
    if (current instanceof DependencyError) return true
  return false
}
