import { readRecoveryCode } from '../../crypto/recovery-code.ts'
import type { Account } from '../../storage/accounts/accounts.ts'
import { bySelf } from '../../storage/actors.ts'
import { auditStatement } from '../../storage/audit.ts'
import { inOneBatch } from '../../storage/batch.ts'
import {
  codesLeftAfterUse,
  deleteRecoveryCodesStatement,
  readRecoveryCodeHashes,
  spendRecoveryCodeStatement,
  whenRecoveryCodeExists,
} from '../../storage/factors/recovery-codes.ts'
import { throttleOf } from '../identifiers.ts'
import { noticeTo } from '../notices.ts'
import type { Factor, VerifyingFactors } from './factor.ts'

/** The codes that an account is given with its first strong factor, each of which stands in for that factor once. */
export const recoveryCode: Factor = {
  method: 'recovery_code',
  isStrong: false,
  isFallback: false,
  isGuessable: false,
  isSet: ({ factors }) => factors.recoveryCodesLeft > 0,
  describe: ({ factors }) => ({ recoveryCodesLeft: factors.recoveryCodesLeft }),
  async verify(deps, { account, proof }) {
    const code = 'code' in proof ? readRecoveryCode(proof.code) : null
    if (code === null) return null
    const hashes = await readRecoveryCodeHashes(deps.db, account.id)
    const hash = await throttleOf(deps, account).findRecoveryCode(code, hashes)
    return hash !== null && (await spendCode(deps, account, hash)) ? ['otp'] : null
  },
  remove: deleteRecoveryCodesStatement,
}

/** Uses a code up and tells the owner how many are left. It answers false where another use was faster. */
async function spendCode(deps: VerifyingFactors, account: Account, hash: string): Promise<boolean> {
  const { db, requester } = deps
  const at = deps.now()
  const when = whenRecoveryCodeExists(account.id, hash)
  const notice = noticeTo(deps, account, {
    kind: 'recovery_code_used',
    at,
    when,
    found: { left: codesLeftAfterUse(account.id) },
  })
  const { spent } = await inOneBatch(db, {
    notice: notice.statements,
    audit: auditStatement(db, { type: 'factor.recovery_code_used', at, ...bySelf(account) }, requester, when),
    spent: spendRecoveryCodeStatement(db, account.id, hash),
  })
  if (spent.length === 0) return false
  await deps.announceMails([notice.id])
  return true
}
