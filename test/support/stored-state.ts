import { type Row, rows } from './database.ts'

/** Reads the only row of a query. */
export async function queryOne(sql: string, ...values: unknown[]): Promise<Row> {
  const found = await rows(sql, ...values)
  const [row] = found
  if (found.length !== 1 || !row) throw new Error(`${found.length} rows: ${sql}`)
  return row
}

const ACCOUNT_TABLES = [
  'users',
  'user_roles',
  'sessions',
  'grants',
  'one_time_tokens',
  'identities',
  'totp_secrets',
  'passkeys',
  'recovery_codes',
  'trusted_devices',
]

/**
 * Reads everything that says who may do what, so that a test can compare it before and after a refusal. It leaves out
 * what may change with any request: the trail, when a session was last seen, and how often a code was guessed.
 */
export async function accountState(): Promise<Record<string, unknown[]>> {
  const tables = await Promise.all(
    ACCOUNT_TABLES.map(async (table) => {
      const found = await rows(`select * from ${table}`)
      return [table, found.map(({ last_seen_at, attempts, ...row }) => row)] as const
    }),
  )
  return Object.fromEntries(tables)
}

/** Lists the types of the audit events of a user, the oldest first. */
export async function auditTypesOf(userId: string): Promise<string[]> {
  const found = await rows('select type from audit_events where user_id = ? order by at, id', userId)
  return found.map(({ type }) => String(type))
}

/** Reads every table of ours with all its rows. */
export async function dumpDatabase(): Promise<Record<string, Row[]>> {
  const tables = await rows(
    "select name from sqlite_master where type = 'table' and name not like 'sqlite_%' and name not like '_cf_%' and name not like 'd1_%'",
  )
  const dumped = await Promise.all(tables.map(async ({ name }) => [String(name), await rows(`select * from ${name}`)]))
  return Object.fromEntries(dumped)
}
