import type { DrizzleD1Database } from 'drizzle-orm/d1'
import { LAST_SEEN_RESOLUTION_SECONDS } from '../config.ts'
import type { MailboxItem } from '../durable-objects/dev-mailbox.ts'
import { ConfigurationError, parseSettings, type Settings } from '../env.ts'
import type { MailTransport } from '../mail/message.ts'
import type { OAuthProvider } from '../oauth-providers/provider.ts'
import { ProviderError } from '../oauth-providers/provider-error.ts'
import { buildProviders } from '../oauth-providers/registry.ts'
import { type ReportedSessions, reportActivity } from './activity.ts'
import { type Blocklist, createBlocklist } from './blocklist.ts'
import type { Client } from './client.ts'
import { openDatabase } from './database.ts'
import { type LoginThrottle, openLoginThrottle, openThrottleObject } from './login-throttle.ts'
import { announceMails, type DeadMail, reportDeadMail } from './mail-queue.ts'
import { createMailTransport } from './mail-transport.ts'
import { createRateLimiter, type RateLimiter, type RateWindows } from './rate-limiter.ts'

/** The keys in use, as one isolate remembers them: resolved values only, so no request waits for another's promise. */
export interface KeyRing {
  /** Which stretch of time the signing key belongs to. */
  period: number
  loadedAt: number
  signing: { kid: string; privateKey: CryptoKey }
  verifying: ReadonlyMap<string, CryptoKey>
  publicJwks: readonly object[]
}

/** Everything a use case may need of the outside, each part a small typed function. Services name the parts they use. */
export interface Platform {
  settings: Settings
  db: DrizzleD1Database<Record<string, never>>
  /** Milliseconds since the epoch. */
  now: () => number
  client: Client
  blocklist: Blocklist
  loginThrottle: (name: string) => LoginThrottle
  rateLimiter: RateLimiter
  /** Notes that a session is in use, after the answer and once in a while. */
  noteActivity: (sessionId: string) => void
  announceMails: (outboxIds: readonly string[], delaySeconds?: number) => Promise<void>
  reportDeadMail: (mail: DeadMail) => Promise<void>
  sendMail: MailTransport
  /** The development mailbox, newest first; of all recipients when `to` is null. Its binding exists in no other environment. */
  listDevMails: (to: string | null) => Promise<readonly MailboxItem[]>
  /** A page or another static file, by its path. */
  fetchAsset: (request: Request) => Promise<Response>
  keyRing: { current: KeyRing | null }
  /** The configured ways to sign in elsewhere, by id. */
  providers: ReadonlyMap<string, OAuthProvider>
  /** Asks each dependency for the least it can answer. */
  probes: Readonly<Record<'database' | 'blocklist' | 'loginThrottle' | 'pictures', () => Promise<unknown>>>
}

/** What one isolate keeps for a set of bindings: parsed once, and nothing that belongs to a request. */
interface Remembered {
  settings: Settings
  keyRing: Platform['keyRing']
  providers: Platform['providers']
  rateWindows: RateWindows
  reportedSessions: ReportedSessions
}
const remembered = new WeakMap<object, Remembered>()

function recall(env: Env): Remembered {
  const known = remembered.get(env)
  if (known) return known
  const settings = parseSettings({ ...env })
  const fresh = {
    settings,
    keyRing: { current: null },
    providers: readProviders(settings),
    rateWindows: new Map(),
    reportedSessions: new Map(),
  }
  remembered.set(env, fresh)
  return fresh
}

/**
 * Builds the platform of one request or job.
 * @throws {ConfigurationError} when a variable is missing or malformed; nothing is served then.
 */
export function composePlatform(env: Env, client: Client, context: Pick<ExecutionContext, 'waitUntil'>): Platform {
  const { settings, keyRing, providers, rateWindows, reportedSessions } = recall(env)
  const waitUntil = (promise: Promise<unknown>) => context.waitUntil(promise)
  return {
    settings,
    db: openDatabase(env.DB),
    now: Date.now,
    client,
    blocklist: createBlocklist(env.BLOCKLIST, env.REVOCATION_QUEUE, {
      accessTokenTtlSeconds: settings.accessTokenTtlSeconds,
      now: Date.now,
    }),
    loginThrottle: (name) => openLoginThrottle(() => openThrottleObject(env.LOGIN_THROTTLE, name, settings.region)),
    rateLimiter: createRateLimiter(env.COUNTERS, rateWindows, { now: Date.now, waitUntil }),
    noteActivity: (sessionId) => {
      const resolutionMs = lastSeenResolutionMs(settings.sessionIdleTimeoutSeconds)
      waitUntil(reportActivity(env.ACTIVITY_QUEUE, reportedSessions, { sessionId, at: Date.now() }, resolutionMs))
    },
    announceMails: (outboxIds, delaySeconds = 0) => announceMails(env.MAIL_QUEUE, outboxIds, delaySeconds),
    reportDeadMail: (mail) => reportDeadMail(env.MAIL_DEAD_QUEUE, mail),
    sendMail: (mail) => createMailTransport(settings.mail, env)(mail),
    listDevMails: (to) => env.DEV_MAILBOX.getByName('mailbox').list(to),
    fetchAsset: (request) => env.ASSETS.fetch(request),
    keyRing,
    providers,
    probes: {
      database: () => env.DB.prepare('select 1').first(),
      blocklist: () => env.BLOCKLIST.get('probe'),
      loginThrottle: () => openThrottleObject(env.LOGIN_THROTTLE, 'probe', settings.region).ping(),
      pictures: () => env.PICTURES.head('probe'),
    },
  }
}

function readProviders(settings: Settings): Platform['providers'] {
  try {
    return buildProviders(settings.providers)
  } catch (error) {
    if (!(error instanceof ProviderError)) throw error
    throw new ConfigurationError([{ variable: 'OIDC_PROVIDERS', rule: error.reason }])
  }
}

/** A short idle time-out needs a finer record, or a session in use would run out. */
function lastSeenResolutionMs(idleTimeoutSeconds: number): number {
  const finest = idleTimeoutSeconds > 0 ? idleTimeoutSeconds / 4 : LAST_SEEN_RESOLUTION_SECONDS
  return Math.min(LAST_SEEN_RESOLUTION_SECONDS, finest) * 1000
}
