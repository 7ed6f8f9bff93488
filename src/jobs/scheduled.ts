import { MAIL_SWEEP_AFTER_SECONDS } from '../config.ts'
import type { Platform } from '../platform/platform.ts'
import { finishDeletions } from '../services/accounts/deletion.ts'
import { recordCheckpoint } from '../services/audit/checkpoint.ts'
import { followAuditTrail } from '../services/audit/sealing.ts'
import { removeDueFactors } from '../services/factors/removal.ts'
import { resealTotpSecrets } from '../services/factors/totp-resealing.ts'
import { cleanUp, reportDatabaseSize } from '../services/housekeeping.ts'
import { sweepOutbox } from '../services/mail.ts'
import { resealHashParameters } from '../services/passwords/hash-parameters.ts'
import { sweepPictures } from '../services/pictures/sweep.ts'
import { rotateSigningKeys } from '../services/signing-keys/periods.ts'
import { announceDueWebhooks } from '../services/webhooks/delivery.ts'
import { resealWebhookSecrets } from '../services/webhooks/resealing.ts'

/**
 * The job of each cron of `wrangler.toml`. Each job has a run of its own, because a run may make 50 queries on the free
 * plan.
 */
const JOBS: Readonly<Record<string, (platform: Platform) => Promise<void>>> = {
  '* * * * *': tendEachMinute,
  '47 * * * *': cleanUp,
  '17 3 * * *': tendDaily,
}

/** Runs the job of a cron. */
export async function runScheduled(platform: Platform, cron: string): Promise<void> {
  const run = JOBS[cron]
  if (!run) throw new Error(`no job belongs to the cron ${cron}`)
  await run(platform)
}

/**
 * Sends what the mail queue lost, removes the factors of one user whose wait is over, deletes one account whose grace
 * is, removes pictures that were replaced, seals the audit trail, and tells the queue which webhooks are due.
 */
async function tendEachMinute(platform: Platform): Promise<void> {
  const overdueSince = platform.now() - MAIL_SWEEP_AFTER_SECONDS * 1000
  await allDone([
    sweepOutbox(platform, overdueSince),
    removeDueFactors(platform),
    sweepPictures(platform),
    finishDeletions(platform),
    followAndAnnounce(platform),
  ])
}

/** What was due before is announced also where the trail cannot be sealed. */
async function followAndAnnounce(platform: Platform): Promise<void> {
  try {
    await followAuditTrail(platform)
  } finally {
    await announceDueWebhooks(platform)
  }
}

/**
 * Rotates the signing keys, seals anew what `AUTH_SECRET` seals, logs the size of the database, and records a
 * checkpoint of the audit trail.
 */
async function tendDaily(platform: Platform): Promise<void> {
  await allDone([
    rotateSigningKeys(platform),
    resealTotpSecrets(platform),
    resealWebhookSecrets(platform),
    resealHashParameters(platform),
    reportDatabaseSize(platform),
    recordCheckpoint(platform),
  ])
}

/** Waits for all jobs. When one fails, the others still run. */
async function allDone(jobs: readonly Promise<unknown>[]): Promise<void> {
  for (const job of await Promise.allSettled(jobs)) if (job.status === 'rejected') throw job.reason
}
