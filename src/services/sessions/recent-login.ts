import { RECENT_LOGIN_MAX_AGE_SECONDS } from '../../config.ts'
import { Refusal } from '../../errors.ts'
import type { Caller } from './authentication.ts'

/**
 * Asks for a login not long ago before something that cannot be undone (ASVS 7.5.1). An account without a password has
 * no step to take here: whoever signs in anew has a recent login.
 * @throws {Refusal} `step_up_required`, naming what would do.
 */
export function assertRecentLogin({ account, session }: Caller, nowMs: number): void {
  if (nowMs - session.authenticatedAt <= RECENT_LOGIN_MAX_AGE_SECONDS * 1000) return
  const methods = account.hasPassword ? ['password'] : []
  throw new Refusal('step_up_required', { members: { maxAgeSeconds: RECENT_LOGIN_MAX_AGE_SECONDS, methods } })
}
