import { readRecoveryCode } from '../../crypto/recovery-code.ts'
import type { Account } from '../../storage/accounts/accounts.ts'
import { bySelf } from '../../storage/actors.ts'
import { auditStatement } from '../../storage/audit.ts'
import {
  codesLeftAfterUse,
  deleteRecoveryCodesStatement,
  readRecoveryCodeHashes,
  spendRecoveryCodeStatement,
  whenRecoveryCodeExists,
} from '../../storage/factors/recovery-codes.ts'
import { throttleOf } from '../identifiers.ts'
import { noticeTo } from '../notices.ts'
import type { Factor, ProvenFactor, VerifyingFactors } from './factor.ts'

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
    return hash === null ? null : toProven(deps, account, hash)
  },
  remove: deleteRecoveryCodesStatement,
}

/** A code that is used up tells the owner how many are left. */
function toProven(deps: VerifyingFactors, account: Account, hash: string): ProvenFactor {
  const { db, requester } = deps
  const at = deps.now()
  return {
    methods: ['otp'],
    whenUnused: whenRecoveryCodeExists(account.id, hash),
    factorsAfter: { ...account.factors, recoveryCodesLeft: account.factors.recoveryCodesLeft - 1 },
    use: (when) => {
      const found = { left: codesLeftAfterUse(account.id) }
      const notice = noticeTo(deps, account, { kind: 'recovery_code_used', at, when, found })
      const event = { type: 'factor.recovery_code_used', at, ...bySelf(account) } as const
      const statements = [
        ...notice.statements,
        auditStatement(db, event, requester, when),
        spendRecoveryCodeStatement(db, { userId: account.id, hash }, when),
      ]
      return { statements, mails: [notice.id] }
    },
  }
}
