import type { Platform } from '../../platform/platform.ts'
import type { Account } from '../../storage/accounts/accounts.ts'
import { bySelf } from '../../storage/actors.ts'
import { auditStatement } from '../../storage/audit.ts'
import type { Condition } from '../../storage/conditions.ts'
import { noticeTo } from '../notices.ts'

/**
 * Records that an account is kept because its owner has signed in, and tells them, if `when` holds. The login itself
 * takes the date of the deletion back.
 */
export function stopDeletionStatements(
  deps: Pick<Platform, 'db' | 'requester'>,
  account: Account,
  { at, when }: { at: number; when: Condition },
) {
  const notice = noticeTo(deps, account, { kind: 'deletion_stopped', at, when })
  const event = { type: 'user.deletion_stopped', at, ...bySelf(account) } as const
  return { id: notice.id, statements: [auditStatement(deps.db, event, deps.requester, when), ...notice.statements] }
}
