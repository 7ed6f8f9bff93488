import type { DrizzleD1Database } from 'drizzle-orm/d1'
import { LAST_SEEN_RESOLUTION_SECONDS } from '../config.ts'
import type { MailboxItem } from '../durable-objects/dev-mailbox.ts'
import type { Settings } from '../env.ts'
import type { MailTransport } from '../mail/message.ts'
import type { OAuthProvider } from '../oauth-providers/provider.ts'
import { type ReportedSessions, reportActivity } from './activity.ts'
import { type Blocklist, createBlocklist } from './blocklist.ts'
import type { Client } from './client.ts'
import { type Configuration, readConfiguration } from './configuration.ts'
import { openDatabase, readDatabaseBytes } from './database.ts'
import { type LoginThrottle, openLoginThrottle, openThrottleObject } from './login-throttle.ts'
import { type MailPause, respectPauses } from './mail-pause.ts'
import { announceMails, type DeadMail, reportDeadMail } from './mail-queue.ts'
import { createMailTransport } from './mail-transport.ts'
import { createRateLimiter, type RateLimiter, type RateWindows } from './rate-limiter.ts'

/** The keys in use, as one isolate remembers them: resolved values only, so no request waits for another's promise. */
export interface KeyRing {
  loadedAt: number
  /** Those that can sign, newest first; each from its period on. */
  signing: readonly SigningKey[]
  verifying: ReadonlyMap<string, CryptoKey>
  publicJwks: readonly object[]
}

/** Whether a dependency answered, and after how many milliseconds. */
export interface DependencyState {
  status: 'ok' | 'unavailable'
  ms: number
  /** Of the database: how large it is. */
  bytes?: number
}

export interface SigningKey {
  /** The stretch of time that it was made for. */
  period: number
  kid: string
  privateKey: CryptoKey
}

/** Everything a use case may need of the outside, each part a small typed function. Services name the parts they use. */
export interface Platform {
  settings: Settings
  db: DrizzleD1Database<Record<string, never>>
  /** Milliseconds since the epoch. */
  now: () => number
  /** From 0 to 1, without 1. Only for what need not be secret. */
  random: () => number
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
  /** `triedAt` is when a request last began to reload it. */
  keyRing: { current: KeyRing | null; triedAt: number }
  /** The configured ways to sign in elsewhere, by id. */
  providers: ReadonlyMap<string, OAuthProvider>
  /** Asks each dependency for the least it can answer; R2 is one where its binding is there. */
  probes: Readonly<Record<string, () => Promise<unknown>>>
  /** How large the database is. */
  databaseBytes: () => Promise<number>
  /** What the isolate last learned of its dependencies: values only, no promise. */
  readiness: { known: { dependencies: Record<string, DependencyState>; at: number } | null; askedAt: number }
}

/** What one isolate keeps for a set of bindings: parsed once, and nothing that belongs to a request. */
interface Remembered extends Configuration {
  keyRing: Platform['keyRing']
  readiness: Platform['readiness']
  mailPause: MailPause
  rateWindows: RateWindows
  reportedSessions: ReportedSessions
}
const remembered = new WeakMap<object, Remembered>()

function recall(env: Env): Remembered {
  const known = remembered.get(env)
  if (known) return known
  const fresh = {
    ...readConfiguration({ ...env }),
    keyRing: { current: null, triedAt: 0 },
    readiness: { known: null, askedAt: 0 },
    mailPause: { until: 0, reason: '' },
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
  const { settings, keyRing, readiness, providers, mailPause, rateWindows, reportedSessions } = recall(env)
  const waitUntil = (promise: Promise<unknown>) => context.waitUntil(promise)
  return {
    settings,
    db: openDatabase(env.DB),
    now: Date.now,
    random: Math.random,
    client,
    blocklist: createBlocklist(env.BLOCKLIST, env.REVOCATION_QUEUE),
    loginThrottle: (name) => openLoginThrottle(() => openThrottleObject(env.LOGIN_THROTTLE, name, settings.region)),
    rateLimiter: createRateLimiter(env.COUNTERS, rateWindows, { now: Date.now, waitUntil }),
    noteActivity: (sessionId) => {
      const resolutionMs = lastSeenResolutionMs(settings.sessionIdleTimeoutSeconds)
      waitUntil(reportActivity(env.ACTIVITY_QUEUE, reportedSessions, { sessionId, at: Date.now() }, resolutionMs))
    },
    announceMails: (outboxIds, delaySeconds = 0) => announceMails(env.MAIL_QUEUE, outboxIds, delaySeconds),
    reportDeadMail: (mail) => reportDeadMail(env.MAIL_DEAD_QUEUE, mail),
    sendMail: respectPauses((mail) => createMailTransport(settings.mail, env)(mail), mailPause, {
      now: Date.now,
      random: Math.random,
      sleep: (milliseconds) => scheduler.wait(milliseconds),
    }),
    listDevMails: (to) => env.DEV_MAILBOX.getByName('mailbox').list(to),
    fetchAsset: (request) => env.ASSETS.fetch(request),
    keyRing,
    readiness,
    providers,
    databaseBytes: () => readDatabaseBytes(env.DB),
    probes: {
      database: () => readDatabaseBytes(env.DB),
      blocklist: () => env.BLOCKLIST.get('probe'),
      loginThrottle: () => openThrottleObject(env.LOGIN_THROTTLE, 'probe', settings.region).ping(),
      ...(env.PICTURES ? { pictures: () => env.PICTURES.head('probe') } : {}),
    },
  }
}

/** A short idle time-out needs a finer record, or a session in use would run out. */
function lastSeenResolutionMs(idleTimeoutSeconds: number): number {
  const finest = idleTimeoutSeconds > 0 ? idleTimeoutSeconds / 4 : LAST_SEEN_RESOLUTION_SECONDS
  return Math.min(LAST_SEEN_RESOLUTION_SECONDS, finest) * 1000
}
