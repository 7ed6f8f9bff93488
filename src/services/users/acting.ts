import { missingFrom } from '../../domain/permissions.ts'
import { Refusal, type RefusalCode } from '../../errors.ts'
import type { EndingSessions, Mailing, Reading } from '../../platform/platform.ts'
import type { Account } from '../../storage/accounts/accounts.ts'
import { findUserStatement } from '../../storage/accounts/users.ts'

/** What an administrator needs to act upon somebody's account. */
export type Administering = Mailing & EndingSessions & Pick<Reading, 'settings'>

/** Finds the account that an administrator wants to act upon. @throws {Refusal} `not_found`. */
export async function findUser(deps: Pick<Reading, 'db'>, id: string): Promise<Account> {
  const [user] = await findUserStatement(deps.db, id)
  if (!user) throw new Refusal('not_found')
  return user
}

/**
 * Says why an administrator could not act upon an account: it is gone, it holds more permissions than they, or
 * `otherwise`.
 */
export function explainRefusal(
  admin: Account,
  user: Account | undefined,
  otherwise: RefusalCode = 'permission_not_held',
): Refusal {
  if (!user) return new Refusal('not_found')
  return new Refusal(missingFrom(admin.permissions, user.permissions).length > 0 ? 'permission_not_held' : otherwise)
}
