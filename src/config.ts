/** Every lifetime, limit and cost that is not a deployment's to choose. What a deployment chooses is in `env.ts`. */

export const VERSION = '0.1.0'

// ------------------------------------------------------------------ permissions
/** What a role can allow (api.md "Administration"). */
export type Permission =
  | 'users:read'
  | 'users:write'
  | 'users:delete'
  | 'users:import'
  | 'roles:read'
  | 'roles:write'
  | 'roles:assign'
  | 'audit:read'
  | 'stats:read'

// ------------------------------------------------------------------ passwords
/** NIST SP 800-63B-4 §3.1.1.2 asks to allow at least 64; 128 bounds the hashing work (ASVS 6.2.9). */
export const PASSWORD_MAX_LENGTH = 128
/** OWASP Password Storage Cheat Sheet, the 19 MiB profile of argon2id. */
export const ARGON2_MEMORY_KIB = 19456
export const ARGON2_PASSES = 2
export const ARGON2_LANES = 1

// ------------------------------------------------------------------ one-time tokens
export const VERIFICATION_TOKEN_TTL_SECONDS = 24 * 60 * 60
/** product.md A3; ASVS 6.4.1 asks for a short life. */
export const RESET_TOKEN_TTL_SECONDS = 60 * 60
export const EMAIL_CHANGE_TOKEN_TTL_SECONDS = 60 * 60
/** ASVS 6.5.5: an out-of-band code lives ten minutes at most. */
export const MFA_TICKET_TTL_SECONDS = 10 * 60
/**
 * Wrong codes before a token dies: 10^8 codes and 5 tries leave one chance in twenty million (ASVS 6.6.3); and wrong codes a day for
 * one account and purpose, whatever number of mails was asked for (NIST SP 800-63B-4 §3.2.2).
 */
export const CODE_GUESSES = { perToken: 5, perDay: 100 }
export const CODE_DIGITS = 8

// ------------------------------------------------------------------ federated login
/** How long a person may take at the provider. */
export const OAUTH_FLOW_TTL_SECONDS = 10 * 60
/** Logins a browser may have under way at once; each is a cookie of up to 4 KB. */
export const OAUTH_MAX_FLOWS = 4
/** api.md: the code that a page exchanges. */
export const OAUTH_EXCHANGE_TTL_SECONDS = 60

// ------------------------------------------------------------------ sessions and tokens
/** Two tabs that refresh within this time get the same successor (decision 2). */
export const REFRESH_GRACE_SECONDS = 10
export const MAX_SESSIONS_PER_USER = 20
/** How fresh a login must be for what cannot be undone (ASVS 7.5.1). */
export const RECENT_LOGIN_MAX_AGE_SECONDS = 10 * 60
export const DEVICE_TOKEN_TTL_SECONDS = 365 * 24 * 60 * 60
/** A request that began before its session ended has signed its token by then. */
export const ACCESS_TOKEN_RACE_SECONDS = 60
/** KV refuses a shorter life (platform.md). */
export const KV_MIN_TTL_SECONDS = 60
/** Nor does it cache a read, or a miss, for less (platform.md). */
export const KV_MIN_CACHE_TTL_SECONDS = 30

// ------------------------------------------------------------------ signing keys
export const SIGNING_ALGORITHM = 'ES256'
/** A key signs for one period; the next one is published a whole period ahead, the previous one a period longer. */
export const SIGNING_KEY_PERIOD_SECONDS = 30 * 24 * 60 * 60
export const SIGNING_KEY_CACHE_SECONDS = 5 * 60
/** An unknown `kid` asks the database again, but not more often than this for each isolate. */
export const SIGNING_KEY_RELOAD_MIN_SECONDS = 10
export const JWKS_MAX_AGE_SECONDS = 5 * 60

// ------------------------------------------------------------------ login throttle
/** Where throttle objects may live: the location hints that D1 and Durable Objects both take. */
export const REGIONS = ['wnam', 'enam', 'weur', 'eeur', 'apac', 'oc'] as const
export const LOGIN_FREE_FAILURES = 5
export const LOGIN_BACKOFF_BASE_SECONDS = 1
export const LOGIN_BACKOFF_MAX_SECONDS = 15 * 60
/** NIST SP 800-63B-4 §3.2.2: at most 100 failures in a row. Strangers and known devices share them out. */
export const LOGIN_MAX_STRANGER_FAILURES = 80
export const LOGIN_MAX_DEVICE_FAILURES = 20
export const LOGIN_FORGET_SECONDS = 24 * 60 * 60
/** Sign-ups with one address, from wherever they come: each is a hash in the object that its owner's logins wait for. */
export const SIGN_UPS_PER_ADDRESS = { requests: 10, windowSeconds: 60 }

// ------------------------------------------------------------------ requests
export const JSON_BODY_MAX_BYTES = 64 * 1024
export const JSON_MAX_DEPTH = 16
export const FORM_BODY_MAX_BYTES = 8 * 1024
/** A dependency that has not answered by then counts as down. */
export const DEPENDENCY_TIMEOUT_MS = 10_000
export const RETRY_AFTER_SECONDS = 5

// ------------------------------------------------------------------ mail
/** The languages mails are written in; the first is the fallback. */
export const LOCALES = ['en', 'de'] as const
export type Locale = (typeof LOCALES)[number]
/** How long one delivery may hold a mail before another may try. Longer than any transport's own time-out. */
export const MAIL_LEASE_SECONDS = 5 * 60
/** Seconds until the next try, by tries made: ten in 24 hours and 20 minutes. A queue holds a message back for 12 hours at most. */
export const MAIL_RETRY_DELAYS_SECONDS = [30, 60, 5 * 60, 15 * 60, 3600, 2 * 3600, 4 * 3600, 6 * 3600, 11 * 3600]
/** A row the queue has not delivered by then is swept. */
export const MAIL_SWEEP_AFTER_SECONDS = 60
/** A queue takes 100 messages at once. */
export const MAIL_SWEEP_BATCH = 100
export const MAIL_SWEEP_BATCHES = 10
/** Pauses before it is tried again to record that a mail has left. */
export const MAIL_RECORD_PAUSES_MS = [100, 500, 2000]
/** Delivered rows are kept that long to count what a recipient got, then forgotten. */
export const MAIL_KEEP_SECONDS = 24 * 60 * 60
/** Failed rows are kept that long for an operator to send them again. */
export const MAIL_KEEP_FAILED_SECONDS = 30 * 24 * 60 * 60
export const MAIL_MAX_PER_KIND_AND_HOUR = 5
/** A notice beyond that waits its turn for so long at most: who got ten of a kind in two hours knows. */
export const MAIL_NOTICE_LIMITS = { maxPerHour: MAIL_MAX_PER_KIND_AND_HOUR, maxDelayMs: 60 * 60 * 1000 }

// ------------------------------------------------------------------ housekeeping
/** Expired tokens stay a day, because the guesses at their codes count for a day. */
export const TOKEN_KEEP_SECONDS = 24 * 60 * 60
/** An address nobody confirmed is free again after a week. */
export const UNVERIFIED_ACCOUNT_KEEP_SECONDS = 7 * 24 * 60 * 60
export const CLEANUP_BATCH = 500
export const MAX_CLEANUP_BATCHES = 40

// ------------------------------------------------------------------ rate limits (decision 5), by client address and route
/** What a route's `rateLimit('…')` names. The global one is every client's for all routes together, and configurable. */
export const RATE_CLASSES = {
  /** Whatever tries a secret or sends a mail: register, log in, forgot, resend, codes. */
  sensitive: { requests: 5, windowSeconds: 60 },
  /** Steps of a flow that a person may repeat, such as the redirects of a federated login. */
  moderate: { requests: 30, windowSeconds: 60 },
} as const
export const GLOBAL_RATE_WINDOW_SECONDS = 60
/** Below this share of a limit a client costs no KV operation. */
export const RATE_LIMIT_QUIET_SHARE = 0.2
/** KV takes one write a second to one key (platform.md). */
export const RATE_LIMIT_WRITE_INTERVAL_MS = 1000
/** A count is shared when it has grown by this share of the limit, and when it reaches the limit: ten writes a window at most. */
export const RATE_LIMIT_WRITE_STEP_SHARE = 0.1
/** KV that has not answered by then is not waited for. */
export const RATE_LIMIT_KV_TIMEOUT_MS = 1000
/** Clients an isolate remembers; the oldest go first. */
export const RATE_LIMIT_MAX_KEYS = 20_000

// ------------------------------------------------------------------ activity
/** A session's last-seen time is recorded this exactly, and not more often. */
export const LAST_SEEN_RESOLUTION_SECONDS = 60
export const LAST_SEEN_MAX_SESSIONS = 20_000
