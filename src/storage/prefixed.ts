import { Column, type GetColumnData, is, type SQL, sql } from 'drizzle-orm'

type Prefixed<Field> = Field extends Column ? SQL.Aliased<GetColumnData<Field>> : Field

/**
 * Gives each column a name that begins with that of its table. A batch answers rows as objects, in which two columns of
 * one name would become one, so tables are joined in it with these.
 */
export function prefixed<Fields extends Readonly<Record<string, Column | SQL.Aliased>>>(table: string, fields: Fields) {
  const named = Object.entries(fields).map(([name, field]) => [
    name,
    is(field, Column) ? sql`${field}`.mapWith(field).as(`${table}_${field.name}`) : field,
  ])
  return Object.fromEntries(named) as { [Name in keyof Fields]: Prefixed<Fields[Name]> }
}
