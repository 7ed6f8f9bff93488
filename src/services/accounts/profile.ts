import type { User } from '../../contracts/users.ts'
import { toTimestamp } from '../../domain/timestamp.ts'
import { Refusal } from '../../errors.ts'
import type { EndingSessions, Mailing, Platform, Recording, TryingPasswords } from '../../platform/platform.ts'
import { type Account, deleteAccountStatement, updateProfileStatement } from '../../storage/accounts/accounts.ts'
import { findUserStatement } from '../../storage/accounts/users.ts'
import { bySelf } from '../../storage/actors.ts'
import { auditStatement, whenRecorded } from '../../storage/audit.ts'
import { inOneBatch } from '../../storage/batch.ts'
import { whenAll, whenUserExists } from '../../storage/conditions.ts'
import { removePictureStatement } from '../../storage/pictures.ts'
import { whenAdminRemains } from '../../storage/roles.ts'
import { endSessionsStatement } from '../../storage/sessions/sessions.ts'
import { describeFactors } from '../factors/registry.ts'
import { newId } from '../identifiers.ts'
import { noticeTo } from '../notices.ts'
import { proveAgain } from '../passwords/proof.ts'
import { pictureUrl } from '../pictures/url.ts'
import type { CallerWithCredentials } from '../sessions/authentication.ts'
import { revokeSessions } from '../sessions/ending.ts'
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

/**
 * Deletes the caller's account and all that belongs to it. It asks for a recent login, or for the password.
 * @throws {Refusal} `step_up_required`, `invalid_credentials`, `login_throttled`, `last_admin`.
 */
export async function deleteAccount(
  deps: TryingPasswords & Mailing & EndingSessions,
  caller: CallerWithCredentials,
  password: string | undefined,
): Promise<void> {
  const { db, requester } = deps
  const { account, session } = caller
  const now = deps.now()
  await proveAgain(deps, caller, password)
  const eventId = newId()
  const whenDeleted = whenRecorded(eventId)
  const notice = noticeTo(deps, account, {
    kind: 'account_deleted',
    at: now,
    when: whenDeleted,
    hasRequestFacts: false,
  })
  const event = { id: eventId, type: 'user.deleted', at: now, ...bySelf(account) } as const
  const { audit, ended, left } = await inOneBatch(db, {
    audit: auditStatement(db, event, requester, whenAll([whenUserExists(account.id), whenAdminRemains(account.id)])),
    ended: endSessionsStatement(db, account.id, { when: whenDeleted }),
    notice: notice.statements,
    picture: removePictureStatement(db, account.id, { at: now, when: whenDeleted }),
    account: deleteAccountStatement(db, account.id, whenDeleted),
    left: findUserStatement(db, account.id),
  })
  if (left.length > 0) throw new Refusal('last_admin')
  if (audit.meta.changes === 0) return
  await revokeSessions(deps, [session, ...ended.filter(({ id }) => id !== session.id)])
  await deps.announceMails([notice.id])
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
