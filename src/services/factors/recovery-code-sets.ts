import { RECOVERY_CODES } from '../../config.ts'
import { makeRecoveryCode, readRecoveryCode } from '../../crypto/recovery-code.ts'
import { Refusal } from '../../errors.ts'
import type { EndingSessions, Mailing, Platform, Reading } from '../../platform/platform.ts'
import type { Account } from '../../storage/accounts/accounts.ts'
import { inOneBatch } from '../../storage/batch.ts'
import { type Condition, whenNot } from '../../storage/conditions.ts'
import {
  deleteRecoveryCodesStatement,
  insertRecoveryCodesStatement,
  whenNoRecoveryCodes,
} from '../../storage/factors/recovery-codes.ts'
import { throttleOf } from '../identifiers.ts'
import type { Caller } from '../sessions/authentication.ts'
import { factorChange } from './changes.ts'
import { hasStrongFactor, whenStrongFactorIsSet } from './registry.ts'

type MakingCodes = Reading & Pick<Platform, 'loginThrottle'>

/** Makes codes for an account, and the statement that keeps their hashes if `when` holds at its place in the batch. */
async function makeCodes(deps: MakingCodes, account: Account, { at, when }: { at: number; when: Condition }) {
  const codes = Array.from({ length: RECOVERY_CODES }, makeRecoveryCode)
  const hashes = await throttleOf(deps, account).hashRecoveryCodes(codes.map((code) => readRecoveryCode(code) ?? code))
  return {
    codes,
    statement: insertRecoveryCodesStatement(deps.db, { userId: account.id, hashes, createdAt: at }, when),
  }
}

/**
 * Makes the recovery codes of an account that gets its first strong factor; null where it has one already. The
 * statement joins the batch that adds the factor. The codes may be shown only if it inserted rows, because another
 * factor may have been the first at the same moment.
 */
export async function makeFirstCodes(
  deps: MakingCodes,
  account: Account,
  { at, when }: { at: number; when: Condition },
): Promise<Awaited<ReturnType<typeof makeCodes>> | null> {
  if (hasStrongFactor(account)) return null
  return await makeCodes(deps, account, { at, when: whenNoRecoveryCodes(account.id, when) })
}

/** Removes the recovery codes of an account in which no strong factor is left that they could stand in for. */
export function dropUselessCodesStatement(db: Platform['db'], userId: string) {
  return deleteRecoveryCodesStatement(db, userId, whenNot(whenStrongFactorIsSet(userId)))
}

/**
 * Replaces the recovery codes of the caller's account. The old ones stop working, and the new ones are shown this once.
 * @throws {Refusal} `no_second_factor` where there is no strong factor that they could stand in for.
 */
export async function replaceRecoveryCodes(
  deps: MakingCodes & Mailing & EndingSessions,
  caller: Pick<Caller, 'account' | 'session'>,
): Promise<string[]> {
  const { db } = deps
  const { account } = caller
  const at = deps.now()
  const when = whenStrongFactorIsSet(account.id)
  if (!hasStrongFactor(account)) throw new Refusal('no_second_factor')
  const made = await makeCodes(deps, account, { at, when })
  const change = factorChange(deps, caller, { change: 'added', method: 'recovery_code', at, when })
  const { inserted } = await inOneBatch(db, {
    dropped: deleteRecoveryCodesStatement(db, account.id, when),
    inserted: made.statement,
    ...change.statements,
  })
  if (inserted.length === 0) throw new Refusal('no_second_factor')
  await change.finish(null)
  return made.codes
}
