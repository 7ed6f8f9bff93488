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

type Call = (...args: unknown[]) => unknown
type AsyncCall = (...args: unknown[]) => Promise<unknown>

const ROUND_TRIPS: readonly PropertyKey[] = ['all', 'raw', 'run', 'first']

/** Gives the same database with a deadline on each round trip. */
function withDeadline(database: D1Database): D1Database {
  const originals = new WeakMap<D1PreparedStatement, D1PreparedStatement>()
  const watch = (statement: D1PreparedStatement): D1PreparedStatement => {
    const watched = overlay(statement, (key, call) => {
      if (key === 'bind') return (...values) => watch(statement.bind(...values))
      return ROUND_TRIPS.includes(key)
        ? (...args) => askDependency('database', () => (call as AsyncCall)(...args))
        : call
    })
    originals.set(watched, statement)
    return watched
  }
  const unwatch = (statement: D1PreparedStatement) => originals.get(statement) ?? statement
  return overlay(database, (key, call) => {
    if (key === 'prepare') return (query) => watch(database.prepare(String(query)))
    if (key !== 'batch') return call
    return (batch) => askDependency('database', () => database.batch((batch as D1PreparedStatement[]).map(unwatch)))
  })
}

/** Gives a native object with some of its methods replaced. */
function overlay<Native extends object>(native: Native, replace: (key: PropertyKey, call: Call) => Call): Native {
  return new Proxy(native, {
    get(_, key) {
      const value: unknown = Reflect.get(native, key, native)
      return typeof value === 'function' ? replace(key, value.bind(native) as Call) : value
    },
  })
}
