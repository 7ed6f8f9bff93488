import { type SQL, sql } from 'drizzle-orm'
import { insertWhere } from '../conditional-insert.ts'
import type { Database } from '../database.ts'
import { userRoles } from '../schema/index.ts'

/** The account has the address that the deployment named, nobody is an admin, and `when` holds. */
export const whenBootstrapIsDue = ({ userId, address, when }: { userId: string; address: string; when: SQL }): SQL =>
  sql`exists (select 1 from users where id = ${userId} and email = ${address} and status = 'active')
    and not exists (select 1 from user_roles where role = 'admin') and ${when}`

export function grantAdminStatement(db: Database, userId: string, when: SQL) {
  return insertWhere(db, userRoles, { userId, role: 'admin' }, when)
}
