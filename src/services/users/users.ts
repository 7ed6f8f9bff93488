import type { PageQuery } from '../../contracts/lists.ts'
import type { SessionView } from '../../contracts/sessions.ts'
import type { UserChanges } from '../../contracts/user-administration.ts'
import type { User } from '../../contracts/users.ts'
import { placeOfRights } from '../../domain/ended-sessions.ts'
import { missingFrom } from '../../domain/permissions.ts'
import { Refusal } from '../../errors.ts'
import type { Reading } from '../../platform/platform.ts'
import { type Account, updateProfileStatement } from '../../storage/accounts/accounts.ts'
import { findUserStatement, setStatusStatement } from '../../storage/accounts/users.ts'
import { byAdmin } from '../../storage/actors.ts'
import { auditStatement, whenRecorded } from '../../storage/audit.ts'
import { inOneBatch } from '../../storage/batch.ts'
import { whenAll, whenSignedIn } from '../../storage/conditions.ts'
import {
  listRolesStatement,
  selectUserVersionStatement,
  setRolesStatements,
  whenMayActUpon,
  whenMayAssign,
  whenMayRemove,
} from '../../storage/roles.ts'
import { endSessionsStatement } from '../../storage/sessions/sessions.ts'
import { forgetDevicesStatement } from '../../storage/sessions/trusted-devices.ts'
import { deleteAccount } from '../accounts/deletion.ts'
import { toUser } from '../accounts/profile.ts'
import { newId } from '../identifiers.ts'
import { noticeTo } from '../notices.ts'
import type { Page } from '../paging.ts'
import { revokeSessions } from '../sessions/ending.ts'
import { listSessions } from '../sessions/list.ts'
import type { ReadAsCaller } from '../sessions/reading.ts'
import { refuseTaken, USERNAME_TAKEN } from '../taken.ts'
import { type Administering, explainRefusal, findUser } from './acting.ts'

/** @throws {Refusal} `not_found`. */
export async function readUser(
  deps: Pick<Reading, 'db' | 'settings'>,
  readAsCaller: ReadAsCaller,
  id: string,
): Promise<User> {
  const [user] = await readAsCaller(findUserStatement(deps.db, id))
  if (!user) throw new Refusal('not_found')
  return toUser(deps, user)
}

/** Lists a page of somebody's live sessions. @throws {Refusal} `not_found`, `invalid_request` as `listSessions`. */
export async function readUserSessions(
  deps: Reading,
  readAsCaller: ReadAsCaller,
  whose: { userId: string; sid: string },
  query: PageQuery,
): Promise<Page<SessionView>> {
  const page = await listSessions(deps, readAsCaller, whose, query)
  if (page.items.length === 0) await readUser(deps, readAsCaller, whose.userId)
  return page
}

/**
 * Changes an account's name, username or status. A deactivated account is signed out everywhere at once. The owner is
 * told of each of these.
 * @throws {Refusal} `not_found`, `permission_not_held`, `last_admin`, `username_taken`.
 */
export async function changeUser(deps: Administering, admin: Account, id: string, changes: UserChanges): Promise<User> {
  const { db, requester } = deps
  const user = await findUser(deps, id)
  const at = deps.now()
  const { status = user.status, ...profile } = changes
  const eventId = newId()
  const whenChanged = whenRecorded(eventId)
  const details = { changed: Object.keys(changes), ...(changes.status && { status }) }
  const event = { id: eventId, type: 'user.updated', at, ...byAdmin(admin, user), details } as const
  const isDeactivated = status === 'deactivated' && user.status === 'active'
  const isLetIn = status === 'active' && user.status === 'deactivated'
  const hasProfile = Object.keys(profile).length > 0
  const kinds = [
    ...(hasProfile ? (['profile_changed'] as const) : []),
    ...(isDeactivated ? (['account_deactivated'] as const) : []),
    ...(isLetIn ? (['account_reactivated'] as const) : []),
  ]
  const notices = kinds.map((kind) => noticeTo(deps, user, { kind, at, when: whenChanged, hasRequestFacts: false }))
  const by = { id: admin.id, permission: 'users:write' } as const
  const whenMay = isDeactivated ? whenMayRemove(by, id) : whenMayActUpon(by, id)
  const { audit, ended, found } = await refuseTaken(
    inOneBatch(db, {
      audit: auditStatement(db, event, requester, whenMay),
      profile: hasProfile ? updateProfileStatement(db, id, profile, whenChanged) : null,
      status: isDeactivated || isLetIn ? setStatusStatement(db, { id, status }, whenChanged) : null,
      ended: isDeactivated ? endSessionsStatement(db, id, { when: whenChanged }) : null,
      notices: notices.flatMap(({ statements }) => statements),
      found: findUserStatement(db, id),
    }),
    USERNAME_TAKEN,
  )
  const [changed] = found
  if (audit.meta.changes === 0 || !changed) throw explainRefusal(admin, changed, 'last_admin')
  await revokeSessions(deps, ended ?? [])
  await deps.announceMails(notices.map(({ id: noticeId }) => noticeId))
  return toUser(deps, changed)
}

/**
 * Deletes somebody's account and all that belongs to it, and tells them. It has no days of grace: whoever is removed
 * must not be able to undo that. What an administrator can take back is a deactivation.
 * @throws {Refusal} `not_found`, `permission_not_held`, `last_admin`.
 */
export async function deleteUser(deps: Administering, admin: Account, id: string): Promise<void> {
  const user = await findUser(deps, id)
  const when = whenMayRemove({ id: admin.id, permission: 'users:delete' }, id)
  if (await deleteAccount(deps, user, { actors: byAdmin(admin, user), when })) return
  const [found] = await findUserStatement(deps.db, id)
  throw explainRefusal(admin, found, 'last_admin')
}

/**
 * Gives an account these roles, and `user`, which everybody has, and takes all others away. Its access tokens name the
 * former roles, so they are good for nothing more; its sessions go on with new ones.
 * @throws {Refusal} `not_found`, `invalid_request` for a role that does not exist, `permission_not_held`, `last_admin`.
 */
export async function assignRoles(
  deps: Administering,
  admin: Account,
  id: string,
  named: readonly string[],
): Promise<User> {
  const { db, requester } = deps
  const user = await findUser(deps, id)
  const at = deps.now()
  const roles = [...new Set([...named, 'user'])].toSorted()
  const eventId = newId()
  const whenAssigned = whenRecorded(eventId)
  const event = {
    id: eventId,
    type: 'roles.assigned',
    at,
    ...byAdmin(admin, user),
    details: { roles, before: user.roles },
  } as const
  const notice = noticeTo(deps, user, {
    kind: 'roles_changed',
    at,
    when: whenAssigned,
    facts: { roles: roles.join(', ') },
    hasRequestFacts: false,
  })
  const { audit, former, found, known } = await inOneBatch(db, {
    audit: auditStatement(
      db,
      event,
      requester,
      whenMayAssign({ id: admin.id, permission: 'roles:assign' }, { userId: id, roles, before: user.roles }),
    ),
    former: selectUserVersionStatement(db, id),
    roles: setRolesStatements(db, id, roles, whenAssigned),
    notice: notice.statements,
    found: findUserStatement(db, id),
    known: listRolesStatement(db),
  })
  const [changed] = found
  if (audit.meta.changes === 0 || !changed) throw explainAssignment(admin, changed, { roles, known })
  await deps.blocklist.revoke(former.map(({ version }) => placeOfRights(id, version)))
  await deps.announceMails([notice.id])
  return toUser(deps, changed)
}

/**
 * Signs somebody out everywhere, ends the trust in their devices, and tells them if they were signed in.
 * @throws {Refusal} `not_found`, `permission_not_held`.
 */
export async function endUserSessions(deps: Administering, admin: Account, id: string): Promise<void> {
  const { db, requester } = deps
  const user = await findUser(deps, id)
  const at = deps.now()
  const eventId = newId()
  const when = whenRecorded(eventId)
  const event = { id: eventId, type: 'session.ended', at, ...byAdmin(admin, user), details: { all: true } } as const
  const whenSignedOut = whenAll([when, whenSignedIn(id)])
  const notice = noticeTo(deps, user, { kind: 'signed_out', at, when: whenSignedOut, hasRequestFacts: false })
  const { audit, found, ended } = await inOneBatch(db, {
    audit: auditStatement(db, event, requester, whenMayActUpon({ id: admin.id, permission: 'users:write' }, id)),
    found: findUserStatement(db, id),
    notice: notice.statements,
    devices: forgetDevicesStatement(db, id, when),
    ended: endSessionsStatement(db, id, { when }),
  })
  if (audit.meta.changes === 0) throw explainRefusal(admin, found[0])
  await revokeSessions(deps, ended)
  if (ended.length > 0) await deps.announceMails([notice.id])
}

/** Says why roles could not be given, where another request did not change them at the same moment. */
function explainAssignment(
  admin: Account,
  user: Account | undefined,
  { roles, known }: { roles: readonly string[]; known: readonly { name: string; permissions: string[] }[] },
): Refusal {
  const unknown = roles.find((role) => !known.some(({ name }) => name === role))
  if (user && unknown !== undefined)
    return new Refusal('invalid_request', { errors: [{ path: 'roles', message: `There is no role "${unknown}".` }] })
  const given = known.filter(({ name }) => roles.includes(name)).flatMap(({ permissions }) => permissions)
  return missingFrom(admin.permissions, given).length > 0
    ? new Refusal('permission_not_held')
    : explainRefusal(admin, user, 'last_admin')
}
