import { MAIL_SWEEP_AFTER_SECONDS } from '../config.ts'
import type { Platform } from '../platform/platform.ts'
import { resealTotpSecrets } from '../services/factors/totp-resealing.ts'
import { cleanUp, reportDatabaseSize } from '../services/housekeeping.ts'
import { sweepOutbox } from '../services/mail.ts'
import { rotateSigningKeys } from '../services/signing-keys/periods.ts'

/**
 * The job of each cron of `wrangler.toml`. Each job has a run of its own, because a run may make 50 queries on the free
 * plan.
 */
const JOBS: Readonly<Record<string, (platform: Platform) => Promise<void>>> = {
  '* * * * *': (platform) => sweepOutbox(platform, platform.now() - MAIL_SWEEP_AFTER_SECONDS * 1000),
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
 * Rotates the signing keys, seals anew what `AUTH_SECRET` seals, and logs the size of the database. When one of these
 * fails, the others still run.
 */
async function tendDaily(platform: Platform): Promise<void> {
  const jobs = await Promise.allSettled([
    rotateSigningKeys(platform),
    resealTotpSecrets(platform),
    reportDatabaseSize(platform),
  ])
  for (const job of jobs) if (job.status === 'rejected') throw job.reason
}
