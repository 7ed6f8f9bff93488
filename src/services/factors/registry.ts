import type { MfaMethod, StepUpMethod } from '../../contracts/login.ts'
import type { Platform } from '../../platform/platform.ts'
import type { Account } from '../../storage/accounts/accounts.ts'
import { type Condition, whenAny, whenNot } from '../../storage/conditions.ts'
import { type FactorState, whenUnverified } from '../../storage/factors/state.ts'
import type { Factor } from './factor.ts'
import { mailedCode } from './mailed-code.ts'
import { passkey } from './passkeys/passkey.ts'
import { recoveryCode } from './recovery-codes.ts'
import { totp } from './totp.ts'

/** Every factor there is. Code that depends on the factors of an account asks here and names no factor itself. */
export const FACTORS: readonly Factor[] = [totp, passkey, recoveryCode, mailedCode]

type Settings = Pick<Platform, 'settings'>

/** Lists what an account can show beside the password at a login. The list is empty where no second factor is set. */
export function secondFactorsOf({ settings }: Settings, account: Account): MfaMethod[] {
  if (!hasStrongFactor(account)) return []
  return factorsOf(account, ({ isFallback }) => !isFallback || settings.mfaEmailFallback)
}

/**
 * Lists what somebody who is signed in can show to prove once more who they are. It is the same as at a login, and a
 * mailed code where no strong factor is set: it is the only way of an account that has no password either.
 */
export function stepUpFactorsOf(deps: Settings, account: Account): MfaMethod[] {
  return hasStrongFactor(account) ? secondFactorsOf(deps, account) : factorsOf(account, ({ isFallback }) => isFallback)
}

/**
 * Lists the ways in which somebody who is signed in can prove once more who they are, and there is always one. A
 * password counts where no strong factor is set. A mailed code is left to an account that has no password: somebody
 * else who could set a new one by mail would be noticed, because that ends every session.
 */
export function stepUpMethodsOf(deps: Settings, account: Account): StepUpMethod[] {
  return account.hasPassword && !hasStrongFactor(account) ? ['password'] : stepUpFactorsOf(deps, account)
}

/** Finds the factor that is shown by this method; the answer is null where the account cannot show it at a login. */
export function findSecondFactor(deps: Settings, account: Account, method: MfaMethod): Factor | null {
  return secondFactorsOf(deps, account).includes(method) ? findFactor(method) : null
}

/** Does the same where somebody is signed in. */
export function findStepUpFactor(deps: Settings, account: Account, method: MfaMethod): Factor | null {
  return stepUpFactorsOf(deps, account).includes(method) ? findFactor(method) : null
}

export const hasStrongFactor = (account: Pick<Account, 'factors'>): boolean =>
  FACTORS.some(({ isStrong, isSet }) => isStrong && isSet(account))

/** Holds where the account has a strong factor, at the place of a statement in its batch. */
export const whenStrongFactorIsSet = (userId: string | Condition): Condition =>
  whenAny(FACTORS.flatMap(({ whenSet }) => whenSet?.(userId) ?? []))

/** Holds where the account has this strong factor or, for `none`, no strong factor at all. */
export const whenFactorIs = (wanted: MfaMethod | 'none', userId: string | Condition): Condition =>
  wanted === 'none' ? whenNot(whenStrongFactorIsSet(userId)) : (findFactor(wanted)?.whenSet?.(userId) ?? whenAny([]))

/** Gives the subquery of the ids of all who have this strong factor; null where there is none. */
export const factorOwners = (wanted: MfaMethod | 'none'): Condition | null =>
  wanted === 'none' ? null : (findFactor(wanted)?.owners ?? null)

const findFactor = (wanted: MfaMethod) => FACTORS.find(({ method }) => method === wanted) ?? null

const factorsOf = (account: Account, isMeant: (factor: Factor) => boolean) =>
  FACTORS.filter((factor) => factor.isSet(account) && isMeant(factor)).map(({ method }) => method)

/** Describes the factors of an account for its profile. */
export const describeFactors = (account: Account): FactorState =>
  Object.assign({}, account.factors, ...FACTORS.map((factor) => factor.describe?.(account)))

/**
 * Removes every factor from an account whose address nobody has verified, if `when` holds, because a stranger may have
 * set them. The factors of a verified account stay, because its mailbox alone would otherwise open it
 * (docs/decisions/0015-proven-access.md). These statements come before the one of the batch that verifies the address.
 */
export function removeUnprovenFactorsStatements(db: Platform['db'], userId: string | Condition, when: Condition) {
  return FACTORS.flatMap((factor) => factor.remove?.(db, userId, whenUnverified(userId, when)) ?? [])
}

/** Removes every factor of an account, if `when` holds. */
export function removeFactorsStatements(db: Platform['db'], userId: string, when: Condition) {
  return FACTORS.flatMap((factor) => factor.remove?.(db, userId, when) ?? [])
}

/** Lists the factors that open an account without a password. One of them is enough to unlink the last provider. */
export function factorsThatOpenAlone(userId: string): Condition[] {
  return FACTORS.flatMap((factor) => factor.whenOpensAlone?.(userId) ?? [])
}
