import { getTableColumns, is, type Placeholder, SQL, sql } from 'drizzle-orm'
import type { SQLiteTable } from 'drizzle-orm/sqlite-core'
import type { Database } from './database.ts'

type Values<Table extends SQLiteTable> = {
  [Column in keyof Table['$inferInsert']]: Table['$inferInsert'][Column] | SQL | Placeholder
}

/**
 * Builds `INSERT ... SELECT ... WHERE when`, which inserts a row only if a condition holds at that place in the batch.
 * Values are bound, or are SQL expressions such as a scalar subquery. A column that is not named gets its default, or
 * null.
 */
export function insertWhere<Table extends SQLiteTable>(db: Database, table: Table, values: Values<Table>, when: SQL) {
  return insertSelect(db, table, values, sql`where ${when}`)
}

/** Builds `INSERT ... SELECT ...`, which inserts a row for each one that `source` (`from ... where ...`) finds. */
export function insertSelect<Table extends SQLiteTable>(
  db: Database,
  table: Table,
  values: Values<Table>,
  source: SQL,
) {
  const given: Readonly<Record<string, unknown>> = values
  const expressions = Object.entries(getTableColumns(table)).map(([name, column]) => {
    const value = given[name] ?? column.default ?? null
    return is(value, SQL) ? value : sql`${sql.param(value, column)}`
  })
  return db.insert(table).select(sql`select ${sql.join(expressions, sql`, `)} ${source}`)
}
