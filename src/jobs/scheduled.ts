import { MAIL_SWEEP_AFTER_SECONDS } from '../config.ts'
import type { Platform } from '../platform/platform.ts'
import { cleanUp, reportDatabaseSize } from '../services/housekeeping.ts'
import { sweepOutbox } from '../services/mail.ts'
import { rotateSigningKeys } from '../services/signing-keys/periods.ts'

const HOURLY = '47 * * * *'
const DAILY = '17 3 * * *'

/**
 * Runs what a cron is for: the outbox every minute, what has run out every hour, the keys and the database's size once
 * a day. Each is a run of its own, because a run on the free plan may make 50 queries.
 */
export async function runScheduled(platform: Platform, cron: string): Promise<void> {
  if (cron === HOURLY) return await cleanUp(platform)
  if (cron !== DAILY) return await sweepOutbox(platform, platform.now() - MAIL_SWEEP_AFTER_SECONDS * 1000)
  const jobs = await Promise.allSettled([rotateSigningKeys(platform), reportDatabaseSize(platform)])
  for (const job of jobs) if (job.status === 'rejected') throw job.reason
}
