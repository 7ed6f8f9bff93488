import type { MfaMethod } from '../../contracts/login.ts'
import type { Platform } from '../../platform/platform.ts'
import type { Account } from '../../storage/accounts/accounts.ts'
import type { Condition } from '../../storage/conditions.ts'
import { whenUnverified } from '../../storage/factors/state.ts'
import type { Factor } from './factor.ts'
import { mailedCode } from './mailed-code.ts'
import { passkey } from './passkeys/passkey.ts'
import { totp } from './totp.ts'

/** Every factor there is. Code that depends on the factors of an account asks here and names no factor itself. */
const FACTORS: readonly Factor[] = [totp, passkey, mailedCode]

/** Lists what an account can show beside the password at a login. The list is empty where no second factor is set. */
export function secondFactorsOf(account: Account): MfaMethod[] {
  const set = FACTORS.filter((factor) => factor.isSet(account))
  return set.some(({ isStrong }) => isStrong) ? set.map(({ method }) => method) : []
}

/** Finds the factor that is shown by this method; the answer is null where the account cannot show it. */
export function findSecondFactor(account: Account, method: MfaMethod): Factor | null {
  return secondFactorsOf(account).includes(method) ? (FACTORS.find((factor) => factor.method === method) ?? null) : null
}

/**
 * Removes every factor from an account whose address nobody has verified, if `when` holds, because a stranger may have
 * set them. The factors of a verified account stay, because its mailbox alone would otherwise open it
 * (docs/decisions/0015-proven-access.md). These statements come before the one of the batch that verifies the address.
 */
export function removeUnprovenFactorsStatements(db: Platform['db'], userId: string | Condition, when: Condition) {
  return FACTORS.flatMap((factor) => factor.remove?.(db, userId, whenUnverified(userId, when)) ?? [])
}

/** Lists the factors that open an account without a password. One of them is enough to unlink the last provider. */
export function factorsThatOpenAlone(userId: string): Condition[] {
  return FACTORS.flatMap((factor) => factor.whenOpensAlone?.(userId) ?? [])
}
