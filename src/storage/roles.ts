import { type SQL, sql } from 'drizzle-orm'
import { insertWhere } from './conditional-insert.ts'
import type { Database } from './database.ts'
import { userRoles } from './schema/index.ts'

/** Gives a user a role that they do not have, if `when` holds. */
export function grantRoleStatement(db: Database, { userId, role }: typeof userRoles.$inferInsert, when: SQL) {
  const whenMissing = sql`not exists (select 1 from user_roles where role = ${role} and user_id = ${userId})`
  return insertWhere(db, userRoles, { userId, role }, sql`${when} and ${whenMissing}`)
}

/**
 * Holds where the account has the address that the deployment named for its first admin, nobody is an admin, and `when`
 * holds.
 */
export const whenBootstrapIsDue = ({ userId, address, when }: { userId: string; address: string; when: SQL }): SQL =>
  sql`exists (select 1 from users where id = ${userId} and email = ${address} and status = 'active')
    and not exists (select 1 from user_roles where role = 'admin') and ${when}`
