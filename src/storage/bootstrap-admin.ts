import { type SQL, sql } from 'drizzle-orm'
import { insertWhere } from './conditional-insert.ts'
import type { Database } from './database.ts'
import { userRoles } from './schema/index.ts'

/** The account has the address that the deployment named, nobody is an admin, and `when` holds. */
export const whenBootstrapIsDue = ({ userId, address, when }: { userId: string; address: string; when: SQL }): SQL =>
  sql`exists (select 1 from users where id = ${userId} and email = ${address} and status = 'active')
    and not exists (select 1 from user_roles where role = 'admin') and ${when}`

/**
 * The token is the first that verifies a sign-up by password which nobody repeated: a repeated one has no password left. One that a
 * provider came to as well is not proven by the click alone.
 */
export const whenVerifiesFirstSignUp = (tokenId: string): SQL =>
  sql`exists (select 1 from users join one_time_tokens token on token.user_id = users.id and token.email = users.email
    where token.id = ${tokenId} and email_verified_at is null and password_hash is not null
    and not exists (select 1 from identities where identities.user_id = users.id))`

export function grantAdminStatement(db: Database, userId: string, when: SQL) {
  return insertWhere(db, userRoles, { userId, role: 'admin' }, when)
}
