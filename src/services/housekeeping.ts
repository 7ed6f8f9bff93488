import {
  CLEANUP_BATCH,
  MAIL_KEEP_FAILED_SECONDS,
  MAIL_KEEP_SECONDS,
  MAX_CLEANUP_BATCHES,
  TOKEN_KEEP_SECONDS,
  UNVERIFIED_ACCOUNT_KEEP_SECONDS,
} from '../config.ts'
import type { Platform } from '../platform/compose.ts'
import { logInfo } from '../platform/log.ts'
import { deleteUnverifiedAccounts } from '../storage/accounts.ts'
import { deleteExpiredStates } from '../storage/identities.ts'
import { deleteExpiredExchanges } from '../storage/login-exchanges.ts'
import { deleteExpiredTokens } from '../storage/one-time-tokens.ts'
import { deleteFailedMails, deleteSettledMails } from '../storage/outbox.ts'
import { deleteExpiredSessions } from '../storage/sessions.ts'

/** Deletes what has run out, in batches that each finish; what is left over waits for tomorrow. */
export async function cleanUp(deps: Pick<Platform, 'db' | 'now' | 'settings'>): Promise<void> {
  const { db } = deps
  const now = deps.now()
  const removed = {
    sessions: await inBatches((limit) => deleteExpiredSessions(db, now, limit)),
    tokens: await inBatches((limit) => deleteExpiredTokens(db, now - TOKEN_KEEP_SECONDS * 1000, limit)),
    exchanges: await inBatches((limit) => deleteExpiredExchanges(db, now, limit)),
    states: await inBatches((limit) => deleteExpiredStates(db, now, limit)),
    accounts: deps.settings.requireEmailVerification
      ? await inBatches((limit) => deleteUnverifiedAccounts(db, now - UNVERIFIED_ACCOUNT_KEEP_SECONDS * 1000, limit))
      : 0,
    mails: await inBatches((limit) => deleteSettledMails(db, now - MAIL_KEEP_SECONDS * 1000, limit)),
    failedMails: await inBatches((limit) => deleteFailedMails(db, now - MAIL_KEEP_FAILED_SECONDS * 1000, limit)),
  }
  logInfo('cleaned up', removed)
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
