import { Refusal } from '../../errors.ts'
import type { Platform } from '../../platform/platform.ts'
import { auditStatement } from '../../storage/audit.ts'
import { throttleOf } from '../identifiers.ts'
import { readDevice } from '../login/login.ts'
import type { CallerWithCredentials } from '../sessions/authentication.ts'

/**
 * Asks somebody who is signed in for the password once more, under the same throttle as a login. One that has to be set
 * anew proves nothing.
 * @throws {Refusal} `invalid_credentials`, `login_throttled`.
 */
export async function provePassword(
  deps: Pick<Platform, 'db' | 'now' | 'requester' | 'settings' | 'loginThrottle'>,
  { account, credentials, deviceToken }: CallerWithCredentials,
  password: string,
): Promise<void> {
  const deviceId = readDevice(deps, account.id, deviceToken)
  const isBarred = credentials.passwordResetRequiredAt !== null
  const attempt = await throttleOf(deps, account).attempt({
    password,
    hash: credentials.passwordHash,
    deviceId,
    isBarred,
  })
  if (attempt.outcome === 'right' && !isBarred) return
  const event = { at: deps.now(), actorId: account.id, userId: account.id }
  if (attempt.outcome === 'throttled') {
    const { retryAfterSeconds } = attempt
    if (attempt.isFirst)
      await auditStatement(
        deps.db,
        { ...event, type: 'reauthentication.throttled', details: { retryAfterSeconds } },
        deps.requester,
      )
    throw new Refusal('login_throttled', { retryAfterSeconds })
  }
  const reason = attempt.outcome === 'wrong' ? 'wrong password' : 'password_reset_required'
  const details = { reason }
  await auditStatement(deps.db, { ...event, type: 'reauthentication.failed', details }, deps.requester)
  throw new Refusal('invalid_credentials', { reason })
}
