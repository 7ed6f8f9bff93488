import { and, eq, type SQL } from 'drizzle-orm'
import type { Condition } from '../conditions.ts'
import type { Database } from '../database.ts'
import { totpSecrets } from '../schema/index.ts'

export function deleteTotpStatement(db: Database, userId: string | SQL, when: Condition) {
  return db.delete(totpSecrets).where(and(eq(totpSecrets.userId, userId), when))
}
