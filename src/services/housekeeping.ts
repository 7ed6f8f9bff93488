import {
  CLEANUP_BATCH,
  CLEANUP_MAX_STEPS,
  ERASURE_KEEP_SECONDS,
  HASH_PARAMETERS_KEEP_SECONDS,
  MAIL_KEEP_FAILED_SECONDS,
  MAIL_KEEP_SECONDS,
  MAIL_LIMIT_SECONDS,
  TOKEN_KEEP_SECONDS,
  UNVERIFIED_ACCOUNT_KEEP_SECONDS,
  WEBHOOK_GIVE_UP_SECONDS,
  WEBHOOK_KEEP_SECONDS,
} from '../config.ts'
import { logError, logInfo } from '../platform/log.ts'
import type { Platform, Reading } from '../platform/platform.ts'
import { deleteUnverifiedAccounts } from '../storage/accounts/accounts.ts'
import { deleteErasures, eraseMails, eraseOrigins } from '../storage/accounts/erasure.ts'
import { deleteUnusedHashParameters } from '../storage/accounts/hash-parameters.ts'
import { deleteExpiredExchanges } from '../storage/federation/login-exchanges.ts'
import { deleteFailedMails, deleteSettledMails } from '../storage/mail.ts'
import { deleteExpiredTokens } from '../storage/one-time-tokens.ts'
import { deleteExpiredSessions, deleteIdleSessions } from '../storage/sessions/sessions.ts'
import { deleteOldTrusts } from '../storage/sessions/trusted-devices.ts'
import { deleteExpiredStates } from '../storage/spent-states.ts'
import { deleteActiveUsers } from '../storage/stats.ts'
import { deleteOldDeliveries, giveUpDeliveries } from '../storage/webhooks/deliveries.ts'
import { deleteExpiredWebhookSecrets } from '../storage/webhooks/webhooks.ts'
import { idleTimeoutMs } from './sessions/live-sessions.ts'
import { trustMs } from './sessions/remembered-devices.ts'

/** Deletes some rows of one kind and answers how many they were. Fewer than the limit means that none is left. */
type DeleteSome = (limit: number) => Promise<number>

/**
 * Deletes what has expired. It takes one step of each kind in turn, until nothing is left or the run has made all its
 * steps; the rest waits for the next run. So no kind delays the others, whether it fills the database or fails.
 * @throws the first failure, once everything else is done, so that the job counts as failed.
 */
export async function cleanUp(deps: Reading): Promise<void> {
  const removed: Record<string, number> = {}
  const failures: unknown[] = []
  const isUnfinished = async (kind: string, deleteSome: DeleteSome) => {
    try {
      const count = await deleteSome(CLEANUP_BATCH)
      removed[kind] = (removed[kind] ?? 0) + count
      return count >= CLEANUP_BATCH
    } catch (error) {
      logError('clean-up failed', error, { kind })
      failures.push(error)
      return false
    }
  }
  const waiting = Object.entries(kindsOf(deps))
  for (let step = 0; step < CLEANUP_MAX_STEPS; step += 1) {
    const next = waiting.shift()
    if (next === undefined) break
    if (await isUnfinished(...next)) waiting.push(next)
  }
  logInfo(deps.settings, 'cleaned up', { removed, unfinished: waiting.map(([kind]) => kind) })
  if (failures.length > 0) throw failures[0]
}

/** Logs how large the database is, so that an operator sees in time that it fills. */
export async function reportDatabaseSize(deps: Pick<Platform, 'databaseBytes' | 'settings'>): Promise<void> {
  logInfo(deps.settings, 'database size', { bytes: await deps.databaseBytes() })
}

/**
 * Lists how to delete what has expired of each kind, but for the events of the audit trail, which the job that seals
 * them removes. Accounts come last, because what belongs to them is deleted with
 * them.
 */
function kindsOf(deps: Reading): Record<string, DeleteSome> {
  const { db, settings } = deps
  const now = deps.now()
  const before = (seconds: number) => now - seconds * 1000
  const idleMs = idleTimeoutMs(deps)
  return {
    sessions: (limit) => deleteExpiredSessions(db, now, limit),
    ...(idleMs > 0 && { idleSessions: (limit) => deleteIdleSessions(db, now - idleMs, limit) }),
    trustedDevices: (limit) => deleteOldTrusts(db, now - trustMs(deps), limit),
    tokens: (limit) => deleteExpiredTokens(db, before(TOKEN_KEEP_SECONDS), limit),
    exchanges: (limit) => deleteExpiredExchanges(db, now, limit),
    states: (limit) => deleteExpiredStates(db, now, limit),
    mails: (limit) => deleteSettledMails(db, before(MAIL_KEEP_SECONDS), limit),
    failedMails: (limit) => deleteFailedMails(db, before(MAIL_KEEP_FAILED_SECONDS), limit),
    hashParameters: (limit) => deleteUnusedHashParameters(db, before(HASH_PARAMETERS_KEEP_SECONDS), limit),
    erasedOrigins: (limit) => eraseOrigins(db, limit),
    erasedMails: (limit) => eraseMails(db, before(MAIL_LIMIT_SECONDS), limit),
    erasures: (limit) => deleteErasures(db, before(ERASURE_KEEP_SECONDS), limit),
    webhookSecrets: (limit) => deleteExpiredWebhookSecrets(db, now, limit),
    activeUsers: (limit) => deleteActiveUsers(db, now, limit),
    waitingWebhooks: (limit) => giveUpDeliveries(db, before(WEBHOOK_GIVE_UP_SECONDS), limit),
    webhooks: (limit) => deleteOldDeliveries(db, before(WEBHOOK_KEEP_SECONDS), limit),
    ...(settings.requireEmailVerification && {
      accounts: (limit) =>
        deleteUnverifiedAccounts(db, { createdBefore: before(UNVERIFIED_ACCOUNT_KEEP_SECONDS), at: now }, limit),
    }),
  }
}
