/** Every lifetime, limit and cost that a deployment does not choose. What a deployment chooses is in `env.ts`. */

export const VERSION = '0.1.0'

// ------------------------------------------------------------------ roles
/** How many roles there may be, so that one page lists them all and a token that names them stays small. */
export const MAX_ROLES = 100
/**
 * How many bytes of permissions an access token names at most. A cookie holds 4,096 bytes in all (RFC 6265bis §5.5).
 * Past this bound the token names the roles only.
 */
export const TOKEN_PERMISSIONS_MAX_BYTES = 512

// ------------------------------------------------------------------ administration
/** A filter of a search that finds no more accounts than this is what a page is found by. */
export const USERS_PER_FILTER = 2000
/**
 * Where every filter finds more, or none has an index, a page looks at this many accounts of the list. D1 reads a
 * thousand rows in about a millisecond.
 */
export const USERS_PER_PART = 10_000

// ------------------------------------------------------------------ import
/** A line is as long as a body of JSON may be. */
export const IMPORT_LINE_MAX_BYTES = 64 * 1024
/** So many lines, or bytes of them, are written in one batch. D1 takes 2 MB in one parameter. */
export const IMPORT_CHUNK_LINES = 500
export const IMPORT_CHUNK_BYTES = 256 * 1024
/**
 * What a line costs, and the secret of an authenticator app or a passkey in it, as multiples of the 65 µs of CPU time
 * of a plain line (docs/import.md has the figures). A request that has reached the limit leaves the other lines to the
 * next one. That is less than half of the CPU time that `wrangler.toml` allows, so a slower machine is within it, too.
 */
export const IMPORT_EFFORT = { line: 1, totpSecret: 4, passkey: 2 }
export const IMPORT_MAX_EFFORT = 12_000

// ------------------------------------------------------------------ passwords
/** NIST SP 800-63B-4 §3.1.1.2 asks to allow at least 64; 128 bounds the hashing work (ASVS 6.2.9). */
export const PASSWORD_MAX_LENGTH = 128
/** OWASP Password Storage Cheat Sheet, the 19 MiB profile of argon2id. */
export const ARGON2_MEMORY_KIB = 19456
export const ARGON2_PASSES = 2
export const ARGON2_LANES = 1
/**
 * What one check of an imported hash may cost (docs/decisions/0029-foreign-hashes.md): the CPU time as it is estimated,
 * and the memory, which argon2-cffi's 100 MiB needs.
 */
export const IMPORTED_HASH_MAX_MS = 5000
export const IMPORTED_HASH_MAX_KIB = 100 * 1024
export const IMPORTED_HASH_MAX_LENGTH = 512
/** While there are imported hashes, a wrong password takes this many times what the dearest of them is said to cost. */
export const IMPORTED_HASH_FLOOR_FACTOR = 1.5
/** How long parameters that no hash needs are kept, because an import may still be under way. */
export const HASH_PARAMETERS_KEEP_SECONDS = 24 * 60 * 60

// ------------------------------------------------------------------ one-time tokens
export const VERIFICATION_TOKEN_TTL_SECONDS = 24 * 60 * 60
/** ASVS 6.4.1 asks for a short life. */
export const RESET_TOKEN_TTL_SECONDS = 60 * 60
export const EMAIL_CHANGE_TOKEN_TTL_SECONDS = 60 * 60
/** How long the link "This was not me" of a notice works (docs/decisions/0022-not-me.md). */
export const NOT_ME_TOKEN_TTL_SECONDS = 7 * 24 * 60 * 60
/** How long a login waits for its second factor. Nobody who is there needs longer (ASVS 6.5.5). */
export const MFA_TICKET_TTL_SECONDS = 5 * 60
/** ASVS 6.5.5 asks that an out-of-band code lives ten minutes at most. */
export const MAILED_CODE_TTL_SECONDS = 10 * 60
/**
 * The number of wrong codes after which a token dies: 10^8 codes and 5 tries leave one chance in twenty million (ASVS
 * 6.6.3). `perDay` limits the wrong codes a day for one account and purpose, however many mails were asked for (NIST SP
 * 800-63B-4 §3.2.2). The codes of second factors have no such limit, because the throttle of the account counts them
 * and leaves known devices a budget of their own.
 */
export const CODE_GUESSES = { perToken: 5, perDay: 100 }
export const FACTOR_CODE_GUESSES = { perToken: 5, perDay: null }
export const CODE_DIGITS = 8

// ------------------------------------------------------------------ lost factors
/** How long the removal of a user's factors waits after an admin asked for it, so that the user can stop it. */
export const FACTOR_REMOVAL_WAIT_SECONDS = 72 * 60 * 60
// ------------------------------------------------------------------ passkeys
/** WebAuthn Level 3 §15.1 recommends five to ten minutes where the user is verified. */
export const PASSKEY_CHALLENGE_TTL_SECONDS = 5 * 60
export const MAX_PASSKEYS_PER_USER = 20
// ------------------------------------------------------------------ second factors
/** RFC 4226 §4 recommends 160 bits. */
export const TOTP_SECRET_BYTES = 20
/** How long a code of an app counts (RFC 6238 §5.2 recommends 30 seconds). */
export const TOTP_PERIOD_SECONDS = 30
/** How long a secret waits for the first code of its app. */
export const TOTP_ENROLMENT_TTL_SECONDS = 60 * 60
/** How many secrets one statement seals anew, and how many statements one run of the cron makes. */
export const TOTP_RESEAL_BATCH = 200
export const TOTP_RESEAL_BATCHES = 10
/** Sixteen characters of 5 bits: 80 bits are beyond guessing (ASVS 6.5.4 asks for 20), and a person can type them. */
export const RECOVERY_CODE_LENGTH = 16
export const RECOVERY_CODES = 10

// ------------------------------------------------------------------ federated login
/** How long a person may take at the provider. */
export const OAUTH_FLOW_TTL_SECONDS = 10 * 60
/** The number of logins that a browser may have under way at once. Each of them is a cookie of up to 4 KB. */
export const OAUTH_MAX_FLOWS = 4
/** How long a page may take to exchange the code of a redirect. */
export const OAUTH_EXCHANGE_TTL_SECONDS = 60

// ------------------------------------------------------------------ sessions and tokens
/**
 * How long the previous refresh token gets the same successor again, unless that successor was presented before. A
 * request that D1 stalls is given up after `DEPENDENCY_TIMEOUT_MS` and tried again after `RETRY_AFTER_SECONDS`, so a
 * minute is enough for three such tries.
 */
export const REFRESH_GRACE_SECONDS = 60
export const MAX_SESSIONS_PER_USER = 20
/** How recent a login must be for what cannot be undone (ASVS 7.5.1). */
export const RECENT_LOGIN_MAX_AGE_SECONDS = 10 * 60
/**
 * The values of the claim `acr`: whether one factor was shown when the user last authenticated, or a second factor or a
 * passkey that verified its user (docs/decisions/0021-step-up.md).
 */
export const ACR = { single: 'urn:postern:acr:single-factor', multi: 'urn:postern:acr:multi-factor' } as const
export type Acr = (typeof ACR)[keyof typeof ACR]
/**
 * The `aud` of an access token that is good only for setting up or showing a second factor. No other service answers to
 * this name, so none that verifies tokens as RFC 9068 §4 asks lets such a session in.
 */
export const ENROLMENT_AUDIENCE = 'urn:postern:audience:enrolment'
/** The longest life that `ACCESS_TOKEN_TTL_SECONDS` may give an access token. */
export const ACCESS_TOKEN_MAX_TTL_SECONDS = 24 * 60 * 60
export const DEVICE_TOKEN_TTL_SECONDS = 365 * 24 * 60 * 60
/** How long a request may still sign a token that it began before its session ended. */
const ACCESS_TOKEN_RACE_SECONDS = 60
/**
 * An ended session is kept for longer than every access token that any configuration allows, so that lowering
 * `ACCESS_TOKEN_TTL_SECONDS` revives no token that was signed before.
 */
export const ENDED_SESSION_KEEP_SECONDS = ACCESS_TOKEN_MAX_TTL_SECONDS + ACCESS_TOKEN_RACE_SECONDS
/**
 * The pauses before the queue tells an object again which sessions have ended, by the number of tries; each later pause
 * is as long as the last. With the thirty retries of the queue they add up to more than an access token can live.
 */
export const REVOCATION_RETRY_DELAYS_SECONDS = [30, 60, 120, 240, 480, 960, 1920, 3600]
/** KV refuses to keep a value for less time (docs/platform-notes.md). */
export const KV_MIN_TTL_SECONDS = 60
/** KV refuses to cache a read, or a miss, for less time (docs/platform-notes.md). */
export const KV_MIN_CACHE_TTL_SECONDS = 30

// ------------------------------------------------------------------ published lists of ended sessions
/**
 * The number of objects that keep ended sessions, and of the lists that they publish
 * (docs/decisions/0018-blocklist.md).
 */
export const ENDED_SESSIONS_SHARDS = 16
/** KV accepts one write a second for each key (docs/platform-notes.md). */
export const ENDED_LIST_PUBLISH_INTERVAL_MS = 1000
/** A list that KV refuses is published again after a pause that doubles, up to this one. */
export const ENDED_LIST_PUBLISH_MAX_PAUSE_MS = 60_000
/** An isolate renews a list of this age after the answer of a request, and at most so often. */
export const ENDED_LIST_RENEW_SECONDS = 10
/** A request does not trust a list of this age, and waits for KV. It is a part of how long a token lives too long. */
export const ENDED_LIST_MAX_AGE_SECONDS = 14
/** It waits for no longer than this where the isolate has an older list. */
export const ENDED_LIST_WAIT_MS = 1000
/** While KV fails, an older list serves for this long; then reads are refused. */
export const ENDED_LIST_STALE_MAX_SECONDS = 5 * 60
/**
 * How many of the sessions that an isolate has ended itself it remembers for each shard. The oldest are dropped first,
 * and are then known from the published list, as everywhere else.
 */
export const ENDED_HERE_MAX_PER_SHARD = 1000

// ------------------------------------------------------------------ signing keys
export const SIGNING_ALGORITHM = 'ES256'
/**
 * A key signs for one period. It is published a whole period before it signs, and stays published for a period after.
 */
export const SIGNING_KEY_PERIOD_SECONDS = 30 * 24 * 60 * 60
export const SIGNING_KEY_CACHE_SECONDS = 5 * 60
/** A key is published for this long before it may sign: every isolate of ours has read it by then. */
export const SIGNING_KEY_PUBLISHED_MIN_SECONDS = 2 * SIGNING_KEY_CACHE_SECONDS
/** An unknown `kid` makes an isolate ask the database again, but not more often than this. */
export const SIGNING_KEY_RELOAD_MIN_SECONDS = 10
/** The request that reloads the keys waits this long for a slow database, and then uses the keys in memory. */
export const SIGNING_KEY_RELOAD_WAIT_MS = 1000
/**
 * Keys in memory are used for this long without a database. No access token lives longer (`ACCESS_TOKEN_TTL_SECONDS`).
 */
export const SIGNING_KEY_STALE_MAX_SECONDS = 24 * 60 * 60
export const JWKS_MAX_AGE_SECONDS = 5 * 60

// ------------------------------------------------------------------ login throttle
/** The regions where throttle objects may live. They are the location hints that D1 and Durable Objects both take. */
export const REGIONS = ['wnam', 'enam', 'weur', 'eeur', 'apac', 'oc'] as const
export const LOGIN_FREE_FAILURES = 5
export const LOGIN_BACKOFF_BASE_SECONDS = 1
export const LOGIN_BACKOFF_MAX_SECONDS = 15 * 60
/** NIST SP 800-63B-4 §3.2.2 allows at most 100 failures in a row, which strangers and known devices share. */
export const LOGIN_MAX_STRANGER_FAILURES = 80
export const LOGIN_MAX_DEVICE_FAILURES = 20
export const LOGIN_FORGET_SECONDS = 24 * 60 * 60
/**
 * The limit on sign-ups with one address, wherever they come from. Each makes a hash in the object that its owner's
 * logins wait for.
 */
export const SIGN_UPS_PER_ADDRESS = { requests: 10, windowSeconds: 60 }

// ------------------------------------------------------------------ requests
/** The levels of log lines, the least important first. */
export const LOG_LEVELS = ['info', 'warn', 'error'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]
export const JSON_BODY_MAX_BYTES = 64 * 1024
export const JSON_MAX_DEPTH = 16
export const FORM_BODY_MAX_BYTES = 8 * 1024
/** A dependency that has not answered after this time counts as down. */
export const DEPENDENCY_TIMEOUT_MS = 10_000
export const RETRY_AFTER_SECONDS = 5
/** How long a browser may keep the API's document after a deployment has changed it. */
export const OPENAPI_MAX_AGE_SECONDS = 5 * 60
/** How long a browser may keep the colours of the brand. */
export const BRAND_MAX_AGE_SECONDS = 5 * 60
/** How the pages are built, and how mails and pages show the product where the deployment says nothing. */
export const DEFAULT_BRAND = { productName: 'Postern', color: '#0f766e', logoUrl: null } as const
/** What a monitor learns may be this old, so that many requests of monitors do not overload the dependencies. */
export const READINESS_CACHE_SECONDS = 5
/** What a monitor learns may be this old while a request asks anew, which takes long where a dependency stalls. */
export const READINESS_MAX_AGE_SECONDS = READINESS_CACHE_SECONDS + DEPENDENCY_TIMEOUT_MS / 1000

// ------------------------------------------------------------------ pictures
export const PICTURE_MAX_BYTES = 16 * 1024 * 1024
/** A viewer takes four bytes of memory for each pixel. The largest sensors of today's phones have 50 million. */
export const PICTURE_MAX_PIXELS = 64_000_000
/** The pixels of all frames of an animation, as many as a minute of 640 by 480 at 25 frames a second. */
export const PICTURE_MAX_ANIMATION_PIXELS = 500_000_000
/** How many blocks a file may consist of. A large picture has a few thousand. */
export const PICTURE_MAX_BLOCKS = 20_000
/**
 * How much memory the uploads of one isolate may take at once, of the 128 MB that it has for everything. An upload
 * takes as much as its file, and one that says no length as much as the largest.
 */
export const UPLOADS_MAX_BYTES = 48 * 1024 * 1024
/** How long the body of an upload may take to arrive. */
export const UPLOAD_TIMEOUT_MS = 60_000
/** After this time an upload is surely over, even if its end was never noticed because its client had gone. */
export const UPLOAD_FORGET_MS = 2 * 60_000
/** An object that has not become a picture after this time is removed. No request lasts nearly as long. */
export const PICTURE_STAGE_SECONDS = 60 * 60
/** How many objects one run of the cron removes; R2 takes up to 1,000 at once. */
export const PICTURE_SWEEP_BATCH = 500
/** How long a picture may be shown from a cache under the URL that names its content, also once it is removed. */
export const PICTURE_MAX_AGE_SECONDS = 24 * 60 * 60

// ------------------------------------------------------------------ mail
/** The languages that mails are written in. The first one is the fallback. */
export const LOCALES = ['en', 'de'] as const
export type Locale = (typeof LOCALES)[number]
/** How long one delivery may hold a mail before another may try. It is longer than the time-out of any transport. */
export const MAIL_LEASE_SECONDS = 5 * 60
/** People wait for these mails, so they leave before all others that are due. */
export const URGENT_MAIL_KINDS = ['reset_password', 'account_reverted', 'one_time_code', 'confirm_email_change']
/**
 * The seconds until the next try, by the number of tries: ten tries in 24 hours and 20 minutes, where each pause may be
 * up to half as long again. A queue holds a message back for 12 hours at most.
 */
export const MAIL_RETRY_DELAYS_SECONDS = [30, 60, 5 * 60, 15 * 60, 3600, 2 * 3600, 5 * 3600, 8 * 3600, 8 * 3600]
/**
 * How long a mail server that asks for a pause is left alone: at least, at most, and where it does not say for how
 * long.
 */
export const MAIL_PAUSE_MS = { min: 1000, max: 3_600_000, unstated: 30_000 }
/**
 * A delivery waits itself for the end of a pause that is no longer than this, and for so long in all. A longer pause is
 * left to the queue.
 */
export const MAIL_WAIT_MS = { onePause: 5_000, inAll: 20_000 }
/**
 * How long the queue waits before it brings a message again whose delivery failed before a mail was claimed, or before
 * its outcome was recorded.
 */
export const MAIL_MESSAGE_RETRY_SECONDS = 30
/** A row that the queue has not delivered after this time is announced again by the cron. */
export const MAIL_SWEEP_AFTER_SECONDS = 60
/** A queue takes at most 100 messages at once. */
export const MAIL_SWEEP_BATCH = 100
export const MAIL_SWEEP_BATCHES = 10
/** The pauses between the tries to record that a mail has left. */
export const MAIL_RECORD_PAUSES_MS = [100, 500, 2000]
/** Delivered rows are kept for this long, to count what a recipient got, and are then deleted. */
export const MAIL_KEEP_SECONDS = 24 * 60 * 60
/** Failed rows are kept for this long, so that an operator can send them again. */
export const MAIL_KEEP_FAILED_SECONDS = 30 * 24 * 60 * 60
/** The number of mails of one kind that a mailbox may get within an hour. */
export const MAIL_MAX_PER_KIND_AND_HOUR = 5
export const MAIL_LIMIT_SECONDS = 60 * 60
/**
 * A notice beyond that limit waits its turn for this long at most, because somebody who got ten notices of a kind in
 * two hours knows what happened.
 */
export const MAIL_NOTICE_MAX_DELAY_MS = 60 * 60 * 1000

// ------------------------------------------------------------------ webhooks
/** How many endpoints there may be, because every event of the audit trail is offered to each. */
export const MAX_WEBHOOKS = 20
export const WEBHOOK_URL_MAX_LENGTH = 1024
/**
 * Longer details of an event are left out of its message, so that messages stay far below the 20 KB that Standard
 * Webhooks recommends, and those of one seal fit into one parameter of D1, which takes 2 MB.
 */
export const WEBHOOK_DETAILS_MAX_LENGTH = 2048
/** How long a secret that was replaced signs beside the new one, so that its receiver has time to learn the new one. */
export const WEBHOOK_SECRET_OVERLAP_SECONDS = 24 * 60 * 60
/** How long an endpoint may take to answer. Standard Webhooks recommends 15 to 30 seconds. */
export const WEBHOOK_TIMEOUT_MS = 15_000
/** How long one try may hold a message before another may follow. */
export const WEBHOOK_LEASE_SECONDS = 60
/** How many messages one turn sends to an endpoint, so that it ends long before a queue's consumer is stopped. */
export const WEBHOOK_TURN_MESSAGES = 20
/**
 * The seconds until the next try of a message, by the number of tries: ten tries in more than three days, where each
 * pause may be up to half as long again.
 */
export const WEBHOOK_RETRY_DELAYS_SECONDS = [60, 300, 1800, 7200, 5 * 3600, 10 * 3600, 14 * 3600, 20 * 3600, 24 * 3600]
/** A message of this age is given up, however few tries it had, for example because its endpoint was disabled. */
export const WEBHOOK_GIVE_UP_SECONDS = 5 * 24 * 60 * 60
/** Messages are kept for this long, so that an operator sees what was sent and what was given up. */
export const WEBHOOK_KEEP_SECONDS = 30 * 24 * 60 * 60
/** How long the queue waits before it brings an endpoint's turn again that failed by a fault of our own. */
export const WEBHOOK_TURN_RETRY_SECONDS = 30

// ------------------------------------------------------------------ housekeeping
/** Expired tokens are kept for a day, because the guesses at their codes count for a day. */
export const TOKEN_KEEP_SECONDS = 24 * 60 * 60
/** An address that nobody confirmed is free again after a week. */
export const UNVERIFIED_ACCOUNT_KEEP_SECONDS = 7 * 24 * 60 * 60
/** How long it is known that an account was deleted, so that what is recorded of it late is erased as well. */
export const ERASURE_KEEP_SECONDS = 24 * 60 * 60
/** One run tells the blocklist of the sessions of so many deleted accounts. */
export const DELETIONS_PER_RUN = 20
export const CLEANUP_BATCH = 1000
/**
 * The number of steps that one run makes. A step is a statement or two, and the free plan allows 50 in one run of a
 * Worker. What is left waits for the next run, an hour later.
 */
export const CLEANUP_MAX_STEPS = 24

// ------------------------------------------------------------------ statistics
/** How many days the statistics show where nobody says which, and how many at most. */
export const STATS_DEFAULT_DAYS = 30
export const STATS_MAX_DAYS = 400
/**
 * It is known for so many days who was active on a day. That is longer than a queue keeps a message, so nobody is
 * counted twice.
 */
export const ACTIVE_USERS_KEEP_DAYS = 7

// ------------------------------------------------------------------ audit trail
/** A seal covers so many events at most, and a run of the follower makes so many seals at most. */
export const AUDIT_SEAL_MAX_EVENTS = 500
export const AUDIT_SEALS_PER_RUN = 6
/** A seal removes so many outdated events at most, unless the oldest seal alone has more. */
export const AUDIT_TRIM_MAX_EVENTS = 1000
/** A refused authorization is recorded again for the same account, route and code after this time. */
export const REFUSAL_RECORD_INTERVAL_SECONDS = 60 * 60
/** An export reads so many events at a time, and gives so many in one answer. */
export const AUDIT_EXPORT_PAGE_EVENTS = 1000
export const AUDIT_EXPORT_MAX_EVENTS = 20_000
/** How long somebody waits for the next export of what is stored about them. */
export const EXPORT_INTERVAL_SECONDS = 60 * 60
/** One step of a verification checks so many events at most, and so many seals. */
export const AUDIT_VERIFY_MAX_EVENTS = 2000

// ------------------------------------------------------------------ rate limits, by client address and route
/**
 * The limits that a route's `limit` names. A limit is a number of requests in a number of seconds, or as many requests
 * as the configured limit of the sensitive class allows in a number of minutes. The global limit counts all requests of
 * a client to all routes (docs/decisions/0008-rate-limits.md explains the numbers).
 */
export const RATE_CLASSES = {
  /** For routes that try a secret or send a mail, such as registering, logging in and entering codes. */
  sensitive: { sensitiveMinutes: 1, windowSeconds: 60 },
  /**
   * For routes that send a mail, in addition, where nobody has to be signed in or where the caller names the address.
   */
  'mail-hourly': { sensitiveMinutes: 24, windowSeconds: 3600 },
  'mail-daily': { sensitiveMinutes: 120, windowSeconds: 24 * 3600 },
  /** For logins of an account's known devices. It counts by account and not by address. */
  device: { sensitiveMinutes: 1, windowSeconds: 60 },
  /** For steps of a flow that a person may repeat, such as the redirects of a federated login. */
  moderate: { requests: 30, windowSeconds: 60 },
  /** For the end of a session. Each is a write, and whoever holds an old token may ask for it again and again. */
  logout: { requests: 30, windowSeconds: 60 },
} as const
export const GLOBAL_RATE_WINDOW_SECONDS = 60
/**
 * Below this share of a limit a client costs no KV operation. The share is smaller for windows longer than a minute: an
 * isolate sees only a part of such a window, and each new isolate would let the share through without telling the
 * others.
 */
export const RATE_LIMIT_QUIET_SHARE = { minute: 0.2, longer: 0.05 }
/**
 * How often an isolate reads the counts of the others in a window longer than a minute. In a minute's window it reads
 * once.
 */
export const RATE_LIMIT_READ_INTERVAL_MS = 60_000
/** KV accepts one write a second for each key (docs/platform-notes.md). */
export const RATE_LIMIT_WRITE_INTERVAL_MS = 1000
/**
 * A count is shared when it has grown by this share of the limit, and when it reaches the limit. That is at most ten
 * writes a window.
 */
export const RATE_LIMIT_WRITE_STEP_SHARE = 0.1
/** A request waits no longer than this for KV. */
export const RATE_LIMIT_KV_TIMEOUT_MS = 1000
/** How many counters an isolate keeps. The oldest are dropped first. */
export const RATE_LIMIT_MAX_KEYS = 60_000

// ------------------------------------------------------------------ activity
/** A session's last-seen time is recorded with this precision, and not more often. */
export const LAST_SEEN_RESOLUTION_SECONDS = 60
export const LAST_SEEN_MAX_SESSIONS = 20_000
