import type { MfaMethod } from '../../contracts/login.ts'
import type { Platform, Reading } from '../../platform/platform.ts'
import type { Account } from '../../storage/accounts/accounts.ts'
import type { Statement } from '../../storage/batch.ts'
import type { Condition } from '../../storage/conditions.ts'
import type { OneTimeToken } from '../../storage/one-time-tokens.ts'

/** What somebody shows to prove a second factor. */
export interface ShownFactor {
  account: Account
  /** The ticket of the login that waits for the factor. The guess is counted before anything is compared. */
  token: OneTimeToken
  code: string
}

/**
 * One way to show a second factor. Each factor has a file of its own and a line in `registry.ts`, and all other code
 * reaches it through that registry (docs/decisions/0017-factors.md).
 */
export interface Factor {
  method: MfaMethod
  /** The authentication method that the session names after this factor was shown (RFC 8176). */
  amr: string
  /** Tells whether this account can show the factor. */
  isSet(account: Account): boolean
  /** Tells whether the factor was shown. A factor reads its own secrets, because no account object carries them. */
  verify(deps: Reading, shown: ShownFactor): Promise<boolean>
  /** Removes the factor from an account, if `when` holds at the statement's place in the batch. */
  remove(db: Platform['db'], userId: string | Condition, when: Condition): Statement
  /**
   * Holds where this factor alone opens the account. A factor that is only asked for beside a password has no such
   * condition.
   */
  whenOpensAlone?(userId: string): Condition
}
