import type { User } from '../../contracts/users.ts'
import { toTimestamp } from '../../domain/timestamp.ts'
import type { Platform, Recording } from '../../platform/platform.ts'
import { type Account, updateProfileStatement } from '../../storage/accounts/accounts.ts'
import { bySelf } from '../../storage/actors.ts'
import { auditStatement } from '../../storage/audit.ts'
import { inOneBatch } from '../../storage/batch.ts'
import { describeFactors } from '../factors/registry.ts'
import { pictureUrl } from '../pictures/url.ts'
import { refuseTaken, USERNAME_TAKEN } from '../taken.ts'

/** Changes the caller's name and username. @throws {Refusal} `username_taken`. */
export async function changeProfile(
  deps: Recording & Pick<Platform, 'settings'>,
  account: Account,
  changes: { name?: string | null | undefined; username?: string | null | undefined },
): Promise<User> {
  const changed = Object.keys(changes)
  if (changed.length === 0) return toUser(deps, account)
  const { db } = deps
  const event = { type: 'user.updated', at: deps.now(), ...bySelf(account), details: { changed } } as const
  await refuseTaken(
    inOneBatch(db, {
      account: updateProfileStatement(db, account.id, changes),
      audit: auditStatement(db, event, deps.requester),
    }),
    USERNAME_TAKEN,
  )
  const { name = account.name, username = account.username } = changes
  return toUser(deps, { ...account, name, username })
}

/** Describes an account as its owner and admins see it. */
export function toUser({ settings }: Pick<Platform, 'settings'>, account: Account): User {
  return {
    id: account.id,
    email: account.email,
    emailVerified: account.emailVerifiedAt !== null,
    username: account.username,
    name: account.name,
    pictureUrl: pictureUrl(settings, account),
    status: account.status,
    roles: account.roles,
    permissions: account.permissions,
    mfa: describeFactors(account),
    providers: account.providers,
    createdAt: toTimestamp(account.createdAt),
    lastSeenAt: toTimestamp(account.lastSeenAt),
  }
}
