import { getTableColumns, is, SQL, sql } from 'drizzle-orm'
import type { SQLiteTable } from 'drizzle-orm/sqlite-core'
import type { Database } from './database.ts'

type Values<Table extends SQLiteTable> = {
  [Column in keyof Table['$inferInsert']]: Table['$inferInsert'][Column] | SQL
}

/**
 * `INSERT ... SELECT ... WHERE condition`: a row that comes into being only if the fact it belongs to does, inside one batch.
 * Values are bound, or SQL expressions such as a scalar subquery.
 */
export function insertWhere<Table extends SQLiteTable>(db: Database, table: Table, values: Values<Table>, condition: SQL) {
  const columns = getTableColumns(table)
  const given = Object.entries<unknown>(values).flatMap(([key, value]) => {
    const column = columns[key]
    return column === undefined || value === undefined ? [] : [{ column, value }]
  })
  const names = given.map(({ column }) => sql.identifier(column.name))
  const expressions = given.map(({ column, value }) => (is(value, SQL) ? value : sql`${sql.param(value, column)}`))
  return db.run(
    sql`insert into ${table} (${sql.join(names, sql`, `)}) select ${sql.join(expressions, sql`, `)} where ${condition}`,
  )
}
