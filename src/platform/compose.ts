import { LAST_SEEN_RESOLUTION_SECONDS } from '../config.ts'
import type { Requester } from '../domain/requester.ts'
import { type ReportedSessions, reportActivity } from './activity.ts'
import { createBlocklist } from './blocklist.ts'
import { type Configuration, readConfiguration } from './configuration.ts'
import { openDatabase, readDatabaseBytes } from './database.ts'
import { endedListKey, type KnownShard, newKnownShards, readEndedList } from './ended-lists.ts'
import { openLoginThrottle } from './login-throttle.ts'
import { type MailPause, respectPauses } from './mail-pause.ts'
import { announceMails, reportDeadMail } from './mail-queue.ts'
import { createMailTransport } from './mail-transport.ts'
import type { Platform } from './platform.ts'
import { createRateLimiter, type RateWindows } from './rate-limiter.ts'
import { openInRegion } from './regional-objects.ts'

/**
 * The values that one isolate keeps for a set of bindings. They are made once, and none of them belongs to a request.
 */
interface Remembered extends Configuration {
  keyRing: Platform['keyRing']
  readiness: Platform['readiness']
  mailPause: MailPause
  rateWindows: RateWindows
  reportedSessions: ReportedSessions
  knownShards: readonly KnownShard[]
}
let remembered = new WeakMap<object, Remembered>()

/** Forgets all of it, as a new isolate would. Tests need this, because many of them share one isolate. */
export function forgetIsolate(): void {
  remembered = new WeakMap()
}

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
    knownShards: newKnownShards(),
  }
  remembered.set(env, fresh)
  return fresh
}

/**
 * Builds the platform of one request or job.
 * @throws {ConfigurationError} when a variable is missing or malformed; nothing is served then.
 */
export function composePlatform(
  env: Env,
  requester: Requester,
  context: Pick<ExecutionContext, 'waitUntil'>,
): Platform {
  const { settings, keyRing, readiness, providers, mailPause, rateWindows, reportedSessions, knownShards } = recall(env)
  const waitUntil = (promise: Promise<unknown>) => context.waitUntil(promise)
  const openShard = (shard: number) => openInRegion(env.ENDED_SESSIONS, `shard-${shard}`, settings.region)
  const keyOfShard = (shard: number) => endedListKey(env.ENDED_SESSIONS.idFromName(`shard-${shard}`))
  return {
    settings,
    db: openDatabase(env.DB),
    now: Date.now,
    random: Math.random,
    requester,
    blocklist: createBlocklist(
      { namespace: env.BLOCKLIST, queue: env.REVOCATION_QUEUE, openObject: openShard, keyOf: keyOfShard },
      knownShards,
      { now: Date.now, waitUntil },
    ),
    loginThrottle: (name) => openLoginThrottle(() => openInRegion(env.LOGIN_THROTTLE, name, settings.region)),
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
      blocklist: () => readEndedList(env.BLOCKLIST, keyOfShard(0)),
      endedSessions: () => openShard(0).ping(),
      loginThrottle: () => openInRegion(env.LOGIN_THROTTLE, 'probe', settings.region).ping(),
      ...(env.PICTURES ? { pictures: () => env.PICTURES.head('probe') } : {}),
    },
  }
}

/**
 * Gives how often a session's last use is recorded. A short idle time-out needs a finer record, because a session in
 * use would otherwise expire.
 */
function lastSeenResolutionMs(idleTimeoutSeconds: number): number {
  const finest = idleTimeoutSeconds > 0 ? idleTimeoutSeconds / 4 : LAST_SEEN_RESOLUTION_SECONDS
  return Math.min(LAST_SEEN_RESOLUTION_SECONDS, finest) * 1000
}
