import type { MfaMethod } from '../../contracts/login.ts'
import type { Platform } from '../../platform/platform.ts'
import type { Account } from '../../storage/accounts/accounts.ts'
import type { Condition } from '../../storage/conditions.ts'
import { whenUnverified } from '../../storage/factors.ts'
import type { Factor } from './factor.ts'
import { mailedCode } from './mailed-code.ts'

/** Every factor there is. Whatever depends on the factors of an account asks here, and names none itself. */
const FACTORS: readonly Factor[] = [mailedCode]

/** What can stand beside the password at a login; empty where the account has set no second factor. */
export function secondFactorsOf(account: Account): MfaMethod[] {
  return FACTORS.filter((factor) => factor.isSet(account)).map(({ method }) => method)
}

/** The factor that is shown by this method; null where the account cannot show it. */
export function findSecondFactor(account: Account, method: MfaMethod): Factor | null {
  return FACTORS.find((factor) => factor.method === method && factor.isSet(account)) ?? null
}

/**
 * Takes every factor from an account whose address nobody has verified, if `when` holds: a stranger may have set them.
 * Those of a verified account stay, or its mailbox would be enough (docs/decisions/0015-proven-access.md). They come
 * before the statement of the batch that verifies the address.
 */
export function removeUnprovenFactorsStatements(db: Platform['db'], userId: string | Condition, when: Condition) {
  return FACTORS.map((factor) => factor.remove(db, userId, whenUnverified(userId, when)))
}

/** The factors that open an account without a password; one of them is enough to unlink the last provider. */
export function factorsThatOpenAlone(userId: string): Condition[] {
  return FACTORS.flatMap((factor) => factor.whenOpensAlone?.(userId) ?? [])
}
