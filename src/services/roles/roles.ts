import type { NewRole, Role, RoleChanges } from '../../contracts/roles.ts'
import { placesOfRole } from '../../domain/ended-sessions.ts'
import { missingFrom } from '../../domain/permissions.ts'
import { Refusal } from '../../errors.ts'
import type { EndingSessions, Reading, Recording } from '../../platform/platform.ts'
import type { Account } from '../../storage/accounts/accounts.ts'
import { byAdmin } from '../../storage/actors.ts'
import { auditStatement, whenRecorded } from '../../storage/audit.ts'
import { inOneBatch } from '../../storage/batch.ts'
import {
  deleteRoleStatement,
  insertRoleStatement,
  listRolesStatement,
  selectRoleVersionStatement,
  setPermissionsStatements,
  updateRoleStatement,
  whenMayChangeRole,
  whenMayDeleteRole,
  whenMayMakeRole,
} from '../../storage/roles.ts'
import { newId } from '../identifiers.ts'
import type { ReadAsCaller } from '../sessions/reading.ts'
import { refuseTaken } from '../taken.ts'

const NAME_TAKEN = { column: 'roles.name', code: 'role_exists' } as const

type RoleRow = Awaited<ReturnType<typeof listRolesStatement>>[number]

/** Lists every role by name. */
export async function readRoles(deps: Pick<Reading, 'db'>, readAsCaller: ReadAsCaller): Promise<Role[]> {
  return (await readAsCaller(listRolesStatement(deps.db))).map(toRole)
}

/**
 * Makes a role. Nobody gives a permission that they lack.
 * @throws {Refusal} `role_exists`, `role_limit_reached`, `permission_not_held`.
 */
export async function createRole(deps: Recording, admin: Account, role: NewRole): Promise<Role> {
  const { db, requester } = deps
  const { permissions, ...columns } = role
  const id = newId()
  const whenMade = whenRecorded(id)
  const event = { id, type: 'role.created', at: deps.now(), ...byAdmin(admin, null), details: role } as const
  const { audit } = await refuseTaken(
    inOneBatch(db, {
      audit: auditStatement(db, event, requester, whenMayMakeRole(admin.id, permissions)),
      role: insertRoleStatement(db, columns, whenMade),
      permissions: setPermissionsStatements(db, role.name, permissions, whenMade),
    }),
    NAME_TAKEN,
  )
  if (audit.meta.changes === 0)
    throw new Refusal(
      missingFrom(admin.permissions, permissions).length > 0 ? 'permission_not_held' : 'role_limit_reached',
    )
  return { ...role, builtIn: false }
}

/**
 * Changes a role. Of a built-in one, the description and the need for a factor can be changed. Nobody touches a role
 * that permits more than they may do themselves. Tokens that were made from the former role are good for nothing more.
 * @throws {Refusal} `not_found`, `built_in_role`, `permission_not_held`, `role_exists`.
 */
export async function changeRole(
  deps: EndingSessions,
  admin: Account,
  name: string,
  changes: RoleChanges,
): Promise<Role> {
  const { db, requester } = deps
  const { permissions, ...columns } = changes
  const changesRights = Object.keys(changes).some((field) => field !== 'description')
  const id = newId()
  const whenChanged = whenRecorded(id)
  const isFixed = changes.name !== undefined || permissions !== undefined
  const event = {
    id,
    type: 'role.changed',
    at: deps.now(),
    ...byAdmin(admin, null),
    details: { role: name, ...changes },
  } as const
  const { audit, former, roles } = await refuseTaken(
    inOneBatch(db, {
      audit: auditStatement(db, event, requester, whenMayChangeRole(admin.id, { name, permissions, isFixed })),
      permissions: permissions ? setPermissionsStatements(db, name, permissions, whenChanged) : null,
      former: selectRoleVersionStatement(db, name),
      role: updateRoleStatement(db, name, { ...columns, changesRights }, whenChanged),
      roles: listRolesStatement(db),
    }),
    NAME_TAKEN,
  )
  const changed = roles.find((role) => role.name === (changes.name ?? name))
  if (audit.meta.changes === 0 || !changed) throw explainRefusal(roles, name, isFixed)
  if (changesRights && changed.isUsed)
    await deps.blocklist.revoke(former.flatMap(({ version }) => placesOfRole(version)))
  return toRole(changed)
}

/**
 * Deletes a role that nobody has.
 * @throws {Refusal} `not_found`, `built_in_role`, `role_in_use`, `permission_not_held`.
 */
export async function deleteRole(deps: Recording, admin: Account, name: string): Promise<void> {
  const { db, requester } = deps
  const id = newId()
  const event = { id, type: 'role.deleted', at: deps.now(), ...byAdmin(admin, null), details: { role: name } } as const
  const whenMay = whenMayDeleteRole(admin.id, name)
  const { audit, roles } = await inOneBatch(db, {
    audit: auditStatement(db, event, requester, whenMay),
    role: deleteRoleStatement(db, name, whenRecorded(id)),
    roles: listRolesStatement(db),
  })
  if (audit.meta.changes > 0) return
  const isInUse = roles.some((role) => role.name === name && role.isUsed && !role.builtIn)
  throw isInUse ? new Refusal('role_in_use') : explainRefusal(roles, name, true)
}

const toRole = ({ isUsed: _, ...role }: RoleRow): Role => role

function explainRefusal(roles: readonly RoleRow[], name: string, isFixed: boolean): Refusal {
  const role = roles.find((known) => known.name === name)
  if (!role) return new Refusal('not_found')
  return new Refusal(isFixed && role.builtIn ? 'built_in_role' : 'permission_not_held')
}
