import { index, integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { newRightsVersion, users } from './users.ts'

/**
 * Each row is a role, which gives permissions to whoever has it.
 * @about nobody
 * @why Permissions are given by roles.
 * @kept Until the role is deleted.
 */
export const roles = sqliteTable('roles', {
  name: text('name').primaryKey(),
  description: text('description').notNull(),
  /** Built-in roles cannot be renamed or deleted. */
  builtIn: integer('built_in', { mode: 'boolean' }).notNull().default(false),
  /** Whoever has the role must have a strong factor. Until then their sessions are good only for setting one up. */
  mfaRequired: integer('mfa_required', { mode: 'boolean' }).notNull().default(false),
  /** It changes with all but the description, so that no token stays good that was made from the former role. */
  rightsVersion: integer('rights_version').notNull().default(newRightsVersion),
})

/**
 * Each row is a permission that a role gives.
 * @about nobody
 * @why It says what a role permits.
 * @kept Until the role is changed or deleted.
 */
export const rolePermissions = sqliteTable(
  'role_permissions',
  {
    role: text('role')
      .notNull()
      .references(() => roles.name, { onDelete: 'cascade', onUpdate: 'cascade' }),
    permission: text('permission').notNull(),
  },
  (table) => [primaryKey({ columns: [table.role, table.permission] })],
)

/**
 * Each row is a role that a user has.
 * @about users
 * @why It says what a user may do.
 * @kept Until the role is taken away.
 */
export const userRoles = sqliteTable(
  'user_roles',
  {
    userId: text('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    role: text('role')
      .notNull()
      .references(() => roles.name, { onDelete: 'cascade', onUpdate: 'cascade' }),
  },
  (table) => [primaryKey({ columns: [table.userId, table.role] }), index('user_roles_role').on(table.role)],
)
