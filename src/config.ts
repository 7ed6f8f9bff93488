/** Every lifetime, limit and cost that is not a deployment's to choose. What a deployment chooses is in `env.ts`. */

export const VERSION = '0.1.0'

// ------------------------------------------------------------------ permissions
/** What a role can allow. */
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
/** ASVS 6.4.1 asks for a short life. */
export const RESET_TOKEN_TTL_SECONDS = 60 * 60
export const EMAIL_CHANGE_TOKEN_TTL_SECONDS = 60 * 60
/** ASVS 6.5.5: an out-of-band code lives ten minutes at most. */
export const MFA_TICKET_TTL_SECONDS = 10 * 60
/**
 * Wrong codes before a token dies: 10^8 codes and 5 tries leave one chance in twenty million (ASVS 6.6.3); and wrong
 * codes a day for one account and purpose, whatever number of mails was asked for (NIST SP 800-63B-4 §3.2.2).
 */
export const CODE_GUESSES = { perToken: 5, perDay: 100 }
export const CODE_DIGITS = 8

// ------------------------------------------------------------------ federated login
/** How long a person may take at the provider. */
export const OAUTH_FLOW_TTL_SECONDS = 10 * 60
/** Logins a browser may have under way at once; each is a cookie of up to 4 KB. */
export const OAUTH_MAX_FLOWS = 4
/** How long a page may take to exchange the code of a redirect. */
export const OAUTH_EXCHANGE_TTL_SECONDS = 60

// ------------------------------------------------------------------ sessions and tokens
/**
 * How long the previous refresh token gets the same successor again, until that was presented. A request that D1 stalls
 * is given up after `DEPENDENCY_TIMEOUT_MS` and tried again after `RETRY_AFTER_SECONDS`: a minute is enough for three
 * such tries.
 */
export const REFRESH_GRACE_SECONDS = 60
export const MAX_SESSIONS_PER_USER = 20
/** How fresh a login must be for what cannot be undone (ASVS 7.5.1). */
export const RECENT_LOGIN_MAX_AGE_SECONDS = 10 * 60
/** The longest life that `ACCESS_TOKEN_TTL_SECONDS` may give an access token. */
export const ACCESS_TOKEN_MAX_TTL_SECONDS = 24 * 60 * 60
export const DEVICE_TOKEN_TTL_SECONDS = 365 * 24 * 60 * 60
/** How long a request may still sign a token that it began before its session ended. */
export const ACCESS_TOKEN_RACE_SECONDS = 60
/**
 * Pauses before KV is offered a mark again that it refused, by tries made; each one after these is as long as the last.
 * With the thirty retries of the queue they are longer than an access token can live.
 */
export const REVOCATION_RETRY_DELAYS_SECONDS = [30, 60, 120, 240, 480, 960, 1920, 3600]
/** KV refuses to keep a value for less time (docs/platform-notes.md). */
export const KV_MIN_TTL_SECONDS = 60
/** KV refuses to cache a read, or a miss, for less time (docs/platform-notes.md). */
export const KV_MIN_CACHE_TTL_SECONDS = 30

// ------------------------------------------------------------------ signing keys
export const SIGNING_ALGORITHM = 'ES256'
/**
 * A key signs for one period. The next one is published a whole period ahead, and the previous one stays published for
 * a period after.
 */
export const SIGNING_KEY_PERIOD_SECONDS = 30 * 24 * 60 * 60
export const SIGNING_KEY_CACHE_SECONDS = 5 * 60
/** An unknown `kid` makes an isolate ask the database again, but not more often than this. */
export const SIGNING_KEY_RELOAD_MIN_SECONDS = 10
/** The request that reloads the keys waits this long for a slow database, and then goes on with the keys in memory. */
export const SIGNING_KEY_RELOAD_WAIT_MS = 1000
/** Keys in memory serve for this long without a database. No access token lives longer (`ACCESS_TOKEN_TTL_SECONDS`). */
export const SIGNING_KEY_STALE_MAX_SECONDS = 24 * 60 * 60
export const JWKS_MAX_AGE_SECONDS = 5 * 60

// ------------------------------------------------------------------ login throttle
/** Where throttle objects may live: the location hints that D1 and Durable Objects both take. */
export const REGIONS = ['wnam', 'enam', 'weur', 'eeur', 'apac', 'oc'] as const
export const LOGIN_FREE_FAILURES = 5
export const LOGIN_BACKOFF_BASE_SECONDS = 1
export const LOGIN_BACKOFF_MAX_SECONDS = 15 * 60
/** NIST SP 800-63B-4 §3.2.2 allows at most 100 failures in a row. Strangers and known devices share them. */
export const LOGIN_MAX_STRANGER_FAILURES = 80
export const LOGIN_MAX_DEVICE_FAILURES = 20
export const LOGIN_FORGET_SECONDS = 24 * 60 * 60
/**
 * Sign-ups with one address, from wherever they come. Each makes a hash in the object that its owner's logins wait for.
 */
export const SIGN_UPS_PER_ADDRESS = { requests: 10, windowSeconds: 60 }

// ------------------------------------------------------------------ requests
export const JSON_BODY_MAX_BYTES = 64 * 1024
export const JSON_MAX_DEPTH = 16
export const FORM_BODY_MAX_BYTES = 8 * 1024
/** A dependency that has not answered by then counts as down. */
export const DEPENDENCY_TIMEOUT_MS = 10_000
export const RETRY_AFTER_SECONDS = 5
/** How long a browser may keep the API's document after a deployment has changed it. */
export const OPENAPI_MAX_AGE_SECONDS = 5 * 60
/** What a monitor learns may be this old, so that a flood of its requests does not flood the dependencies. */
export const READINESS_CACHE_SECONDS = 5
/** What a monitor learns may be this old while a request asks anew, which takes long where a dependency stalls. */
export const READINESS_MAX_AGE_SECONDS = READINESS_CACHE_SECONDS + DEPENDENCY_TIMEOUT_MS / 1000

// ------------------------------------------------------------------ mail
/** The languages mails are written in; the first is the fallback. */
export const LOCALES = ['en', 'de'] as const
export type Locale = (typeof LOCALES)[number]
/** How long one delivery may hold a mail before another may try. Longer than any transport's own time-out. */
export const MAIL_LEASE_SECONDS = 5 * 60
/** People wait for these mails, so they leave before all others that are due. */
export const URGENT_MAIL_KINDS = ['reset_password', 'one_time_code', 'confirm_email_change']
/**
 * Seconds until the next try, by tries made: ten in 24 hours and 20 minutes, each pause being up to half as long again.
 * A queue holds a message back for 12 hours at most.
 */
export const MAIL_RETRY_DELAYS_SECONDS = [30, 60, 5 * 60, 15 * 60, 3600, 2 * 3600, 5 * 3600, 8 * 3600, 8 * 3600]
/**
 * How long a mail server that asks for a pause is left alone: at least, at most, and where it does not say how long.
 */
export const MAIL_PAUSE_MS = { min: 1000, max: 3_600_000, unstated: 30_000 }
/**
 * A delivery waits for the end of a pause that is no longer than this, and so long in all; a longer one is the queue's
 * to wait for.
 */
export const MAIL_WAIT_MS = { onePause: 5_000, inAll: 20_000 }
/**
 * Until the queue brings a message again whose delivery failed before a mail was claimed, or before its fate was
 * recorded.
 */
export const MAIL_MESSAGE_RETRY_SECONDS = 30
/** A row that the queue has not delivered by then is announced again by the cron. */
export const MAIL_SWEEP_AFTER_SECONDS = 60
/** A queue takes at most 100 messages at once. */
export const MAIL_SWEEP_BATCH = 100
export const MAIL_SWEEP_BATCHES = 10
/** Pauses before it is tried again to record that a mail has left. */
export const MAIL_RECORD_PAUSES_MS = [100, 500, 2000]
/** Delivered rows are kept that long to count what a recipient got, then forgotten. */
export const MAIL_KEEP_SECONDS = 24 * 60 * 60
/** Failed rows are kept that long for an operator to send them again. */
export const MAIL_KEEP_FAILED_SECONDS = 30 * 24 * 60 * 60
/** How many mails of one kind a mailbox gets within an hour. */
export const MAIL_MAX_PER_KIND_AND_HOUR = 5
/**
 * A notice beyond that limit waits its turn for this long at most: somebody who got ten notices of a kind in two hours
 * knows what happened.
 */
export const MAIL_NOTICE_MAX_DELAY_MS = 60 * 60 * 1000

// ------------------------------------------------------------------ housekeeping
/** Expired tokens stay a day, because the guesses at their codes count for a day. */
export const TOKEN_KEEP_SECONDS = 24 * 60 * 60
/** An address nobody confirmed is free again after a week. */
export const UNVERIFIED_ACCOUNT_KEEP_SECONDS = 7 * 24 * 60 * 60
export const CLEANUP_BATCH = 1000
/**
 * How many steps one run makes. A step is a statement or two, and the free plan allows 50 in one run of a Worker. What
 * is left waits for an hour.
 */
export const CLEANUP_MAX_STEPS = 24

// ------------------------------------------------------------------ rate limits, by client address and route
/**
 * What a route's `limit` names: so many requests in so many seconds, or as many as the configured limit of the
 * sensitive class lets through in so many minutes. The global limit is every client's for all routes together
 * (docs/decisions/0008-rate-limits.md argues the numbers).
 */
export const RATE_CLASSES = {
  /** Routes that try a secret or send a mail, such as registering, logging in and entering codes. */
  sensitive: { sensitiveMinutes: 1, windowSeconds: 60 },
  /**
   * Besides, routes that send a mail for which nobody has to be signed in, or to an address that their caller names.
   */
  'mail-hourly': { sensitiveMinutes: 24, windowSeconds: 3600 },
  'mail-daily': { sensitiveMinutes: 120, windowSeconds: 24 * 3600 },
  /** Logins of an account's known devices, by account and not by address. */
  device: { sensitiveMinutes: 1, windowSeconds: 60 },
  /** Steps of a flow that a person may repeat, such as the redirects of a federated login. */
  moderate: { requests: 30, windowSeconds: 60 },
  /** The end of a session: each is a write, and whoever holds an old token may ask for it again and again. */
  logout: { requests: 30, windowSeconds: 60 },
} as const
export const GLOBAL_RATE_WINDOW_SECONDS = 60
/**
 * Below this share of a limit a client costs no KV operation. It is smaller for windows longer than a minute, of which
 * an isolate sees a part only: each new one would let the share through unheard.
 */
export const RATE_LIMIT_QUIET_SHARE = { minute: 0.2, longer: 0.05 }
/** How often a longer window asks again what the others have counted; a minute's window asks once. */
export const RATE_LIMIT_READ_INTERVAL_MS = 60_000
/** KV takes one write a second for each key (docs/platform-notes.md). */
export const RATE_LIMIT_WRITE_INTERVAL_MS = 1000
/**
 * A count is shared when it has grown by this share of the limit, and when it reaches the limit: ten writes a window at
 * most.
 */
export const RATE_LIMIT_WRITE_STEP_SHARE = 0.1
/** KV is not waited for any longer than this. */
export const RATE_LIMIT_KV_TIMEOUT_MS = 1000
/** How many counters an isolate keeps; the oldest are dropped first. */
export const RATE_LIMIT_MAX_KEYS = 60_000

// ------------------------------------------------------------------ activity
/** A session's last-seen time is recorded this exactly, and not more often. */
export const LAST_SEEN_RESOLUTION_SECONDS = 60
export const LAST_SEEN_MAX_SESSIONS = 20_000
