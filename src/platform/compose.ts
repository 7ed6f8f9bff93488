import { LAST_SEEN_RESOLUTION_SECONDS } from '../config.ts'
import type { Requester } from '../domain/requester.ts'
import type { Settings } from '../env.ts'
import { isUnreported, type ReportedSessions, reportActivity } from './activity.ts'
import { type BlocklistBindings, createBlocklist } from './blocklist.ts'
import { readConfiguration } from './configuration.ts'
import { openDatabase, readDatabaseBytes } from './database.ts'
import { endedListKey, type KnownShard, newKnownShards, readEndedList } from './ended-lists.ts'
import { openLoginThrottle } from './login-throttle.ts'
import { type MailPause, respectPauses } from './mail-pause.ts'
import { announceMails, reportDeadMail } from './mail-queue.ts'
import { createMailTransport } from './mail-transport.ts'
import { openPictureBucket } from './pictures.ts'
import type { Platform } from './platform.ts'
import { createRateLimiter, type RateWindows } from './rate-limiter.ts'
import { openInRegion } from './regional-objects.ts'
import { announceWebhooks } from './webhook-queue.ts'
import { postWebhook } from './webhook-transport.ts'

/** The parts of the platform that belong to a request: the others outlive it. */
type OfRequest = 'requester' | 'blocklist' | 'rateLimiter' | 'noteActivity'

/** What one isolate makes once for a set of bindings and keeps. None of it belongs to a request. */
interface Remembered {
  parts: Omit<Platform, OfRequest>
  blocklist: BlocklistBindings
  knownShards: readonly KnownShard[]
  rateWindows: RateWindows
  reportedSessions: ReportedSessions
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
    ...makeParts(env),
    knownShards: newKnownShards(),
    rateWindows: new Map(),
    reportedSessions: new Map(),
  }
  remembered.set(env, fresh)
  return fresh
}

function makeParts(env: Env): Pick<Remembered, 'parts' | 'blocklist'> {
  const { settings, providers } = readConfiguration({ ...env })
  const blocklist = bindBlocklist(env, settings)
  const mailPause: MailPause = { until: 0, reason: '' }
  const parts: Remembered['parts'] = {
    settings,
    db: openDatabase(env.DB),
    now: () => Date.now(),
    random: () => Math.random(),
    loginThrottle: (name) => openLoginThrottle(() => openInRegion(env.LOGIN_THROTTLE, name, settings.region)),
    announceMails: (outboxIds, delaySeconds = 0) => announceMails(env.MAIL_QUEUE, outboxIds, delaySeconds),
    reportDeadMail: (mail) => reportDeadMail(env.MAIL_DEAD_QUEUE, mail),
    sendMail: respectPauses((mail) => createMailTransport(settings.mail, env)(mail), mailPause, {
      now: () => Date.now(),
      random: () => Math.random(),
      sleep: (milliseconds) => scheduler.wait(milliseconds),
      settings,
    }),
    announceWebhooks: (webhookIds) => announceWebhooks(env.WEBHOOK_QUEUE, webhookIds),
    postWebhook,
    listDevMails: (to) => env.DEV_MAILBOX.getByName('mailbox').list(to),
    // Production has this binding only where an operator switched it on.
    pictures: env.PICTURES ? openPictureBucket(env.PICTURES) : null,
    uploads: new Map(),
    fetchAsset: (request) => env.ASSETS.fetch(request),
    keyRing: { current: null, triedAt: 0 },
    readiness: { known: null, askedAt: 0 },
    providers,
    databaseBytes: () => readDatabaseBytes(env.DB),
    probes: {
      database: () => readDatabaseBytes(env.DB),
      blocklist: () => readEndedList(env.BLOCKLIST, blocklist.keyOf(0)),
      endedSessions: () => openShard(env, settings, 0).ping(),
      loginThrottle: () => openInRegion(env.LOGIN_THROTTLE, 'probe', settings.region).ping(),
      ...(env.PICTURES ? { pictures: () => env.PICTURES.head('probe') } : {}),
    },
  }
  return { parts, blocklist }
}

const openShard = (env: Env, { region }: Settings, shard: number) =>
  openInRegion(env.ENDED_SESSIONS, `shard-${shard}`, region)

function bindBlocklist(env: Env, settings: Settings): BlocklistBindings {
  return {
    namespace: env.BLOCKLIST,
    queue: env.REVOCATION_QUEUE,
    openObject: (shard) => openShard(env, settings, shard),
    keyOf: (shard) => endedListKey(env.ENDED_SESSIONS.idFromName(`shard-${shard}`)),
  }
}

/**
 * Builds the platform of one request or job: what the isolate keeps, with what belongs to the request alone.
 * @throws {ConfigurationError} when a variable is missing or malformed; nothing is served then.
 */
export function composePlatform(
  env: Env,
  requester: Requester,
  context: Pick<ExecutionContext, 'waitUntil'>,
): Platform {
  const { parts, blocklist, knownShards, rateWindows, reportedSessions } = recall(env)
  const { settings } = parts
  const waitUntil = (promise: Promise<unknown>) => context.waitUntil(promise)
  return {
    ...parts,
    requester,
    blocklist: createBlocklist(blocklist, knownShards, { now: () => Date.now(), waitUntil }),
    rateLimiter: createRateLimiter(env.COUNTERS, rateWindows, { now: () => Date.now(), waitUntil }),
    noteActivity: (sessionId) => {
      const activity = { sessionId, at: Date.now() }
      if (isUnreported(reportedSessions, activity, lastSeenResolutionMs(settings.sessionIdleTimeoutSeconds)))
        waitUntil(reportActivity(env.ACTIVITY_QUEUE, activity))
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
