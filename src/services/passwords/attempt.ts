import { Refusal } from '../../errors.ts'
import type { TryingPasswords } from '../../platform/platform.ts'
import type { Account, Identifier } from '../../storage/accounts/accounts.ts'
import type { Credentials, Rehash } from '../../storage/accounts/credentials.ts'
import type { Actors } from '../../storage/actors.ts'
import { auditStatement } from '../../storage/audit.ts'
import { throttleOf } from '../identifiers.ts'
import type { LoginBar } from '../login/refusal.ts'
import { readUsableHash } from './hash-parameters.ts'

/** A password that somebody typed, and what is known of the account it is tried for. */
interface PasswordAttempt {
  password: string
  /** It is null where no account has that name. */
  owner: { account: Account; credentials: Credentials } | null
  /** The name that the throttle goes by where there is no account. */
  identifier: Identifier
  deviceId: string | null
  /** How long a wrong password takes at least; 0 where the caller knows the account anyway. */
  floorMs: number
  /** What keeps even the right password from signing in. */
  bar: LoginBar | null
  /** How the audit trail records the attempt, and who made it. */
  event: Actors & { occasion: 'login' | 'step_up' | 'reauthentication' }
}

/**
 * The outcome of an attempt. `bar` is null for a wrong password, because whoever does not know the password must not
 * learn of a bar.
 */
type AttemptedPassword = { isRight: true; rehash: Rehash | null } | { isRight: false; bar: LoginBar | null }

/**
 * Tries a password under the throttle of its account. The attempt costs the same where there is no account. When the
 * throttle refuses several attempts in a row, only the first is audited, because anybody can make more of them.
 * @throws {Refusal} `login_throttled`.
 */
export async function tryPassword(
  deps: TryingPasswords,
  { password, owner, identifier, deviceId, floorMs, bar, event }: PasswordAttempt,
): Promise<AttemptedPassword> {
  const stored = owner?.credentials.passwordHash ?? null
  const hash = owner && (await readUsableHash(deps, owner.credentials))
  const throttle = throttleOf(deps, owner?.account ?? identifier)
  const attempt = await throttle.attempt({ password, hash, deviceId, isBarred: bar !== null, floorMs })
  if (attempt.outcome === 'throttled') {
    const { retryAfterSeconds, isFirst } = attempt
    const { occasion, ...actors } = event
    const throttled = {
      type: `${occasion}.throttled`,
      at: deps.now(),
      ...actors,
      details: { retryAfterSeconds },
    } as const
    if (isFirst) await auditStatement(deps.db, throttled, deps.requester)
    throw new Refusal('login_throttled', { retryAfterSeconds })
  }
  if (attempt.outcome !== 'right' || bar !== null || stored === null)
    return { isRight: false, bar: attempt.outcome === 'wrong' ? null : bar }
  return { isRight: true, rehash: attempt.rehash === null ? null : { oldHash: stored, newHash: attempt.rehash } }
}
