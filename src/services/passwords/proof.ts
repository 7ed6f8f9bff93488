import { Refusal } from '../../errors.ts'
import type { TryingPasswords } from '../../platform/platform.ts'
import { bySelf } from '../../storage/actors.ts'
import { auditStatement } from '../../storage/audit.ts'
import { readDevice } from '../login/login.ts'
import type { CallerWithCredentials } from '../sessions/authentication.ts'
import { tryPassword } from './attempt.ts'

/**
 * Asks somebody who is signed in for the password once more, under the same throttle as a login. A password that has to
 * be set anew proves nothing.
 * @throws {Refusal} `invalid_credentials`, `login_throttled`.
 */
export async function provePassword(
  deps: TryingPasswords,
  { account, credentials, deviceToken }: CallerWithCredentials,
  password: string,
): Promise<void> {
  const actors = bySelf(account)
  const attempted = await tryPassword(deps, {
    password,
    owner: { account, credentials },
    identifier: account,
    deviceId: readDevice(deps, account.id, deviceToken),
    bar: credentials.passwordResetRequiredAt === null ? null : 'password_reset_required',
    event: { occasion: 'reauthentication', ...actors },
  })
  if (attempted.isRight) return
  const reason = attempted.bar ?? 'wrong password'
  const event = { type: 'reauthentication.failed', at: deps.now(), ...actors, details: { reason } } as const
  await auditStatement(deps.db, event, deps.requester)
  throw new Refusal('invalid_credentials', { reason })
}
