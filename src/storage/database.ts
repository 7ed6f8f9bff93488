import { inArray, type SQL } from 'drizzle-orm'
import type { DrizzleD1Database } from 'drizzle-orm/d1'
import type { SQLiteColumn, SQLiteTable } from 'drizzle-orm/sqlite-core'

export type Database = DrizzleD1Database<Record<string, never>>

/** Recognises the error by which D1 reports a violated unique index, such as `users.email`. */
export function isUniqueViolation(error: unknown, column: string): boolean {
  for (let current = error; current instanceof Error; current = current.cause)
    if (current.message.includes('UNIQUE constraint failed') && current.message.includes(column)) return true
  return false
}

/** Deletes at most `limit` of the rows that match and answers how many they were. */
export async function deleteSome(
  db: Database,
  table: SQLiteTable & { id: SQLiteColumn },
  when: SQL | undefined,
  limit: number,
): Promise<number> {
  const some = db.select({ id: table.id }).from(table).where(when).limit(limit)
  const gone = await db.delete(table).where(inArray(table.id, some)).returning({ id: table.id })
  return gone.length
}
