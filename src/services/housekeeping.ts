import {
  CLEANUP_BATCH,
  MAIL_KEEP_FAILED_SECONDS,
  MAIL_KEEP_SECONDS,
  MAX_CLEANUP_BATCHES,
  TOKEN_KEEP_SECONDS,
  UNVERIFIED_ACCOUNT_KEEP_SECONDS,
} from '../config.ts'
import type { Platform } from '../platform/compose.ts'
import { logError, logInfo } from '../platform/log.ts'
import { deleteUnverifiedAccounts } from '../storage/accounts.ts'
import { deleteExpiredStates } from '../storage/identities.ts'
import { deleteExpiredExchanges } from '../storage/login-exchanges.ts'
import { deleteExpiredTokens } from '../storage/one-time-tokens.ts'
import { deleteFailedMails, deleteSettledMails } from '../storage/outbox.ts'
import { deleteDeadSessions } from '../storage/sessions.ts'
import { idleTimeoutMs } from './live-sessions.ts'

/**
 * Deletes what has run out, in batches that each finish; what is left over waits for tomorrow. One kind of rows that fails keeps no other
 * waiting.
 * @throws the first failure, once everything else is done, so that the job counts as failed.
 */
export async function cleanUp(deps: Pick<Platform, 'db' | 'now' | 'settings'>): Promise<void> {
  const { db, settings } = deps
  const now = deps.now()
  const before = (seconds: number) => now - seconds * 1000
  const kinds: Record<string, (limit: number) => Promise<number>> = {
    sessions: (limit) => deleteDeadSessions(db, now, { idleTimeoutMs: idleTimeoutMs(deps), limit }),
    tokens: (limit) => deleteExpiredTokens(db, before(TOKEN_KEEP_SECONDS), limit),
    exchanges: (limit) => deleteExpiredExchanges(db, now, limit),
    states: (limit) => deleteExpiredStates(db, now, limit),
    accounts: settings.requireEmailVerification
      ? (limit) =>
          deleteUnverifiedAccounts(db, { createdBefore: before(UNVERIFIED_ACCOUNT_KEEP_SECONDS), at: now }, limit)
      : async () => 0,
    mails: (limit) => deleteSettledMails(db, before(MAIL_KEEP_SECONDS), limit),
    failedMails: (limit) => deleteFailedMails(db, before(MAIL_KEEP_FAILED_SECONDS), limit),
  }
  const removed: Record<string, number> = {}
  const failures: unknown[] = []
  for (const [kind, deleteSome] of Object.entries(kinds)) {
    try {
      removed[kind] = await inBatches(deleteSome)
    } catch (error) {
      logError('clean-up failed', error, { kind })
      failures.push(error)
    }
  }
  logInfo('cleaned up', removed)
  if (failures.length > 0) throw failures[0]
}

async function inBatches(deleteSome: (limit: number) => Promise<number>): Promise<number> {
  let total = 0
  for (let batch = 0; batch < MAX_CLEANUP_BATCHES; batch += 1) {
    const deleted = await deleteSome(CLEANUP_BATCH)
    total += deleted
    if (deleted < CLEANUP_BATCH) break
  }
  return total
}
