import type { MfaMethod } from '../../contracts/login.ts'
import type { Platform, Reading } from '../../platform/platform.ts'
import type { Account } from '../../storage/accounts/accounts.ts'
import type { Statement } from '../../storage/batch.ts'
import type { Condition } from '../../storage/conditions.ts'
import type { OneTimeToken } from '../../storage/one-time-tokens.ts'

/** What somebody shows to prove a second factor. */
export interface ShownFactor {
  account: Account
  /** The ticket of what waits for the factor. The guess at it was counted before anything is compared. */
  token: OneTimeToken
  code: string
}

/**
 * One way to show a second factor. Each has a file of its own and a line in `registry.ts`, through which everybody else
 * asks for it (docs/decisions/0017-factors.md).
 */
export interface Factor {
  method: MfaMethod
  /** What the session says of it (RFC 8176). */
  amr: string
  /** Whether this account can show it. */
  isSet(account: Account): boolean
  /** Whether it was shown. A factor reads its own secrets: no account carries them. */
  verify(deps: Reading, shown: ShownFactor): Promise<boolean>
  /** Takes it from an account, if `when` holds at its place in the batch. */
  remove(db: Platform['db'], userId: string | Condition, when: Condition): Statement
  /**
   * Holds where the account can be entered by this factor alone. A factor that only stands beside a password has none.
   */
  whenOpensAlone?(userId: string): Condition
}
