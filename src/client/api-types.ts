// `npm run client-types` makes this file from openapi.json. Do not edit it.

/** What the service refuses, by the code of its problem document. */
export type RefusalCode =
  | 'invalid_request'
  | 'ambiguous_credentials'
  | 'redirect_not_allowed'
  | 'invalid_state'
  | 'invalid_grant'
  | 'invalid_token'
  | 'invalid_registration'
  | 'unauthenticated'
  | 'invalid_credentials'
  | 'invalid_client'
  | 'invalid_code'
  | 'invalid_passkey'
  | 'invalid_refresh_token'
  | 'email_not_verified'
  | 'email_required'
  | 'access_denied'
  | 'account_deactivated'
  | 'step_up_required'
  | 'enrolment_required'
  | 'https_required'
  | 'forbidden'
  | 'permission_not_held'
  | 'csrf_refused'
  | 'not_found'
  | 'pictures_off'
  | 'method_not_allowed'
  | 'account_exists'
  | 'identity_taken'
  | 'provider_already_linked'
  | 'already_verified'
  | 'mail_not_failed'
  | 'mail_link_expired'
  | 'password_not_set'
  | 'last_login_method'
  | 'role_exists'
  | 'role_in_use'
  | 'role_limit_reached'
  | 'webhook_limit_reached'
  | 'next_key_too_new'
  | 'built_in_role'
  | 'last_admin'
  | 'last_strong_factor'
  | 'factor_already_set'
  | 'no_second_factor'
  | 'username_taken'
  | 'passkey_exists'
  | 'passkey_limit'
  | 'upload_too_slow'
  | 'body_too_large'
  | 'unsupported_media_type'
  | 'unsupported_image'
  | 'rate_limited'
  | 'login_throttled'
  | 'internal_error'
  | 'invalid_provider_response'
  | 'provider_unavailable'
  | 'provider_misconfigured'
  | 'dependency_unavailable'

export type AcceptInvitationRequest = {
  token: string
  password: string
}

export type AccountExport = {
  exportedAt: string
  profile: User
  /** Every row of the database that is about the account, without its secrets, and what its throttle counts. */
  data: {
    account: readonly ({
      id: string
      email: string
      emailVerifiedAt: string | null
      username: string | null
      usernameWish: string | null
      name: string | null
      passwordChangedAt: string | null
      passwordResetRequiredAt: string | null
      status: string
      deletesAt: string | null
      locale: string
      accessProvenAt: string | null
      createdAt: string
      importedAt: string | null
      lastSeenAt: string | null
    })[]
    roles: readonly ({
      userId: string
      role: string
    })[]
    notes: readonly ({
      userId: string
      note: string
      changedAt: string
      changedBy: string
    })[]
    identities: readonly ({
      id: string
      userId: string
      provider: string
      issuer: string
      subject: string
      email: string | null
      how: string
      isAuthority: boolean
      createdAt: string
      lastUsedAt: string
    })[]
    sessions: readonly ({
      id: string
      userId: string
      methods: readonly (string)[]
      authenticatedAt: string
      strongAuthenticatedAt: string | null
      device: string | null
      createdAt: string
      lastSeenAt: string
      expiresAt: string
      userAgent: string | null
      country: string | null
      city: string | null
    })[]
    grants: readonly ({
      id: string
      sessionId: string
      clientId: string | null
      resource: string | null
      scope: string | null
      generation: number
      rotatedAt: string
    })[]
    trustedDevices: readonly ({
      id: string
      userId: string
      userAgent: string | null
      createdAt: string
    })[]
    authenticatorApps: readonly ({
      userId: string
      createdAt: string
      activatedAt: string | null
    })[]
    recoveryCodes: readonly ({
      userId: string
      createdAt: string
    })[]
    passkeys: readonly ({
      id: string
      userId: string
      credentialId: string
      publicKey: string
      counter: number
      transports: readonly (string)[]
      aaguid: string
      name: string
      isBackupEligible: boolean
      isBackedUp: boolean
      opensAlone: boolean
      createdAt: string
      lastUsedAt: string | null
      userHandle: string | null
    })[]
    pictures: readonly ({
      userId: string
      key: string
      mediaType: string
      bytes: number
      width: number
      height: number
      createdAt: string
    })[]
    factorRemovals: readonly ({
      userId: string
      tokenId: string
      requestedBy: string
      requestedAt: string
      removesAt: string
    })[]
    mailedTokens: readonly ({
      id: string
      userId: string
      purpose: string
      email: string
      sessionId: string | null
      attempts: number
      methods: readonly (string)[] | null
      createdAt: string
      expiresAt: string
    })[]
    loginExchanges: readonly ({
      id: string
      userId: string
      delivery: string
      methods: readonly (string)[]
      createdAt: string
      expiresAt: string
    })[]
    mails: readonly ({
      id: string
      kind: string
      recipient: string
      mailbox: string
      priority: number
      locale: string
      userId: string | null
      tokenId: string | null
      details: Record<string, string>
      createdAt: string
      attempts: number
      nextAttemptAt: string
      state: string
      lastError: string | null
    })[]
    activeDays: readonly ({
      day: string
      userId: string
    })[]
    counted: readonly ({
      userId: string
      kinds: string
    })[]
    events: readonly ({
      sequence: number
      id: string
      type: string
      at: string
      actorId: string | null
      userId: string | null
      ip: string | null
      country: string | null
      userAgent: string | null
      requestId: string | null
      details: Record<string, unknown>
    })[]
    /** Failed logins and tries of factors within a day: those of strangers, and of devices known to you. */
    loginFailures: readonly ({
      budget: string
      count: number
      lastAt: string
    })[]
  }
  /** The file of the picture, in base64; `data.pictures` says what it is. */
  picture: string | null
}

export type ActivateTotpRequest = {
  code: string
}

export type Activity = {
  id: string
  type: "user.registered" | "user.registration_repeated" | "user.updated" | "user.exported" | "user.deletion_requested" | "user.deletion_stopped" | "email.verification_requested" | "email.verified" | "email.change_requested" | "email.changed" | "login.succeeded" | "login.failed" | "login.mfa_required" | "login.code_requested" | "login.throttled" | "reauthentication.failed" | "reauthentication.throttled" | "step_up.code_requested" | "step_up.succeeded" | "step_up.failed" | "step_up.throttled" | "session.refresh_reused" | "session.ended" | "password.reset_requested" | "password.reset" | "password.reset_required" | "password.changed" | "account.reverted" | "factors.removal_requested" | "factors.removal_stopped" | "factors.removal_dropped" | "factors.removed" | "identity.linked" | "identity.link_failed" | "identity.unlinked" | "factor.added" | "factor.removed" | "factor.recovery_code_used" | "passkey.renamed" | "passkey.counter_reversed" | "role.granted" | "roles.assigned" | "mail.failed" | "mail.retried"
  at: string
  /** Who did it; null for somebody who was not signed in, and for this service itself. */
  by: "owner" | "administrator" | "service" | null
  /** Whether it is about the session of this request. */
  current: boolean
  /** What the request came from; null where that is unknown, or a matter of somebody else. */
  device: {
    name: string
    userAgent: string
  } | null
  country: string | null
  /** docs/audit-events.md says what the owner of the account is shown of each event. */
  details: Record<string, unknown>
}

export type AuditEvent = {
  id: string
  type: string
  at: string
  actorId: string | null
  userId: string | null
  ip: string | null
  country: string | null
  userAgent: string | null
  details: Record<string, unknown>
}

export type AuditVerification = {
  intact: boolean
  /** The time of the first event that was checked. */
  from: string | null
  /** The time of the last event that was checked. */
  to: string | null
  /** The number of sealed events that were checked. */
  rows: number
  firstBroken: {
    /** The place in the trail, in the order in which events were written. */
    sequence: number
    problem: "event_changed" | "event_removed" | "event_added" | "seal_changed" | "seal_removed" | "not_vouched_for"
  } | null
  /** The cursor of the next step; null after the last one. */
  nextCursor: string | null
}

export type ChangeEmailRequest = {
  newEmail: string
  password?: string
}

export type ChangePasswordRequest = {
  currentPassword: string
  newPassword: string
}

export type ConfirmEmailChangeRequest = {
  token: string
} | {
  email: string
  code: string
}

export type CurrentSession = {
  userId: string
  sessionId: string
  roles: readonly (string)[]
  permissions: readonly (string)[]
  authenticatedAt: string
  /** RFC 8176 authentication methods */
  methods: readonly (string)[]
  expiresAt: string
}

export type DeleteAccountRequest = {
  password?: string
}

export type EmailRequest = {
  email: string
}

export type FactorRemoval = {
  removesAt: string
}

export type Health = {
  status: "ok"
  version: string
}

export type ImportReport = {
  /** Accounts that were made, or would be */
  imported: number
  /** Lines whose address has an account already, which stays as it is */
  skipped: number
  errors: readonly ({
    line: number
    code: "invalid_json" | "line_too_long" | "unknown_field" | "invalid_email" | "invalid_email_verified" | "invalid_hash" | "unsupported_hash" | "invalid_username" | "invalid_name" | "invalid_roles" | "invalid_created_at" | "invalid_identities" | "unknown_provider" | "invalid_totp_secret" | "invalid_passkeys" | "unverified_factors" | "email_reserved" | "username_taken" | "unknown_role" | "permission_not_held" | "identity_taken" | "passkey_exists"
  })[]
  /** The first line that was not read, because the request had enough to do; null at the end */
  nextLine: number | null
}

export type Jwks = {
  keys: readonly (Record<string, unknown>)[]
}

export type LinkAnswer = {
  /** Where to send the browser, at once */
  url: string
}

export type LinkRequest = {
  /** Where the browser goes afterwards; on the allow-list */
  redirectTo: string
}

export type LoginRequest = {
  /** E-mail address or username */
  identifier: string
  password: string
}

export type LogoutRequest = {
  refreshToken?: string
}

export type MailedLink = {
  token: string
}

export type MfaEmailRequest = {
  ticket: string
}

export type MfaLoginRequest = {
  ticket: string
  method: "totp" | "recovery_code" | "email" | "passkey"
  code: string
  /** Ask this device for no second factor for a while. Ignored where that is switched off. */
  rememberDevice?: boolean
}

export type MfaNeeded = {
  status: "mfa_required"
  ticket: string
  expiresIn: number
  methods: readonly ("totp" | "recovery_code" | "email" | "passkey")[]
}

export type NewRole = {
  name: string
  description: string
  permissions: readonly (PermissionName)[]
  mfaRequired?: boolean
}

export type NewWebhook = {
  url: string
  events: readonly ("user.registered" | "user.registration_repeated" | "user.updated" | "user.note_changed" | "user.exported" | "user.deletion_requested" | "user.deletion_stopped" | "user.deleted" | "user.expired" | "users.imported" | "email.verification_requested" | "email.verified" | "email.change_requested" | "email.changed" | "login.succeeded" | "login.failed" | "login.mfa_required" | "login.code_requested" | "login.throttled" | "reauthentication.failed" | "reauthentication.throttled" | "step_up.code_requested" | "step_up.succeeded" | "step_up.failed" | "step_up.throttled" | "session.refresh_reused" | "session.ended" | "password.reset_requested" | "password.reset" | "password.reset_required" | "password.changed" | "account.reverted" | "factors.removal_requested" | "factors.removal_stopped" | "factors.removal_dropped" | "factors.removed" | "identity.linked" | "identity.link_failed" | "identity.unlinked" | "factor.added" | "factor.removed" | "factor.recovery_code_used" | "passkey.renamed" | "passkey.counter_reversed" | "authorization.refused" | "role.granted" | "roles.assigned" | "role.created" | "role.changed" | "role.deleted" | "mail.failed" | "mail.retried" | "signing_key.rotated" | "webhook.created" | "webhook.changed" | "webhook.deleted" | "webhook.secret_replaced" | "database.restored" | "audit.checkpoint")[]
}

export type NewWebhookSecret = {
  /** It is shown this once. */
  secret: string
  /** Until then the former secret signs beside this one. */
  formerExpiresAt: string
}

export type OAuthExchangeRequest = {
  code: string
  /** The verifier of the `codeChallenge`; left out where a login with cookies was begun without one */
  codeVerifier?: string
}

export type Passkey = {
  id: string
  /** The id that the authenticator chose, in base64url */
  credentialId: string
  name: string
  createdAt: string
  lastUsedAt: string | null
  transports: readonly (string)[]
  /** Whether its provider has copied it to other devices */
  backedUp: boolean
  provider: string | null
}

export type PasskeyAssertion = {
  id: string
  rawId: string
  type: "public-key"
  response: {
    clientDataJSON: string
    authenticatorData: string
    signature: string
    userHandle?: string | null
  }
  clientExtensionResults?: {
    credProps?: {
      rk?: boolean
    }
  }
}

export type PasskeyAuthenticationOptions = {
  /** Send it back with the answer of the browser. It works once, for five minutes. */
  ticket: string
  options: {
    challenge: string
    rpId?: string
    timeout?: number
    allowCredentials?: readonly ({
      id: string
      type: string
      transports?: readonly (string)[]
    })[]
    userVerification?: "required" | "preferred" | "discouraged"
  }
}

export type PasskeyEndpoints = {
  enroll: string
  manage: string
}

export type PasskeyList = {
  items: readonly (Passkey)[]
  nextCursor: string | null
  rpId: string
  /** The id of the user as authenticators know it, in base64url */
  userHandle: string
}

export type PasskeyLoginRequest = {
  ticket: string
  response: PasskeyAssertion
  /** Ask this device for no second factor for a while. Ignored where that is switched off. */
  rememberDevice?: boolean
}

export type PasskeyOptionsRequest = {
  /** The ticket of a login that waits for its second factor */
  mfaTicket?: string
}

export type PasskeyRegistration = {
  id: string
  rawId: string
  type: "public-key"
  response: {
    clientDataJSON: string
    attestationObject: string
    transports?: readonly (string)[]
  }
  clientExtensionResults?: {
    credProps?: {
      rk?: boolean
    }
  }
}

export type PasskeyRegistrationOptions = {
  /** Send it back with the answer of the browser. It works once, for five minutes. */
  ticket: string
  options: {
    challenge: string
    rp: {
      id?: string
      name: string
    }
    user: {
      id: string
      name: string
      displayName: string
    }
    pubKeyCredParams: readonly ({
      type: string
      alg: number
    })[]
    timeout?: number
    excludeCredentials?: readonly ({
      id: string
      type: string
      transports?: readonly (string)[]
    })[]
    authenticatorSelection?: {
      residentKey?: string
      requireResidentKey?: boolean
      userVerification?: "required" | "preferred" | "discouraged"
    }
    attestation?: string
    hints?: readonly (string)[]
    extensions?: {
      credProps?: boolean
    }
  }
}

export type Permission = {
  name: PermissionName
  description: string
}

export type PermissionName = "users:read" | "users:write" | "users:delete" | "users:import" | "roles:read" | "roles:write" | "roles:assign" | "audit:read" | "stats:read" | "keys:read" | "keys:rotate" | "webhooks:read" | "webhooks:write"

export type PictureChanged = {
  pictureUrl: string
}

export type Problem = {
  type: string
  title: string
  status: number
  code: string
  detail?: string
  errors?: readonly ({
    path: string
    message: string
  })[]
  requestId: string
}

export type Providers = {
  items: readonly ({
    id: string
    name: string
  })[]
}

export type Readiness = {
  status: "ok" | "unavailable"
  dependencies: Record<string, {
    status: "ok" | "unavailable"
    ms: number
    /** Of the database: how large it is */
    bytes?: number
  }>
}

export type RecoveryCodes = {
  /** Each works once. They are shown this once. */
  recoveryCodes: readonly (string)[]
}

export type RefreshRequest = {
  refreshToken?: string
}

export type RegisterPasskeyRequest = {
  ticket: string
  /** Without one it is called by its provider or by the device. */
  name?: string
  response: PasskeyRegistration
}

export type RegisterRequest = {
  email: string
  password: string
  username?: string
  name?: string
}

export type RegisteredPasskey = {
  passkey: Passkey
  recoveryCodes?: readonly (string)[]
}

export type RelatedOrigins = {
  origins: readonly (string)[]
}

export type RenamePasskeyRequest = {
  name: string
}

export type ResetPasswordRequest = {
  token: string
  password: string
} | {
  email: string
  code: string
  password: string
}

export type Role = {
  name: string
  description: string
  permissions: readonly (string)[]
  mfaRequired: boolean
  builtIn: boolean
}

export type RoleAssignment = {
  roles: readonly (string)[]
}

export type RoleChanges = {
  name?: string
  description?: string
  permissions?: readonly (PermissionName)[]
  mfaRequired?: boolean
}

export type ServerMetadata = {
  issuer: string
  jwks_uri: string
  token_endpoint_auth_methods_supported: readonly (string)[]
  introspection_endpoint: string
  introspection_endpoint_auth_methods_supported: readonly (string)[]
  revocation_endpoint: string
  revocation_endpoint_auth_methods_supported: readonly (string)[]
  acr_values_supported: readonly ("urn:postern:acr:single-factor" | "urn:postern:acr:multi-factor")[]
  response_types_supported: readonly (string)[]
  service_documentation: string
}

export type Session = {
  id: string
  current: boolean
  createdAt: string
  lastSeenAt: string
  expiresAt: string
  device: {
    name: string
    userAgent: string | null
    /** Until when logins on this device do not ask for a second factor; null where they do. */
    rememberedUntil: string | null
  }
  location: {
    country: string
    city: string | null
  } | null
}

export type SignedIn = {
  status: "signed_in"
  user: User
  session: {
    id: string
    expiresAt: string
    deviceToken?: string
  }
  tokens?: Tokens
  /** The account was to be deleted, and is kept because of this login. */
  deletionStopped?: true
}

export type SigningKey = {
  kid: string
  /**
   * `next` is published and does not sign yet, `current` signs, `former` still verifies, and no secret of this
   * deployment opens an `unusable` one.
   */
  state: "next" | "current" | "former" | "unusable"
  createdAt: string
  signsUntil: string
  verifiesUntil: string
}

export type Stats = {
  days: readonly ({
    date: string
    signUps: number
    logins: number
    loginsBy: {
      password: number
      passkey: number
      provider: number
    }
    failedLogins: number
    /** Logins that were refused because too many had failed. */
    lockouts: number
    activeUsers: number
    /** Authenticator apps, passkeys and linked providers. */
    factorsAdded: number
    factorsRemoved: number
    failedMails: number
  })[]
  totals: {
    users: number
    verified: number
    deactivated: number
    /** Accounts with an authenticator app or a passkey. */
    withFactor: number
    withTotp: number
    withPasskey: number
  }
}

export type StepUpRequest = {
  method: "password"
  password: string
} | {
  method: "totp" | "recovery_code" | "email"
  code: string
} | {
  method: "passkey"
  ticket: string
  /** As the browser gave it (WebAuthn) */
  response: Record<string, unknown>
}

export type Tokens = {
  tokenType: "Bearer"
  accessToken: string
  /** Seconds */
  expiresIn: number
  refreshToken: string
  /** Seconds */
  refreshExpiresIn: number
}

export type TotpActivated = {
  /** Each works once. They are shown this once. */
  recoveryCodes?: readonly (string)[]
}

export type TotpEnrolment = {
  /** Base32, for somebody who types it. It is shown this once. */
  secret: string
  otpauthUri: string
  /** The address as a QR code, which refers to nothing outside itself. */
  qrSvg: string
}

export type UpdateProfileRequest = {
  name?: string | null
  username?: string | null
}

export type User = {
  id: string
  email: string
  emailVerified: boolean
  username: string | null
  name: string | null
  pictureUrl: string | null
  status: "active" | "deactivated"
  roles: readonly (string)[]
  permissions: readonly (string)[]
  mfa: {
    totp: boolean
    passkeys: number
    recoveryCodesLeft: number
  }
  providers: readonly (string)[]
  createdAt: string
  lastSeenAt: string | null
}

export type UserChanges = {
  status?: "active" | "deactivated"
  name?: string | null
  username?: string | null
}

export type UserMailRequest = {
  /** What the link in the mail is for */
  kind: "verification" | "password_reset"
}

export type UserNote = {
  note: string | null
  changedAt: string | null
  changedBy: string | null
}

export type UserNoteChange = {
  note: string | null
}

export type VerifyEmailRequest = {
  token: string
} | {
  email: string
  code: string
}

export type Webhook = {
  id: string
  url: string
  events: readonly (string)[]
  status: "active" | "disabled"
  createdAt: string
}

export type WebhookChanges = {
  url?: string
  events?: readonly ("user.registered" | "user.registration_repeated" | "user.updated" | "user.note_changed" | "user.exported" | "user.deletion_requested" | "user.deletion_stopped" | "user.deleted" | "user.expired" | "users.imported" | "email.verification_requested" | "email.verified" | "email.change_requested" | "email.changed" | "login.succeeded" | "login.failed" | "login.mfa_required" | "login.code_requested" | "login.throttled" | "reauthentication.failed" | "reauthentication.throttled" | "step_up.code_requested" | "step_up.succeeded" | "step_up.failed" | "step_up.throttled" | "session.refresh_reused" | "session.ended" | "password.reset_requested" | "password.reset" | "password.reset_required" | "password.changed" | "account.reverted" | "factors.removal_requested" | "factors.removal_stopped" | "factors.removal_dropped" | "factors.removed" | "identity.linked" | "identity.link_failed" | "identity.unlinked" | "factor.added" | "factor.removed" | "factor.recovery_code_used" | "passkey.renamed" | "passkey.counter_reversed" | "authorization.refused" | "role.granted" | "roles.assigned" | "role.created" | "role.changed" | "role.deleted" | "mail.failed" | "mail.retried" | "signing_key.rotated" | "webhook.created" | "webhook.changed" | "webhook.deleted" | "webhook.secret_replaced" | "database.restored" | "audit.checkpoint")[]
  status?: "active" | "disabled"
}

export type WebhookDelivery = {
  /** The `webhook-id` of each try. */
  id: string
  type: string
  /** `failed` is given up: no try follows. */
  status: "pending" | "delivered" | "failed"
  attempts: number
  createdAt: string
  nextAttemptAt: string | null
  lastError: string | null
}

export type WebhookWithSecret = {
  id: string
  url: string
  events: readonly (string)[]
  status: "active" | "disabled"
  createdAt: string
  /** It is shown this once. */
  secret: string
}

/** Every route that a page may use: what it takes, and what it answers. */
export interface Routes {
  /** Register with an e-mail address and a password */
  'POST /auth/register': {
    body: RegisterRequest
    answer: {
      status: "verification_sent"
    }
  }
  /** Verify an address by the token or the code that was mailed to it */
  'POST /auth/verify-email': {
    body: VerifyEmailRequest
    answer: {
      status: "verified"
    }
  }
  /** Send the verification mail once more */
  'POST /auth/resend-verification': {
    body: EmailRequest
    answer: {
      status: "verification_sent"
    }
  }
  /** Log in with a password */
  'POST /auth/login': {
    body: LoginRequest
    answer: SignedIn | MfaNeeded
  }
  /** Complete a login with its second factor */
  'POST /auth/login/mfa': {
    body: MfaLoginRequest
    answer: SignedIn
  }
  /** Send the code of a login that waits for its second factor */
  'POST /auth/login/mfa/email': {
    body: MfaEmailRequest
    answer: {
      status: "code_sent"
    }
  }
  /** Exchange a refresh token for its successor */
  'POST /auth/refresh': {
    body?: RefreshRequest
    answer: Tokens | {
      expiresIn: number
    }
  }
  /** End the session */
  'POST /auth/logout': {
    body?: LogoutRequest
    answer: undefined
  }
  /** The session of this request */
  'GET /auth/session': {
    answer: CurrentSession
  }
  /** My sessions */
  'GET /auth/sessions': {
    query?: {
      cursor?: string
      limit?: number
    }
    answer: {
      items: readonly (Session)[]
      nextCursor: string | null
    }
  }
  /** End all my other sessions */
  'DELETE /auth/sessions': {
    answer: undefined
  }
  /** End one of my sessions */
  'DELETE /auth/sessions/{id}': {
    path: {
      id: string
    }
    answer: undefined
  }
  /** Prove once more that it is me */
  'POST /auth/step-up': {
    body: StepUpRequest
    answer: Tokens | {
      expiresIn: number
    }
  }
  /** Send the code of a step-up */
  'POST /auth/step-up/email': {
    answer: {
      status: "code_sent"
    }
  }
  /** Send a mail to set a new password */
  'POST /auth/forgot-password': {
    body: EmailRequest
    answer: {
      status: "reset_sent"
    }
  }
  /** Set a new password by the token or the code of a mail */
  'POST /auth/reset-password': {
    body: ResetPasswordRequest
    answer: undefined
  }
  /** Change my password */
  'POST /auth/change-password': {
    body: ChangePasswordRequest
    answer: undefined
  }
  /** Ask to change my e-mail address */
  'POST /auth/change-email': {
    body: ChangeEmailRequest
    answer: {
      status: "confirmation_sent"
    }
  }
  /** Confirm the new e-mail address by the token or the code that was mailed to it */
  'POST /auth/confirm-email-change': {
    body: ConfirmEmailChangeRequest
    answer: {
      status: "email_changed"
    }
  }
  /** My account */
  'GET /auth/me': {
    answer: User
  }
  /** Change my name or username */
  'PATCH /auth/me': {
    body: UpdateProfileRequest
    answer: User
  }
  /** Delete my account and everything that belongs to it */
  'DELETE /auth/me': {
    body?: DeleteAccountRequest
    answer: undefined
  }
  /** Everything that is stored about me */
  'GET /auth/me/export': {
    answer: AccountExport
  }
  /** What happened to my account */
  'GET /auth/me/activity': {
    query?: {
      cursor?: string
      limit?: number
    }
    answer: {
      items: readonly (Activity)[]
      nextCursor: string | null
    }
  }
  /** Set my picture */
  'PUT /auth/me/picture': {
    body: Blob
    answer: PictureChanged
  }
  /** Remove my picture */
  'DELETE /auth/me/picture': {
    answer: undefined
  }
  /** The picture of a user */
  'GET /users/{id}/picture': {
    path: {
      id: string
    }
    query?: {
      v?: string
    }
    answer: Blob
  }
  /** Become an administrator by the link of the operator */
  'POST /auth/accept-invitation': {
    body: AcceptInvitationRequest
    answer: undefined
  }
  /** Undo what a security notice tells of, by the token of its link */
  'POST /auth/not-me': {
    body: MailedLink
    answer: undefined
  }
  /** Ask for the removal of all second factors of a user who has lost them */
  'DELETE /users/{id}/factors': {
    path: {
      id: string
    }
    answer: FactorRemoval
  }
  /** Stop the removal of my second factors, by the token of the mail that tells of it */
  'POST /auth/keep-factors': {
    body: MailedLink
    answer: undefined
  }
  /** The providers that can be used here */
  'GET /auth/oauth/providers': {
    answer: Providers
  }
  /** Unlink a provider from my account */
  'DELETE /auth/oauth/{provider}': {
    path: {
      /** The id of a provider that `GET /auth/oauth/providers` lists */
      provider: string
    }
    answer: undefined
  }
  /** Exchange the code of a redirect */
  'POST /auth/oauth/exchange': {
    body: OAuthExchangeRequest
    answer: SignedIn | MfaNeeded
  }
  /** Link a provider to my account */
  'POST /auth/oauth/{provider}/link': {
    path: {
      /** The id of a provider that `GET /auth/oauth/providers` lists */
      provider: string
    }
    body: LinkRequest
    answer: LinkAnswer
  }
  /** Begin to use an authenticator app */
  'POST /auth/mfa/totp': {
    answer: TotpEnrolment
  }
  /** Remove the authenticator app */
  'DELETE /auth/mfa/totp': {
    answer: undefined
  }
  /** Activate the authenticator app with a first code */
  'POST /auth/mfa/totp/activate': {
    body: ActivateTotpRequest
    answer: TotpActivated
  }
  /** Replace my recovery codes */
  'POST /auth/mfa/recovery-codes': {
    answer: RecoveryCodes
  }
  /** The audit trail */
  'GET /audit-events': {
    query?: {
      cursor?: string
      limit?: number
      userId?: string
      actorId?: string
      type?: string
      from?: string
      to?: string
    }
    answer: {
      items: readonly (AuditEvent)[]
      nextCursor: string | null
    }
  }
  /** Whether the audit trail is as it was written */
  'GET /audit-events/verification': {
    query?: {
      cursor?: string
      /** A checkpoint that was kept elsewhere, as `<number>.<hash>`; the last step looks for it. */
      checkpoint?: string
    }
    answer: AuditVerification
  }
  /** All permissions */
  'GET /permissions': {
    answer: {
      items: readonly (Permission)[]
      nextCursor: string | null
    }
  }
  /** All roles */
  'GET /roles': {
    answer: {
      items: readonly (Role)[]
      nextCursor: string | null
    }
  }
  /** Make a role */
  'POST /roles': {
    body: NewRole
    answer: Role
  }
  /** Change a role */
  'PATCH /roles/{name}': {
    path: {
      name: string
    }
    body: RoleChanges
    answer: Role
  }
  /** Delete a role that nobody has */
  'DELETE /roles/{name}': {
    path: {
      name: string
    }
    answer: undefined
  }
  /** Import accounts from another system */
  'POST /users/import': {
    query?: {
      dryRun?: "true" | "false"
    }
    body: Blob
    answer: ImportReport
  }
  /** Search the users */
  'GET /users': {
    query?: {
      cursor?: string
      limit?: number
      /** The beginning of an e-mail address, a username or a name, whatever its case and accents */
      q?: string
      role?: string
      status?: "active" | "deactivated"
      verified?: "true" | "false"
      factor?: "totp" | "passkey" | "none"
      provider?: string
      createdFrom?: string
      createdTo?: string
      lastSeenFrom?: string
      lastSeenTo?: string
    }
    answer: {
      items: readonly (User)[]
      nextCursor: string | null
    }
  }
  /** One user */
  'GET /users/{id}': {
    path: {
      id: string
    }
    answer: User
  }
  /** Change a user, deactivate them or let them back in */
  'PATCH /users/{id}': {
    path: {
      id: string
    }
    body: UserChanges
    answer: User
  }
  /** Delete a user */
  'DELETE /users/{id}': {
    path: {
      id: string
    }
    answer: undefined
  }
  /** Set the roles of a user */
  'PUT /users/{id}/roles': {
    path: {
      id: string
    }
    body: RoleAssignment
    answer: User
  }
  /** The sessions of a user */
  'GET /users/{id}/sessions': {
    path: {
      id: string
    }
    query?: {
      cursor?: string
      limit?: number
    }
    answer: {
      items: readonly (Session)[]
      nextCursor: string | null
    }
  }
  /** Sign a user out everywhere */
  'DELETE /users/{id}/sessions': {
    path: {
      id: string
    }
    answer: undefined
  }
  /** Mail a user the link that confirms their address, or the one that sets a new password */
  'POST /users/{id}/mails': {
    path: {
      id: string
    }
    body: UserMailRequest
    answer: {
      status: "mail_sent"
    }
  }
  /** Make a user set a new password */
  'POST /users/{id}/password-reset': {
    path: {
      id: string
    }
    answer: undefined
  }
  /** What administrators have noted about a user */
  'GET /users/{id}/note': {
    path: {
      id: string
    }
    answer: UserNote
  }
  /** Note something about a user, or remove the note */
  'PUT /users/{id}/note': {
    path: {
      id: string
    }
    body: UserNoteChange
    answer: UserNote
  }
  /** Send a mail again that was given up */
  'POST /mails/{id}/retry': {
    path: {
      id: string
    }
    answer: {
      status: "mail_sent"
    }
  }
  /** All endpoints that are told of events */
  'GET /webhooks': {
    answer: {
      items: readonly (Webhook)[]
      nextCursor: string | null
    }
  }
  /** Have events sent to an endpoint */
  'POST /webhooks': {
    body: NewWebhook
    answer: WebhookWithSecret
  }
  /** Change, disable or enable an endpoint */
  'PATCH /webhooks/{id}': {
    path: {
      id: string
    }
    body: WebhookChanges
    answer: Webhook
  }
  /** Remove an endpoint */
  'DELETE /webhooks/{id}': {
    path: {
      id: string
    }
    answer: undefined
  }
  /** Replace the secret of an endpoint */
  'POST /webhooks/{id}/secret': {
    path: {
      id: string
    }
    answer: NewWebhookSecret
  }
  /** What was sent to an endpoint */
  'GET /webhooks/{id}/deliveries': {
    path: {
      id: string
    }
    query?: {
      cursor?: string
      limit?: number
      status?: "pending" | "delivered" | "failed"
    }
    answer: {
      items: readonly (WebhookDelivery)[]
      nextCursor: string | null
    }
  }
  /** How the service is used */
  'GET /stats': {
    query?: {
      /** A day in UTC, or a moment of it. */
      from?: string
      /** A day in UTC, or a moment of it. */
      to?: string
    }
    answer: Stats
  }
  /** The keys that sign access tokens */
  'GET /signing-keys': {
    answer: {
      items: readonly (SigningKey)[]
      nextCursor: string | null
    }
  }
  /** Let the next key sign from now on */
  'POST /signing-keys/rotation': {
    answer: undefined
  }
  /** Begin to register a passkey */
  'POST /auth/passkeys/registration/options': {
    answer: PasskeyRegistrationOptions
  }
  /** Register a passkey */
  'POST /auth/passkeys/registration': {
    body: RegisterPasskeyRequest
    answer: RegisteredPasskey
  }
  /** My passkeys */
  'GET /auth/passkeys': {
    answer: PasskeyList
  }
  /** Rename a passkey */
  'PATCH /auth/passkeys/{id}': {
    path: {
      id: string
    }
    body: RenamePasskeyRequest
    answer: Passkey
  }
  /** Remove a passkey */
  'DELETE /auth/passkeys/{id}': {
    path: {
      id: string
    }
    answer: undefined
  }
  /** Begin to sign in with a passkey */
  'POST /auth/passkeys/authentication/options': {
    body?: PasskeyOptionsRequest
    answer: PasskeyAuthenticationOptions
  }
  /** Sign in with a passkey */
  'POST /auth/passkeys/authentication': {
    body: PasskeyLoginRequest
    answer: SignedIn
  }
  /** Begin to confirm with a passkey that it is me */
  'POST /auth/step-up/passkey': {
    answer: PasskeyAuthenticationOptions
  }
  /** The origins that may use the passkeys of this service (WebAuthn Level 3 §5.11) */
  'GET /.well-known/webauthn': {
    answer: RelatedOrigins
  }
  /** Where a person adds and manages passkeys */
  'GET /.well-known/passkey-endpoints': {
    answer: PasskeyEndpoints
  }
  /** Whether the Worker runs */
  'GET /health': {
    answer: Health
  }
  /** Whether everything it depends on answers */
  'GET /health/ready': {
    answer: Readiness
  }
  /** The public keys that access tokens verify with (RFC 7517) */
  'GET /.well-known/jwks.json': {
    answer: Jwks
  }
  /** Where to find what (RFC 8414) */
  'GET /.well-known/oauth-authorization-server': {
    answer: ServerMetadata
  }
}
