import type { DrizzleD1Database } from 'drizzle-orm/d1'
import type { Requester } from '../domain/requester.ts'
import type { MailboxItem } from '../durable-objects/dev-mailbox.ts'
import type { Settings } from '../env.ts'
import type { MailTransport } from '../mail/message.ts'
import type { OAuthProvider } from '../oauth-providers/provider.ts'
import type { Blocklist } from './blocklist.ts'
import type { AccountThrottle } from './login-throttle.ts'
import type { DeadMail } from './mail-queue.ts'
import type { RateLimiter } from './rate-limiter.ts'

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

/**
 * Everything a use case may need of the outside, each part a small typed function. Services name the parts they use.
 */
export interface Platform {
  settings: Settings
  db: DrizzleD1Database<Record<string, never>>
  /** Milliseconds since the epoch. */
  now: () => number
  /** From 0 to 1, without 1. Only for what need not be secret. */
  random: () => number
  requester: Requester
  blocklist: Blocklist
  loginThrottle: (name: string) => AccountThrottle
  rateLimiter: RateLimiter
  /** Notes that a session is in use, after the answer and once in a while. */
  noteActivity: (sessionId: string) => void
  announceMails: (outboxIds: readonly string[], delaySeconds?: number) => Promise<void>
  reportDeadMail: (mail: DeadMail) => Promise<void>
  sendMail: MailTransport
  /**
   * The development mailbox, newest first; of all recipients when `to` is null. Its binding exists in no other
   * environment.
   */
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

// Named sets of capabilities, so that the signature of a use case says what it may do.

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
