import { and, asc, eq, lte, sql } from 'drizzle-orm'
import { type Condition, whenAll } from '../conditions.ts'
import type { Database } from '../database.ts'
import { whenAdminRemains } from '../roles.ts'
import { users } from '../schema/index.ts'
import { accountFields } from './accounts.ts'

/** Holds where an account is there whose deletion nobody has begun, and an administrator remains without it. */
export const whenMayBeDeleted = (userId: string): Condition =>
  whenAll([sql`exists (select 1 from users where id = ${userId} and deletes_at is null)`, whenAdminRemains(userId)])

/** Sets the time at which an account is deleted, if `when` holds. */
export function scheduleDeletionStatement(
  db: Database,
  userId: string,
  { deletesAt, when }: { deletesAt: number; when: Condition },
) {
  return db
    .update(users)
    .set({ deletesAt })
    .where(and(eq(users.id, userId), when))
}

/** Finds the account whose deletion has been due for longest. */
export async function findDueDeletion(db: Database, now: number) {
  const [due] = await db
    .select(accountFields)
    .from(users)
    .where(lte(users.deletesAt, now))
    .orderBy(asc(users.deletesAt))
    .limit(1)
  return due ?? null
}

/** Holds where the deletion of an account is due and nobody has stopped it. */
export const whenDeletionIsDue = (userId: string, now: number): Condition =>
  sql`exists (select 1 from users where id = ${userId} and deletes_at <= ${now})`
