import { and, asc, eq, type SQL, sql } from 'drizzle-orm'
import { MAX_ROLES } from '../config.ts'
import type { Permission } from '../domain/permissions.ts'
import { insertSelect, insertWhere } from './conditional-insert.ts'
import { type Condition, whenActive } from './conditions.ts'
import type { Database } from './database.ts'
import { rolePermissions, roles, userRoles, users } from './schema/index.ts'
import { newRightsVersion } from './schema/users.ts'

/** A list as one parameter, so that a list of any length stays within D1's limit of a hundred parameters. */
const listOf = (values: readonly string[]): SQL => sql`(select value from json_each(${JSON.stringify(values)}))`

const permissionsOfUser = (userId: string | SQL): SQL =>
  sql`(select permission from role_permissions join user_roles using (role) where user_id = ${userId})`

const permissionsOfRoles = (names: readonly string[]): SQL =>
  sql`(select permission from role_permissions where role in ${listOf(names)})`

/** Gives the roles that a user has at this place in the batch, as a JSON array. */
const rolesOf = (userId: string): SQL =>
  sql`(select json_group_array(role) from (select role from user_roles where user_id = ${userId} order by role))`

type Grant = typeof userRoles.$inferInsert

/** Holds where a user does not have a role. */
export const whenRoleIsMissing = ({ userId, role }: Grant): Condition =>
  sql`not exists (select 1 from user_roles where role = ${role} and user_id = ${userId})`

/** Gives a user a role that they do not have, if `when` holds. */
export function grantRoleStatement(db: Database, grant: Grant, when: SQL) {
  return insertWhere(db, userRoles, grant, sql`${when} and ${whenRoleIsMissing(grant)}`)
}

/**
 * Holds where the account has the address that the deployment named for its first admin, nobody is an admin, and `when`
 * holds.
 */
export const whenBootstrapIsDue = ({ userId, address, when }: { userId: string; address: string; when: SQL }): SQL =>
  sql`exists (select 1 from users where id = ${userId} and email = ${address} and ${whenActive})
    and not exists (select 1 from user_roles where role = 'admin') and ${when}`

/** Somebody who does what needs a permission. */
export interface Permitted {
  id: string
  permission: Permission
}

/** Holds where an active user has every permission of this list or subquery. */
const whenHoldsAll = (userId: string, permissions: SQL): Condition =>
  sql`exists (select 1 from users where id = ${userId} and ${whenActive})
    and not exists (select * from ${permissions} except select * from ${permissionsOfUser(userId)})`

/** Holds where somebody still has the permission that an act needs. */
export const whenStillPermitted = ({ id, permission }: Permitted): Condition => whenHoldsAll(id, listOf([permission]))

/**
 * Holds where an administrator still has the permission that the act needs, and every permission that the user has, who
 * may be gone. Nobody acts upon somebody who may do more than they.
 */
export const whenOutranks = ({ id, permission }: Permitted, userId: string | SQL): Condition =>
  sql`${whenHoldsAll(id, permissionsOfUser(userId))} and ${whenStillPermitted({ id, permission })}`

/** Holds where an administrator may act upon a user who is there. */
export const whenMayActUpon = (admin: Permitted, userId: string): Condition =>
  sql`exists (select 1 from users where id = ${userId}) and ${whenOutranks(admin, userId)}`

/** Whoever is an administrator and stays one: an account that waits for its deletion does not. */
const LASTING_ADMINS = sql`user_roles join users on id = user_id
  where role = 'admin' and ${whenActive} and deletes_at is null`

/** Holds where somebody else than this user stays an active administrator, or this user is none. */
export const whenAdminRemains = (userId: string): Condition =>
  sql`(exists (select 1 from ${LASTING_ADMINS} and id <> ${userId})
    or not exists (select 1 from ${LASTING_ADMINS} and id = ${userId}))`

/** Holds where an administrator may act upon a user without whom an administrator remains. */
export const whenMayRemove = (admin: Permitted, userId: string): Condition =>
  sql`${whenMayActUpon(admin, userId)} and ${whenAdminRemains(userId)}`

/**
 * Holds where the user has the roles `before`, all of `roles` exist, the administrator has every permission that they
 * give, and an administrator remains.
 */
export const whenMayAssign = (
  admin: Permitted,
  { userId, roles, before }: { userId: string; roles: readonly string[]; before: readonly string[] },
): Condition =>
  sql`${roles.includes('admin') ? whenMayActUpon(admin, userId) : whenMayRemove(admin, userId)}
    and ${rolesOf(userId)} = ${JSON.stringify(before)} and ${whenHoldsAll(admin.id, permissionsOfRoles(roles))}
    and not exists (select value from json_each(${JSON.stringify(roles)}) except select name from roles)`

/**
 * Holds where these roles, a JSON array, are none, or an active administrator may assign roles and has every permission
 * that these give.
 */
export const whenMayGrant = (adminId: string, names: SQL): Condition =>
  sql`(json_array_length(${names}) = 0 or (${whenStillPermitted({ id: adminId, permission: 'roles:assign' })}
    and not exists (select 1 from role_permissions where role in (select value from json_each(${names}))
      and permission not in ${permissionsOfUser(adminId)})))`

const CHANGES_ROLES: Permission = 'roles:write'

/** Holds where the administrator has all these permissions, and there is room for one more role. */
export const whenMayMakeRole = (adminId: string, permissions: readonly string[]): Condition =>
  sql`${whenHoldsAll(adminId, listOf([CHANGES_ROLES, ...permissions]))} and (select count(*) from roles) < ${MAX_ROLES}`

/** Holds where the role is there, and the administrator has all that it permits and all that it is to permit. */
export const whenMayChangeRole = (
  adminId: string,
  { name, permissions = [], isFixed }: { name: string; permissions?: readonly string[] | undefined; isFixed: boolean },
): Condition =>
  sql`exists (select 1 from roles where name = ${name} ${isFixed ? sql`and built_in = 0` : sql``})
    and ${whenHoldsAll(adminId, permissionsOfRoles([name]))} and ${whenHoldsAll(adminId, listOf([CHANGES_ROLES, ...permissions]))}`

/** Holds where nobody has the role, it is not built in, and the administrator has all that it permits. */
export const whenMayDeleteRole = (adminId: string, name: string): Condition =>
  sql`${whenMayChangeRole(adminId, { name, isFixed: true })}
    and not exists (select 1 from user_roles where role = ${name})`

/** Reads the rights version that a role has at this place in the batch. */
export function selectRoleVersionStatement(db: Database, name: string) {
  return db.select({ version: roles.rightsVersion }).from(roles).where(eq(roles.name, name))
}

/** Reads the rights version that a user has at this place in the batch. */
export function selectUserVersionStatement(db: Database, userId: string) {
  return db.select({ version: users.rightsVersion }).from(users).where(eq(users.id, userId))
}

/** Lists every role, and whether anybody has it. There are never many (`MAX_ROLES`). */
export function listRolesStatement(db: Database) {
  return db
    .select({
      name: roles.name,
      description: roles.description,
      mfaRequired: roles.mfaRequired,
      builtIn: roles.builtIn,
      permissions: sql`(select json_group_array(permission) from
          (select permission from role_permissions where role = roles.name order by permission))`
        .mapWith((value: string) => JSON.parse(value) as string[])
        .as('permission_names'),
      isUsed: sql`exists (select 1 from user_roles where role = roles.name)`.mapWith(Boolean).as('is_used'),
    })
    .from(roles)
    .orderBy(asc(roles.name))
}

export function insertRoleStatement(db: Database, role: typeof roles.$inferInsert, when: Condition) {
  return insertWhere(db, roles, role, when)
}

/** Changes a role. With `changesRights` it renews the rights version of the role. */
export function updateRoleStatement(
  db: Database,
  name: string,
  {
    changesRights,
    ...changes
  }: { changesRights: boolean } & {
    [Column in 'name' | 'description' | 'mfaRequired']?: (typeof roles.$inferSelect)[Column] | undefined
  },
  when: Condition,
) {
  const renewed = changesRights ? { rightsVersion: newRightsVersion } : {}
  return db
    .update(roles)
    .set({ ...changes, name: changes.name ?? name, ...renewed })
    .where(and(eq(roles.name, name), when))
}

export function deleteRoleStatement(db: Database, name: string, when: Condition) {
  return db.delete(roles).where(and(eq(roles.name, name), when))
}

/** Makes the permissions of a role those of this list. */
export function setPermissionsStatements(db: Database, role: string, permissions: readonly string[], when: Condition) {
  const wanted = listOf(permissions)
  return [
    db
      .delete(rolePermissions)
      .where(and(eq(rolePermissions.role, role), sql`${rolePermissions.permission} not in ${wanted}`, when)),
    insertSelect(
      db,
      rolePermissions,
      { role, permission: sql`wanted.value` },
      sql`from ${wanted} as wanted where ${when} and wanted.value not in
        (select permission from role_permissions where role = ${role})`,
    ),
  ] as const
}

/** Makes the roles of a user those of this list, and renews the rights version of the user. */
export function setRolesStatements(db: Database, userId: string, names: readonly string[], when: Condition) {
  const wanted = listOf(names)
  return [
    db.delete(userRoles).where(and(eq(userRoles.userId, userId), sql`${userRoles.role} not in ${wanted}`, when)),
    insertSelect(
      db,
      userRoles,
      { userId, role: sql`wanted.value` },
      sql`from ${wanted} as wanted where ${when} and wanted.value not in
        (select role from user_roles where user_id = ${userId})`,
    ),
    db
      .update(users)
      .set({ rightsVersion: newRightsVersion })
      .where(and(eq(users.id, userId), when)),
  ] as const
}
