/**
 * What Postern refuses, and how it says so. Clients program against the code, which never changes its meaning. The
 * title is for people: one sentence says what happened, another one what to do.
 */
export const REFUSALS = {
  invalid_request: { status: 400, title: 'The request is not valid. Correct it, then send it again.' },
  ambiguous_credentials: {
    status: 400,
    title: 'The request says in two ways who sends it. Send a bearer token or cookies, and each cookie once.',
  },
  redirect_not_allowed: { status: 400, title: 'This redirectTo is not on the allow-list. Use an address that is.' },
  invalid_state: {
    status: 400,
    title: 'This sign-in was not begun in this browser, or it took too long. Start again.',
  },
  invalid_grant: { status: 400, title: 'The provider no longer accepts this sign-in. Start again.' },
  invalid_token: { status: 400, title: 'The link or code is wrong, used or expired. Ask for a new one.' },
  invalid_registration: {
    status: 400,
    title: 'The passkey could not be registered, or it took too long. Start again.',
  },
  unauthenticated: { status: 401, title: 'You are not signed in. Sign in, then try again.' },
  invalid_credentials: { status: 401, title: 'The sign-in details are wrong. Check them, then try again.' },
  invalid_client: { status: 401, title: 'The client is not known here. Check its id and its secret.' },
  invalid_code: { status: 401, title: 'The code is wrong, used or expired. Check it, or start again.' },
  invalid_passkey: {
    status: 401,
    title: 'The passkey was not accepted. Try again, or sign in another way.',
  },
  invalid_refresh_token: { status: 401, title: 'The refresh token is wrong, used or expired. Sign in again.' },
  email_not_verified: {
    status: 403,
    title: 'The e-mail address is not confirmed. Use the link that was mailed to it, then sign in again.',
  },
  email_required: {
    status: 403,
    title: 'The provider told no e-mail address, which an account needs. Allow it to, then start again.',
  },
  access_denied: {
    status: 403,
    title: 'The sign-in at the provider was cancelled or refused. Start again, or sign in another way.',
  },
  account_deactivated: { status: 403, title: 'This account is deactivated. Contact the operator.' },
  step_up_required: { status: 403, title: 'This needs a recent sign-in. Confirm that it is you, then try again.' },
  enrolment_required: {
    status: 403,
    title: 'A role of this account requires a second factor. Set one up, then try again.',
  },
  https_required: { status: 403, title: 'The request was sent without encryption. Use https.' },
  forbidden: { status: 403, title: 'Your account lacks the permission for this. Ask an administrator for it.' },
  permission_not_held: {
    status: 403,
    title: 'This gives or touches permissions that your account lacks. Ask somebody who has them.',
  },
  csrf_refused: { status: 403, title: 'The request did not come from an allowed origin. Send it from a page of one.' },
  not_found: { status: 404, title: 'There is nothing here. Check the address.' },
  pictures_off: { status: 404, title: 'This service keeps no pictures. Its operator can switch them on.' },
  method_not_allowed: {
    status: 405,
    title: 'This address does not take that method. Use one that the Allow header names.',
  },
  account_exists: { status: 409, title: 'An account with this address exists. Sign in to it, then link the provider.' },
  identity_taken: {
    status: 409,
    title: 'This account at the provider is linked to another user. Sign in as that user, or use another account.',
  },
  provider_already_linked: {
    status: 409,
    title: 'Another account at this provider is linked. Unlink it, then try again.',
  },
  already_verified: { status: 409, title: 'The address is confirmed already. There is nothing to send.' },
  mail_not_failed: {
    status: 409,
    title: 'This mail waits to leave, has left, or was sent again. Look at the list of failed mails anew.',
  },
  mail_link_expired: {
    status: 409,
    title: 'The link in this mail was used or has expired. Send the person a new one instead.',
  },
  password_not_set: { status: 409, title: 'The account has no password to reset. Sign the user out instead.' },
  last_login_method: { status: 409, title: 'This is the last way to sign in to the account. Add another one first.' },
  role_exists: { status: 409, title: 'A role of this name exists. Choose another name.' },
  role_in_use: { status: 409, title: 'Users have this role. Take it from them first.' },
  role_limit_reached: { status: 409, title: 'There are as many roles as there may be. Delete one first.' },
  webhook_limit_reached: { status: 409, title: 'There are as many webhooks as there may be. Delete one first.' },
  next_key_too_new: {
    status: 409,
    title: 'The next key was published too short a time ago. Try again in ten minutes.',
  },
  built_in_role: { status: 409, title: 'This role is built in. Its name and its permissions stay as they are.' },
  last_admin: { status: 409, title: 'This is the last active administrator. Make somebody else one first.' },
  last_strong_factor: {
    status: 409,
    title: 'A role of this account requires a second factor, and this is the last one. Add another one first.',
  },
  factor_already_set: { status: 409, title: 'This second factor is set already. Remove it first, then set it anew.' },
  no_second_factor: {
    status: 409,
    title: 'The account has no second factor that recovery codes could stand in for. Add one first.',
  },
  username_taken: { status: 409, title: 'This username is taken. Choose another one.' },
  passkey_exists: { status: 409, title: 'This passkey is registered already. Use it, or register another one.' },
  passkey_limit: { status: 409, title: 'The account has as many passkeys as it may have. Remove one first.' },
  upload_too_slow: { status: 408, title: 'The upload took too long. Try again with a better connection.' },
  body_too_large: { status: 413, title: 'The request body is too large. Send a smaller one.' },
  unsupported_media_type: {
    status: 415,
    title: 'This route does not take a body of that media type. Send the one that it documents.',
  },
  unsupported_image: {
    status: 415,
    title: 'This is not a picture that can be shown. Send a PNG, JPEG, GIF or WebP file.',
  },
  rate_limited: { status: 429, title: 'Too many requests were sent. Wait, then try again.' },
  login_throttled: { status: 429, title: 'Too many attempts have failed. Wait, then try again.' },
  internal_error: {
    status: 500,
    title: 'Something went wrong here. Try again, and tell the operator the requestId if it happens again.',
  },
  invalid_provider_response: { status: 502, title: 'The provider answered in a way that proves nothing. Start again.' },
  provider_unavailable: { status: 503, title: 'The provider is not answering. Try again shortly.' },
  provider_misconfigured: { status: 503, title: 'This provider is misconfigured. Contact its operator.' },
  dependency_unavailable: { status: 503, title: 'A part of the service is not answering. Try again shortly.' },
} as const satisfies Record<string, { status: number; title: string }>

export type RefusalCode = keyof typeof REFUSALS

interface RefusalExtras {
  /** The reason, for the log and the audit trail only; it is never sent. */
  reason?: string
  retryAfterSeconds?: number
  errors?: readonly { path: string; message: string }[]
  /** Members that are added to the problem document, such as `maxAgeSeconds`. */
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

/** A dependency outside this Worker refused or did not answer. The client gets 503 with `Retry-After`. */
export class DependencyError extends Error {
  override readonly name = 'DependencyError'
  constructor(
    readonly dependency: 'database' | 'blocklist' | 'login_throttle' | 'pictures',
    cause: unknown,
  ) {
    super(`${dependency} is unavailable`, { cause })
  }
}

/**
 * Tells whether something outside this Worker failed. It looks at causes too, because Drizzle wraps the error of a
 * single query.
 */
export function isDependencyFailure(error: unknown): boolean {
  for (let current = error; current instanceof Error; current = current.cause)
    if (current instanceof DependencyError) return true
  return false
}
