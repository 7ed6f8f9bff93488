import type { DrizzleD1Database } from 'drizzle-orm/d1'
import type { Requester } from '../domain/requester.ts'
import type { MailboxItem } from '../durable-objects/dev-mailbox.ts'
import type { Settings } from '../env.ts'
import type { MailTransport } from '../mail/message.ts'
import type { OAuthProvider } from '../oauth-providers/provider.ts'
import type { Blocklist } from './blocklist.ts'
import type { AccountThrottle } from './login-throttle.ts'
import type { DeadMail } from './mail-queue.ts'
import type { PictureBucket } from './pictures.ts'
import type { RateLimiter } from './rate-limiter.ts'
import type { UploadMemory } from './upload-memory.ts'
import type { WebhookRequest } from './webhook-transport.ts'

/**
 * The keys in use, as one isolate remembers them. They are resolved values, so that no request waits for another's
 * promise.
 */
export interface KeyRing {
  loadedAt: number
  /** The keys that can sign, newest first. Each may sign from the start of its period. */
  signing: readonly SigningKey[]
  verifying: ReadonlyMap<string, CryptoKey>
  publicJwks: readonly object[]
}

/** The state of a dependency: whether it answered, and after how many milliseconds. */
export interface DependencyState {
  status: 'ok' | 'unavailable'
  ms: number
  /** The size of the dependency where it is the database. */
  bytes?: number
}

export interface SigningKey {
  /** The period that the key was made for. */
  period: number
  kid: string
  privateKey: CryptoKey
}

/**
 * All that a use case may need from outside. Each part is a small typed function, and services name the parts they use.
 */
export interface Platform {
  settings: Settings
  db: DrizzleD1Database<Record<string, never>>
  /** Milliseconds since the epoch. */
  now: () => number
  /** Gives a number from 0 up to, but not including, 1. It is only for what need not be secret. */
  random: () => number
  requester: Requester
  blocklist: Blocklist
  loginThrottle: (name: string) => AccountThrottle
  rateLimiter: RateLimiter
  /** Notes that a session is in use. It does so after the answer, and only from time to time. */
  noteActivity: (sessionId: string) => void
  announceMails: (outboxIds: readonly string[], delaySeconds?: number) => Promise<void>
  reportDeadMail: (mail: DeadMail) => Promise<void>
  sendMail: MailTransport
  announceWebhooks: (webhookIds: readonly string[]) => Promise<void>
  /** Posts a message to an endpoint. It answers null where the endpoint accepted it, and otherwise why not. */
  postWebhook: (request: WebhookRequest) => Promise<string | null>
  /**
   * Lists the mails of the development mailbox, newest first; those of all recipients when `to` is null. Its binding
   * exists in no other environment.
   */
  listDevMails: (to: string | null) => Promise<readonly MailboxItem[]>
  /** The bucket that keeps pictures; null where the deployment has none. */
  pictures: PictureBucket | null
  uploads: UploadMemory
  /** Fetches a page or another static file by its path. */
  fetchAsset: (request: Request) => Promise<Response>
  /** The keys that the isolate remembers. `triedAt` is the time at which a request last began to reload them. */
  keyRing: { current: KeyRing | null; triedAt: number }
  /** The configured providers to sign in with, by id. */
  providers: ReadonlyMap<string, OAuthProvider>
  /**
   * Functions that ask each dependency for the least that it can answer. R2 is one of them where its binding is there.
   */
  probes: Readonly<Record<string, () => Promise<unknown>>>
  /** Reads how large the database is. */
  databaseBytes: () => Promise<number>
  /**
   * The state of the dependencies as the isolate last learned it. It holds only values, so that no request waits for
   * another's promise.
   */
  readiness: { known: { dependencies: Record<string, DependencyState>; at: number } | null; askedAt: number }
}

// These are named sets of capabilities, so that the signature of a use case says what it may do.

/** It reads what the database holds now. */
export type Reading = Pick<Platform, 'db' | 'now' | 'settings'>
/** It changes something, and records in the audit trail who did so. */
export type Recording = Pick<Platform, 'db' | 'now' | 'requester'>
/** It changes something, and tells somebody by mail. */
export type Mailing = Recording & Pick<Platform, 'announceMails'>
/** It signs or verifies access tokens. */
export type Signing = Reading & Pick<Platform, 'keyRing'>
/** It ends sessions, and so their access tokens. */
export type EndingSessions = Recording & Pick<Platform, 'blocklist'>
/** It lets somebody try a password. */
export type TryingPasswords = Reading & Recording & Pick<Platform, 'loginThrottle'>
