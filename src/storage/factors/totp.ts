import { and, eq, type SQL, sql } from 'drizzle-orm'
import type { Condition } from '../conditions.ts'
import type { Database } from '../database.ts'
import { totpSecrets } from '../schema/index.ts'

/** Holds where the account has an authenticator app that logins ask for. */
export const whenTotpIsSet = (userId: string): Condition =>
  sql`exists (select 1 from totp_secrets where user_id = ${userId} and activated_at is not null)`

export function deleteTotpStatement(db: Database, userId: string | SQL, when: Condition) {
  return db.delete(totpSecrets).where(and(eq(totpSecrets.userId, userId), when))
}
