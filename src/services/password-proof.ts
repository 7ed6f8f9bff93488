import { AuthError } from '../errors.ts'
import type { Platform } from '../platform/compose.ts'
import type { Account } from '../storage/accounts.ts'
import { auditStatement } from '../storage/audit-events.ts'
import { throttleOf } from './identifiers.ts'
import { readDevice } from './login.ts'

/**
 * Asks somebody who is signed in for the password once more, under the same throttle as a login.
 * @throws {AuthError} `invalid_credentials`, `login_throttled`.
 */
export async function provePassword(
  deps: Pick<Platform, 'db' | 'now' | 'client' | 'settings' | 'loginThrottle'>,
  { account, deviceToken }: { account: Account; deviceToken: string | null },
  password: string,
): Promise<void> {
  const deviceId = readDevice(deps, account.id, deviceToken)
  const attempt = await throttleOf(deps, account).attempt({
    password,
    hash: account.passwordHash,
    deviceId,
    isBarred: account.passwordResetRequiredAt !== null,
  })
  if (attempt.outcome === 'right') return
  const event = { at: deps.now(), actorId: account.id, userId: account.id }
  if (attempt.outcome === 'throttled') {
    const { retryAfterSeconds } = attempt
    if (attempt.isFirst)
      await auditStatement(deps.db, { ...event, type: 'login.throttled', details: { retryAfterSeconds } }, deps.client)
    throw new AuthError('login_throttled', { retryAfterSeconds })
  }
  const details = { reason: 'wrong password' }
  await auditStatement(deps.db, { ...event, type: 'login.failed', details }, deps.client)
  throw new AuthError('invalid_credentials', { reason: 'wrong password' })
}
