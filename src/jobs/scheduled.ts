import { MAIL_SWEEP_AFTER_SECONDS } from '../config.ts'
import type { Platform } from '../platform/platform.ts'
import { cleanUp, reportDatabaseSize } from '../services/housekeeping.ts'
import { sweepOutbox } from '../services/mail.ts'
import { rotateSigningKeys } from '../services/signing-keys/periods.ts'

/** What each cron of `wrangler.toml` is for. Each is a run of its own: one on the free plan may make 50 queries. */
const JOBS: Readonly<Record<string, (platform: Platform) => Promise<void>>> = {
  '* * * * *': (platform) => sweepOutbox(platform, platform.now() - MAIL_SWEEP_AFTER_SECONDS * 1000),
  '47 * * * *': cleanUp,
  '17 3 * * *': tendDaily,
}

/** Runs what a cron is for. */
export async function runScheduled(platform: Platform, cron: string): Promise<void> {
  const run = JOBS[cron]
  if (!run) throw new Error(`no job belongs to the cron ${cron}`)
  await run(platform)
}

/** Rotates the signing keys and logs the size of the database. Neither keeps the other from its work. */
async function tendDaily(platform: Platform): Promise<void> {
  const jobs = await Promise.allSettled([rotateSigningKeys(platform), reportDatabaseSize(platform)])
  for (const job of jobs) if (job.status === 'rejected') throw job.reason
}
