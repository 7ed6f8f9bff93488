/** This is a call of a binding, which tests count, refuse, delay or break. */
export interface BindingCall {
  kind: 'd1' | 'kv' | 'durable-object' | 'queue' | 'r2'
  /** The binding has this name in `Env`. */
  binding: string
  /** This is the method, e.g. `batch` or `put`. For a Durable Object it is the RPC method. */
  operation: string
  args: readonly unknown[]
  /** Only D1 has these: the statements of the round trip, ready for `proceed`. */
  statements: readonly D1PreparedStatement[]
  /** Only D1 has this: the SQL of the statements. */
  sql: readonly string[]
}

/**
 * Such a function replaces each call of a binding. `proceed` makes the real call, with other arguments where some are
 * given.
 */
export type Intercept = (call: BindingCall, proceed: (...args: unknown[]) => Promise<unknown>) => Promise<unknown>

type Method = (...args: never[]) => unknown
type AnyFunction = (...args: unknown[]) => unknown

const RUN_STATEMENT = ['all', 'raw', 'run', 'first']
const KV_METHODS = ['get', 'getWithMetadata', 'put', 'delete', 'list']
const QUEUE_METHODS = ['send', 'sendBatch']
const R2_METHODS = ['get', 'head', 'put', 'delete', 'list', 'createMultipartUpload']

/**
 * Builds an environment with the same variables and bindings, in which each call of a binding goes through `intercept`.
 * It recognizes bindings by their shape, so it covers new ones too.
 */
export function interceptEnv(env: Env, intercept: Intercept, overrides: Record<string, unknown> = {}): Env {
  const intercepted = Object.entries(env).map(([binding, value]) => [
    binding,
    typeof value === 'object' && value !== null ? interceptBinding(binding, value, intercept) : value,
  ])
  return { ...Object.fromEntries(intercepted), ...overrides } as Env
}

/** Builds an environment in which a change happens just before the first statement that matches. */
export function changedBefore(env: Env, statement: RegExp, change: () => Promise<unknown>): Env {
  let hasChanged = false
  return interceptEnv(env, async (call, proceed) => {
    if (!hasChanged && call.sql.some((sql) => statement.test(sql))) {
      hasChanged = true
      await change()
    }
    return await proceed()
  })
}

function interceptBinding(binding: string, value: object, intercept: Intercept): object {
  if ('prepare' in value && 'batch' in value) return interceptDatabase(binding, value as D1Database, intercept)
  if ('idFromName' in value) return interceptObjects(binding, value as DurableObjectNamespace, intercept)
  const [kind, methods] =
    'getWithMetadata' in value
      ? (['kv', KV_METHODS] as const)
      : 'sendBatch' in value
        ? (['queue', QUEUE_METHODS] as const)
        : 'createMultipartUpload' in value
          ? (['r2', R2_METHODS] as const)
          : ([null, []] as const)
  if (kind === null) return value
  return overlay(
    value,
    methods,
    (operation, proceed) =>
      (...args: unknown[]) =>
        intercept({ kind, binding, operation, args, statements: [], sql: [] }, (...other) =>
          proceed(other.length > 0 ? other : args),
        ),
  )
}

function interceptDatabase(binding: string, database: D1Database, intercept: Intercept): D1Database {
  const originals = new WeakMap<object, { statement: D1PreparedStatement; sql: string }>()
  const original = (wrapped: object) => originals.get(wrapped) ?? { statement: wrapped as D1PreparedStatement, sql: '' }
  const wrap = (statement: D1PreparedStatement, sql: string): D1PreparedStatement => {
    const wrapped = overlay(
      statement,
      ['bind', ...RUN_STATEMENT],
      (operation, proceed) =>
        (...args: unknown[]) =>
          operation === 'bind'
            ? wrap(statement.bind(...args), sql)
            : intercept({ kind: 'd1', binding, operation, args, statements: [statement], sql: [sql] }, () =>
                proceed(args),
              ),
    )
    originals.set(wrapped, { statement, sql })
    return wrapped
  }
  return overlay(database, ['prepare', 'batch', 'exec'], (operation, proceed) => (...args: unknown[]) => {
    if (operation === 'prepare') return wrap(database.prepare(String(args[0])), String(args[0]))
    const batch = operation === 'batch' ? (args[0] as object[]).map(original) : []
    const statements = batch.map(({ statement }) => statement)
    const sql = operation === 'exec' ? [String(args[0])] : batch.map((item) => item.sql)
    return intercept({ kind: 'd1', binding, operation, args, statements, sql }, (...other) =>
      proceed(other.length > 0 ? other : operation === 'batch' ? [statements] : args),
    )
  })
}

function interceptObjects(binding: string, objects: DurableObjectNamespace, intercept: Intercept): object {
  return overlay(objects, ['get', 'getByName'], (_, proceed) => (...args: unknown[]) => {
    const stub = proceed(args) as unknown as Record<string, AnyFunction>
    return new Proxy(stub, {
      get:
        (_target, operation) =>
        (...rpc: unknown[]) =>
          intercept(
            { kind: 'durable-object', binding, operation: String(operation), args: rpc, statements: [], sql: [] },
            async (...other) => await stub[String(operation)]?.(...(other.length > 0 ? other : rpc)),
          ),
    })
  })
}

/**
 * Builds an object like `target` whose named methods are made by `replace`. All other methods keep their native
 * receiver.
 */
function overlay<Target extends object>(
  target: Target,
  methods: readonly string[],
  replace: (method: string, proceed: (args: readonly unknown[]) => Promise<unknown>) => Method,
): Target {
  return new Proxy(target, {
    get(_, key) {
      const value: unknown = Reflect.get(target, key, target)
      if (typeof value !== 'function') return value
      const native = value as AnyFunction
      if (typeof key !== 'string' || !methods.includes(key)) return native.bind(target)
      return replace(key, (args) => Reflect.apply(native, target, args) as Promise<unknown>)
    },
  })
}
