import { lt, type SQL, sql } from 'drizzle-orm'
import { insertWhere } from './conditional-insert.ts'
import type { Condition } from './conditions.ts'
import { type Database, deleteSome } from './database.ts'
import { spentStates } from './schema/index.ts'

/** A state of a federated login or the challenge of a passkey, which is answered once. No row exists before its use. */
export type SpentState = typeof spentStates.$inferInsert

/**
 * Records that a state was answered. It returns no row when it had been answered before. It stands last in a batch
 * whose other statements take effect only `whenUnspent`, so that of two requests which race one does everything.
 */
export function spendStateStatement(db: Database, state: SpentState, when: Condition = sql`true`) {
  return insertWhere(db, spentStates, state, when).onConflictDoNothing().returning({ id: spentStates.id })
}

/** Holds where a state was not answered yet. */
export const whenUnspent = ({ id }: Pick<SpentState, 'id'>): SQL =>
  sql`not exists (select 1 from spent_states where id = ${id})`

export function deleteExpiredStates(db: Database, nowMs: number, limit: number): Promise<number> {
  return deleteSome(db, spentStates, lt(spentStates.expiresAt, nowMs), limit)
}
