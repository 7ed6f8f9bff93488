import type { Reading, Recording } from '../../platform/platform.ts'
import type { Account } from '../../storage/accounts/accounts.ts'
import { bySystem } from '../../storage/actors.ts'
import { auditStatement } from '../../storage/audit.ts'
import type { Condition } from '../../storage/conditions.ts'
import { grantRoleStatement, whenBootstrapIsDue } from '../../storage/roles.ts'
import { noticeTo } from '../notices.ts'

/**
 * Makes the account an admin if it has the address of `BOOTSTRAP_ADMIN_EMAIL`, nobody is an admin yet, and `when`
 * holds. `when` must stand for an act that proves the mailbox and, in the same batch, sets what signs in to the
 * account. The audit trail records the new admin, and the owner is told. A statement after which `when` no longer holds
 * must come after these.
 */
export function bootstrapStatements(
  deps: Reading & Recording,
  account: Pick<Account, 'id' | 'email' | 'locale'>,
  { how, when }: { how: 'password_reset' | 'email_verified' | 'provider'; when: Condition },
) {
  const { db, requester, settings } = deps
  if (account.email !== settings.bootstrapAdminEmail) return { mailIds: [], statements: [] }
  const now = deps.now()
  const { id: userId, email: address } = account
  const whenDue = whenBootstrapIsDue({ userId, address, when })
  const event = { type: 'role.granted', at: now, ...bySystem(account), details: { role: 'admin', how } } as const
  const notice = noticeTo(deps, account, { kind: 'role_granted', at: now, when: whenDue })
  return {
    mailIds: [notice.id],
    statements: [
      auditStatement(db, event, requester, whenDue),
      ...notice.statements,
      grantRoleStatement(db, { userId, role: 'admin' }, whenDue),
    ],
  }
}
