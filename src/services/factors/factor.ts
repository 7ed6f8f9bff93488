import type { MfaMethod } from '../../contracts/login.ts'
import type { Mailing, Platform, Reading } from '../../platform/platform.ts'
import type { Account } from '../../storage/accounts/accounts.ts'
import type { Statement } from '../../storage/batch.ts'
import type { Condition } from '../../storage/conditions.ts'
import type { FactorState } from '../../storage/factors/state.ts'
import type { OneTimeToken } from '../../storage/one-time-tokens.ts'

/** What somebody shows to prove a factor. */
export interface ShownFactor {
  account: Account
  /** The token whose mail carried the code: that of a login or a step-up. Null where nothing was mailed. */
  token: OneTimeToken | null
  /** A code that was typed, or what a passkey has signed for the challenge of a ticket. */
  proof: { code: string } | { ticket: string; response: unknown }
}

/**
 * What was proven by a factor, and how it is used up: in the batch that it opens something by, so that a batch which
 * fails uses nothing up, and of two that race one opens something.
 */
export interface ProvenFactor {
  /** RFC 8176. */
  methods: readonly string[]
  /** Holds until it is used up. */
  whenUnused: Condition
  /** The factors that the account has once it is used up, where they are others then. */
  factorsAfter?: FactorState
  /** Uses it up, where what it is shown for took place, and names the mails that are to be announced after that. */
  use(when: Condition): { statements: readonly Statement[]; mails: readonly string[] }
}

export type VerifyingFactors = Reading & Mailing & Pick<Platform, 'loginThrottle'>

/**
 * One way to show a second factor. Each factor has a file of its own and a line in `registry.ts`, and all other code
 * reaches it through that registry (docs/decisions/0017-factors.md).
 */
export interface Factor {
  method: MfaMethod
  /**
   * It is true for a factor that makes logins ask for a second one. The others only stand in for such a factor, and are
   * never asked for without one.
   */
  isStrong: boolean
  /**
   * It is true for a factor that stands in for a strong one only where the deployment allows it
   * (`MFA_EMAIL_FALLBACK`), because it is weaker than what its owner chose.
   */
  isFallback: boolean
  /**
   * It is true where what is shown can be found by trying. Tries then draw on a budget. What nobody can guess has none:
   * a budget would only help somebody who wants to lock the owner out.
   */
  isGuessable: boolean
  /** Tells whether this account can show the factor. */
  isSet(account: Pick<Account, 'factors'>): boolean
  /** Gives what the profile of the account says about the factor, and nothing that it is verified by. */
  describe?(account: Account): Partial<FactorState>
  /**
   * Checks what was shown. It writes nothing. A factor reads its own secrets, because no account object carries them.
   */
  verify(deps: VerifyingFactors, shown: ShownFactor): Promise<ProvenFactor | null>
  /** Holds where this strong factor is set, at the place of a statement in its batch. */
  whenSet?(userId: string | Condition): Condition
  /** The subquery of the ids of all who have set this strong factor. */
  owners?: Condition
  /** Removes the factor from an account, if `when` holds at the statement's place in the batch. */
  remove?(db: Platform['db'], userId: string | Condition, when: Condition): Statement
  /**
   * Holds where this factor alone opens the account. A factor that is only asked for beside a password has no such
   * condition.
   */
  whenOpensAlone?(userId: string): Condition
}
