import { fillPlaceholders, type Placeholder, QueryPromise, sql } from 'drizzle-orm'
import type { SQLitePreparedQuery } from 'drizzle-orm/sqlite-core'
import type { Statement } from './batch.ts'
import type { Database } from './database.ts'

/** The places that values take in a prepared statement, by the names of the values. */
export type Places<Values> = { readonly [Name in keyof Values]: Placeholder<string, Values[Name]> }

/** A value, or the place that one takes. */
export type OrPlace<Value> = Value | Placeholder<string, Value>

type Prepared = SQLitePreparedQuery<{
  type: 'async'
  run: unknown
  all: unknown
  get: unknown
  values: unknown
  execute: unknown
}>
type Preparable = Statement & { prepare(): Prepared }

/**
 * Makes a statement whose text Drizzle builds once for each database, and not for each request, because building it
 * costs up to half as much CPU as asking D1 (docs/decisions/0024-once-an-isolate.md). Each call brings a value for
 * every place. What it gives can be awaited or join a batch, as the statement itself could.
 */
export function prepared<Values extends object, Built extends Statement>(
  build: (db: Database, places: Places<Values>) => Built,
): (db: Database, values: Values) => Built {
  const known = new WeakMap<Database, Prepared>()
  return (db, values) => {
    const statement = known.get(db) ?? (build(db, placesOf(values)) as unknown as Preparable).prepare()
    known.set(db, statement)
    return new BoundStatement(statement, values as Record<string, unknown>) as unknown as Built
  }
}

const placesOf = <Values extends object>(values: Values) =>
  Object.fromEntries(Object.keys(values).map((name) => [name, sql.placeholder(name)])) as Places<Values>

/** A prepared statement with the values of one call. */
class BoundStatement extends QueryPromise<unknown> {
  readonly #statement: Prepared
  readonly #values: Record<string, unknown>

  constructor(statement: Prepared, values: Record<string, unknown>) {
    super()
    this.#statement = statement
    this.#values = values
  }

  async execute(): Promise<unknown> {
    return await this.#statement.execute(this.#values)
  }

  /**
   * Gives a batch the statement with its values in their places. Drizzle's own batch fills no places, but takes the
   * text, the values and the mapping of the rows from here.
   */
  _prepare(): Prepared {
    const { sql: text, params } = this.#statement.getQuery()
    const query = { sql: text, params: fillPlaceholders(params, this.#values) }
    return Object.create(this.#statement, { getQuery: { value: () => query } }) as Prepared
  }
}
