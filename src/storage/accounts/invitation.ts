import { and, eq, sql } from 'drizzle-orm'
import { insertWhere } from '../conditional-insert.ts'
import { type Condition, whenActive, whenAddressIsTaken } from '../conditions.ts'
import type { Database } from '../database.ts'
import { spentStates, users } from '../schema/index.ts'
import { type SpentState, whenUnspent } from '../spent-states.ts'

/** Tells whether an invitation was accepted before. */
export async function isSpent(db: Database, { id }: SpentState): Promise<boolean> {
  return (await db.select({ id: spentStates.id }).from(spentStates).where(eq(spentStates.id, id))).length > 0
}

/** Makes the account of an invited admin, if nobody has the address and the invitation was not accepted yet. */
export function insertInvitedStatement(
  db: Database,
  account: Pick<typeof users.$inferInsert, 'id' | 'email' | 'locale' | 'createdAt'>,
  invitation: SpentState,
) {
  const whenFree = sql`not ${whenAddressIsTaken(account.email)}`
  return insertWhere(db, users, account, sql`${whenUnspent(invitation)} and ${whenFree}`)
}

/** Holds where the invitation was not accepted yet, and the active account has the address that it names. */
export const whenInvited = ({ id, email }: { id: string; email: string }, invitation: SpentState): Condition =>
  sql`${whenUnspent(invitation)}
    and exists (select 1 from users where ${and(eq(users.id, id), eq(users.email, email), whenActive)})`
