import { inArray, type SQL } from 'drizzle-orm'
import type { SQLiteColumn, SQLiteTable } from 'drizzle-orm/sqlite-core'
import type { Database } from './database.ts'

/** Deletes at most `limit` of the rows that match; the number that went. */
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
