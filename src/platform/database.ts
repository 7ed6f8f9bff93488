import { type DrizzleD1Database, drizzle } from 'drizzle-orm/d1'
import { askDependency } from './dependency.ts'

/**
 * Opens D1 through Drizzle, with a deadline, so that a database that stalls counts as down. All its errors arrive as a
 * `DependencyError`.
 */
export function openDatabase(database: D1Database): DrizzleD1Database<Record<string, never>> {
  return drizzle(withDeadline(database))
}

/** Reads the database's size, which D1 tells with every answer. */
export async function readDatabaseBytes(database: D1Database): Promise<number> {
  const { meta } = await askDependency('database', () => database.prepare('select 1').all())
  return meta.size_after
}

/** Gives the same database with a deadline on each round trip. It has what Drizzle asks of one. */
const withDeadline = (database: D1Database) =>
  ({
    prepare: (query: string) => new Statement(database.prepare(query)),
    batch: (statements: readonly Statement[]) => ask(() => database.batch(statements.map(({ native }) => native))),
  }) as unknown as D1Database

class Statement {
  readonly native: D1PreparedStatement

  constructor(native: D1PreparedStatement) {
    this.native = native
  }

  bind(...values: unknown[]): Statement {
    return new Statement(this.native.bind(...values))
  }

  run() {
    return ask(() => this.native.run())
  }

  all() {
    return ask(() => this.native.all())
  }

  raw() {
    return ask(() => this.native.raw())
  }
}

const ask = <Answer>(roundTrip: () => Promise<Answer>) => askDependency('database', roundTrip)
