import { and, eq, type SQL } from 'drizzle-orm'
import type { Condition } from '../conditions.ts'
import type { Database } from '../database.ts'
import { users } from '../schema/index.ts'
import { accountFields } from './accounts.ts'

/** Finds an account by its id, for an administrator. */
export function findUserStatement(db: Database, id: string | SQL) {
  return db.select(accountFields).from(users).where(eq(users.id, id))
}

/** Deactivates an account, or lets it back in, if `when` holds. */
export function setStatusStatement(
  db: Database,
  { id, status }: { id: string; status: 'active' | 'deactivated' },
  when: Condition,
) {
  return db
    .update(users)
    .set({ status })
    .where(and(eq(users.id, id), when))
}
