import type { PageQuery } from '../../contracts/lists.ts'
import type { SessionView } from '../../contracts/sessions.ts'
import type { UserChanges, UserQuery } from '../../contracts/user-administration.ts'
import type { User } from '../../contracts/users.ts'
import { missingFrom } from '../../domain/permissions.ts'
import { readTimestamp } from '../../domain/timestamp.ts'
import { Refusal } from '../../errors.ts'
import type { EndingSessions, Mailing, Reading } from '../../platform/platform.ts'
import { type Account, deleteAccountStatement, updateProfileStatement } from '../../storage/accounts/accounts.ts'
import { findUserStatement, listUsersStatement, setStatusStatement } from '../../storage/accounts/users.ts'
import { byAdmin } from '../../storage/actors.ts'
import { auditStatement, whenRecorded } from '../../storage/audit.ts'
import { inOneBatch } from '../../storage/batch.ts'
import type { Condition } from '../../storage/conditions.ts'
import {
  listRolesStatement,
  setRolesStatements,
  whenMayActUpon,
  whenMayAssign,
  whenMayRemove,
} from '../../storage/roles.ts'
import { endSessionsStatement } from '../../storage/sessions/sessions.ts'
import { toUser } from '../accounts/profile.ts'
import { whenFactorIs } from '../factors/registry.ts'
import { newId } from '../identifiers.ts'
import { noticeTo } from '../notices.ts'
import { type Page, readPage } from '../paging.ts'
import { revokeSessions } from '../sessions/ending.ts'
import { listSessions } from '../sessions/list.ts'
import type { ReadAsCaller } from '../sessions/reading.ts'
import { refuseTaken, USERNAME_TAKEN } from '../taken.ts'

type Administering = Mailing & EndingSessions

/** Reads a page of the accounts, newest first. @throws {Refusal} `invalid_request` for a cursor that no page gave. */
export async function readUsers(
  deps: Pick<Reading, 'db'>,
  readAsCaller: ReadAsCaller,
  query: UserQuery,
): Promise<Page<User>> {
  const { verified, factor, createdFrom, createdTo, lastSeenFrom, lastSeenTo, ...texts } = query
  const filter = {
    ...texts,
    isVerified: verified,
    whenFactor: factor && ((userId: Condition) => whenFactorIs(factor, userId)),
    createdFrom: readTimestamp(createdFrom),
    createdTo: readTimestamp(createdTo),
    lastSeenFrom: readTimestamp(lastSeenFrom),
    lastSeenTo: readTimestamp(lastSeenTo),
  }
  return await readPage(query, {
    listRows: (before, atMost) => readAsCaller(listUsersStatement(deps.db, { ...filter, before }, atMost)),
    positionOf: ({ createdAt, id }) => ({ at: createdAt, id }),
    toItem: toUser,
  })
}

/** @throws {Refusal} `not_found`. */
export async function readUser(deps: Pick<Reading, 'db'>, readAsCaller: ReadAsCaller, id: string): Promise<User> {
  const [user] = await readAsCaller(findUserStatement(deps.db, id))
  if (!user) throw new Refusal('not_found')
  return toUser(user)
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
 * Changes an account's name, username or status. A deactivated account is signed out everywhere at once, and its owner
 * is told.
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
  const notice = isDeactivated ? noticeTo(deps, user, { kind: 'account_deactivated', at, when: whenChanged }) : null
  const by = { id: admin.id, permission: 'users:write' } as const
  const whenMay = isDeactivated ? whenMayRemove(by, id) : whenMayActUpon(by, id)
  const { audit, ended, found } = await refuseTaken(
    inOneBatch(db, {
      audit: auditStatement(db, event, requester, whenMay),
      profile: Object.keys(profile).length > 0 ? updateProfileStatement(db, id, profile, whenChanged) : null,
      status: isDeactivated || isLetIn ? setStatusStatement(db, { id, status }, whenChanged) : null,
      ended: isDeactivated ? endSessionsStatement(db, id, { when: whenChanged }) : null,
      notice: notice?.statements ?? null,
      found: findUserStatement(db, id),
    }),
    USERNAME_TAKEN,
  )
  const [changed] = found
  if (audit.meta.changes === 0 || !changed) throw explainRefusal(admin, changed)
  await revokeSessions(deps, ended ?? [])
  if (notice) await deps.announceMails([notice.id])
  return toUser(changed)
}

/**
 * Deletes somebody's account and all that belongs to it, and tells them.
 * @throws {Refusal} `not_found`, `permission_not_held`, `last_admin`.
 */
export async function deleteUser(deps: Administering, admin: Account, id: string): Promise<void> {
  const { db, requester } = deps
  const user = await findUser(deps, id)
  const at = deps.now()
  const eventId = newId()
  const whenDeleted = whenRecorded(eventId)
  const event = { id: eventId, type: 'user.deleted', at, ...byAdmin(admin, user) } as const
  const notice = noticeTo(deps, user, { kind: 'account_deleted', at, when: whenDeleted, hasRequestFacts: false })
  const { audit, found, ended } = await inOneBatch(db, {
    audit: auditStatement(db, event, requester, whenMayRemove({ id: admin.id, permission: 'users:delete' }, id)),
    found: findUserStatement(db, id),
    ended: endSessionsStatement(db, id, { when: whenDeleted }),
    notice: notice.statements,
    account: deleteAccountStatement(db, id, whenDeleted),
  })
  if (audit.meta.changes === 0) throw explainRefusal(admin, found[0])
  await revokeSessions(deps, ended)
  await deps.announceMails([notice.id])
}

/**
 * Gives an account these roles, and `user`, which everybody has, and takes all others away. Its access tokens name the
 * former roles until they are refreshed; whatever asks the database knows the new ones at once.
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
  })
  const { audit, found, known } = await inOneBatch(db, {
    audit: auditStatement(
      db,
      event,
      requester,
      whenMayAssign({ id: admin.id, permission: 'roles:assign' }, { userId: id, roles, before: user.roles }),
    ),
    roles: setRolesStatements(db, id, roles, whenAssigned),
    notice: notice.statements,
    found: findUserStatement(db, id),
    known: listRolesStatement(db),
  })
  const [changed] = found
  if (audit.meta.changes === 0 || !changed) throw explainAssignment(admin, changed, { roles, known })
  await deps.announceMails([notice.id])
  return toUser(changed)
}

/** Signs somebody out everywhere. @throws {Refusal} `not_found`, `permission_not_held`. */
export async function endUserSessions(deps: Administering, admin: Account, id: string): Promise<void> {
  const { db, requester } = deps
  const eventId = newId()
  const event = {
    id: eventId,
    type: 'session.ended',
    at: deps.now(),
    ...byAdmin(admin, { id }),
    details: { all: true },
  } as const
  const { audit, found, ended } = await inOneBatch(db, {
    audit: auditStatement(db, event, requester, whenMayActUpon({ id: admin.id, permission: 'users:write' }, id)),
    found: findUserStatement(db, id),
    ended: endSessionsStatement(db, id, { when: whenRecorded(eventId) }),
  })
  if (audit.meta.changes === 0) throw explainRefusal(admin, found[0])
  await revokeSessions(deps, ended)
}

async function findUser(deps: Pick<Reading, 'db'>, id: string): Promise<Account> {
  const [user] = await findUserStatement(deps.db, id)
  if (!user) throw new Refusal('not_found')
  return user
}

/** Says why an administrator could not act upon an account. */
function explainRefusal(admin: Account, user: Account | undefined): Refusal {
  if (!user) return new Refusal('not_found')
  return new Refusal(missingFrom(admin.permissions, user.permissions).length > 0 ? 'permission_not_held' : 'last_admin')
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
    : explainRefusal(admin, user)
}
