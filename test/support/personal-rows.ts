import { getTableColumns, getTableName } from 'drizzle-orm'
import type { SQLiteTable } from 'drizzle-orm/sqlite-core'
import { rows } from './database.ts'

/** Fills a row of a table so that each value is found nowhere else, and gives the values by their columns. */
export async function fillRow(table: SQLiteTable, person: { id: string; session: { id: string } }, nth: number) {
  const name = getTableName(table)
  const references: Readonly<Record<string, string>> = {
    user_id: person.id,
    actor_id: person.id,
    session_id: person.session.id,
    role: 'admin',
  }
  const columns = Object.values(getTableColumns(table))
  const values = columns.map((column, index) => {
    const known = references[column.name]
    if (known !== undefined) return known
    if (column.dataType === 'json') return JSON.stringify([`${name} ${column.name}`])
    if (column.dataType === 'boolean') return 1
    if (column.dataType === 'number') return 1_000_000_000_000 + nth * 1_000_000 + index
    return `${name} ${column.name}`
  })
  const names = columns.map((column) => `"${column.name}"`).join(', ')
  await rows(`insert into ${name} (${names}) values (${columns.map(() => '?').join(', ')})`, ...values)
  return columns.map((column, index) => ({
    column: `${name}.${column.name}`,
    type: column.dataType,
    value: values[index],
  }))
}
