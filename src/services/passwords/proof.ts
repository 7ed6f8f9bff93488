import { Refusal } from '../../errors.ts'
import type { TryingPasswords } from '../../platform/platform.ts'
import { bySelf } from '../../storage/actors.ts'
import { auditStatement } from '../../storage/audit.ts'
import { readDevice } from '../login/device.ts'
import type { CallerWithCredentials } from '../sessions/authentication.ts'
import { assertRecentLogin } from '../sessions/standing.ts'
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
  occasion: 'step_up' | 'reauthentication' = 'reauthentication',
): Promise<void> {
  const actors = bySelf(account)
  const attempted = await tryPassword(deps, {
    password,
    owner: { account, credentials },
    identifier: account,
    deviceId: readDevice(deps, account.id, deviceToken),
    floorMs: 0,
    bar: credentials.passwordResetRequiredAt === null ? null : 'password_reset_required',
    event: { occasion, ...actors },
  })
  if (attempted.isRight) return
  const reason = attempted.bar ?? 'wrong password'
  const event = { type: `${occasion}.failed`, at: deps.now(), ...actors, details: { reason } } as const
  await auditStatement(deps.db, event, deps.requester)
  throw new Refusal('invalid_credentials', { reason })
}

/**
 * Asks somebody who is signed in for the password once more, or, where they send none, for a recent login. Whether the
 * account's strong factor was shown recently is for the guard of the route to ask.
 * @throws {Refusal} `step_up_required`, `invalid_credentials`, `login_throttled`.
 */
export async function proveAgain(
  deps: TryingPasswords,
  caller: CallerWithCredentials,
  password: string | undefined,
): Promise<void> {
  if (password === undefined) assertRecentLogin(deps, caller)
  else await provePassword(deps, caller, password)
}
