import { MAIL_SWEEP_AFTER_SECONDS } from '../config.ts'
import type { Platform } from '../platform/compose.ts'
import { cleanUp } from '../services/housekeeping.ts'
import { sweepOutbox } from '../services/mail-delivery.ts'
import { rotateSigningKeys } from '../services/signing-key-periods.ts'

const DAILY = '17 3 * * *'

/** Runs what a cron is for: the outbox every minute, keys and expired rows once a day, whether or not the other fails. */
export async function runScheduled(platform: Platform, cron: string): Promise<void> {
  if (cron !== DAILY) return await sweepOutbox(platform, platform.now() - MAIL_SWEEP_AFTER_SECONDS * 1000)
  const [rotated, cleaned] = await Promise.allSettled([rotateSigningKeys(platform), cleanUp(platform)])
  for (const job of [rotated, cleaned]) if (job.status === 'rejected') throw job.reason
}
