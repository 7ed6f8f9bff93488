import type { Recording } from '../../platform/platform.ts'
import type { Account } from '../../storage/accounts/accounts.ts'
import { bySelf } from '../../storage/actors.ts'
import { auditStatement } from '../../storage/audit.ts'
import { type Condition, whenAll } from '../../storage/conditions.ts'
import { deleteRemovalStatements, whenRemovalWaits } from '../../storage/factors/removals.ts'

/** Stops the removal of a user's factors, if one waits and `when` holds: the user was there, and can still use one. */
export function stopRemovalStatements(
  { db, now, requester }: Recording,
  account: Pick<Account, 'id'>,
  { why, when }: { why: 'mail' | 'strong login' | 'not me'; when: Condition },
) {
  const event = { type: 'factors.removal_stopped', at: now(), ...bySelf(account), details: { why } } as const
  return [
    auditStatement(db, event, requester, whenAll([when, whenRemovalWaits(account.id)])),
    ...deleteRemovalStatements(db, account.id, when),
  ] as const
}
