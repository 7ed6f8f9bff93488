import { getTableColumns, type SQL, sql } from 'drizzle-orm'
import type { SQLiteTable } from 'drizzle-orm/sqlite-core'
import type { Requester } from '../domain/requester.ts'
import { byAdmin } from './actors.ts'
import { auditEachStatement } from './audit.ts'
import { insertSelect } from './conditional-insert.ts'
import { type Condition, userIdByFormerAddress } from './conditions.ts'
import type { Database } from './database.ts'
import { whenMayGrant, whenStillPermitted } from './roles.ts'
import { identities, passkeys, totpSecrets, userRoles, users } from './schema/index.ts'

/** A person who is to be imported, with all that comes along. Every id is new. */
export interface ImportRow {
  account: typeof users.$inferInsert
  /** The roles besides `user`, which everybody has. */
  roles: readonly string[]
  identities: readonly (typeof identities.$inferInsert)[]
  totp: typeof totpSecrets.$inferInsert | null
  passkeys: readonly (typeof passkeys.$inferInsert)[]
}

/** A chunk of people, and who imports them. */
export interface ImportChunk {
  adminId: string
  rows: readonly ImportRow[]
  at: number
  isDryRun: boolean
}

/** A list as one parameter, because D1 takes a hundred. A statement knows each element as `line.value`. */
const eachOf = (list: readonly unknown[]): SQL => sql`json_each(${JSON.stringify(list)}) as line`
const member = (path: string): SQL => sql.raw(`line.value ->> '$.${path}'`)
const elementsOf = (path: string): SQL => sql.raw(`json_each(line.value, '$.${path}')`)

/**
 * Says why somebody is not imported, as things are at this place in the batch; null for whoever is. The codes are those
 * of a report, with `skipped` for whoever has an account, and `forbidden` where the administrator may no longer import.
 */
const outcomeFor = (adminId: string): SQL => sql`case
  when not (${whenStillPermitted({ id: adminId, permission: 'users:import' })}) then 'forbidden'
  when exists (select 1 from users where email = ${member('account.email')}) then 'skipped'
  when ${userIdByFormerAddress(member('account.email'))} is not null then 'email_reserved'
  when exists (select 1 from users where lower(username) =
    lower(coalesce(${member('account.username')}, ${member('account.usernameWish')}))) then 'username_taken'
  when exists (select 1 from ${elementsOf('roles')} where value not in (select name from roles)) then 'unknown_role'
  when not ${whenMayGrant(adminId, sql.raw(`(line.value -> '$.roles')`))} then 'permission_not_held'
  when exists (select 1 from ${elementsOf('identities')} as wanted join identities as known
    on known.issuer = wanted.value ->> 'issuer' and known.subject = wanted.value ->> 'subject') then 'identity_taken'
  when exists (select 1 from ${elementsOf('passkeys')} as wanted join passkeys as known
    on known.credential_id = wanted.value ->> 'credentialId') then 'passkey_exists'
  end`

/** Lists who of a chunk is not imported, and why. It stands before the statements that import the others. */
export function listNotImportedStatement(db: Database, { adminId, rows }: ImportChunk) {
  const code = outcomeFor(adminId)
  return db
    .select({ id: sql<string>`${member('account.id')}`.as('id'), code: sql<string>`${code}`.as('code') })
    .from(eachOf(rows))
    .where(sql`${code} is not null`)
}

/** Holds where an account was made by this batch: its id was new. */
const whenMade = (userId: SQL): Condition => sql`exists (select 1 from users where id = ${userId})`

/**
 * Makes the accounts of a chunk with all that belongs to them. Whoever has an account keeps it as it is, and whoever
 * cannot be imported is left out as a whole.
 */
export function importStatements(db: Database, { adminId, rows }: ImportChunk) {
  const roles = rows.flatMap((row) => ['user', ...row.roles].map((role) => ({ userId: row.account.id, role })))
  const insertOwned = (table: SQLiteTable, owned: readonly object[]) =>
    insertEach(db, table, { list: owned, path: '', when: whenMade(member('userId')) })
  return {
    accounts: insertEach(db, users, { list: rows, path: 'account.', when: sql`${outcomeFor(adminId)} is null` }),
    roles: insertOwned(userRoles, roles),
    identities: insertOwned(
      identities,
      rows.flatMap((row) => row.identities),
    ),
    totp: insertOwned(
      totpSecrets,
      rows.flatMap(({ totp }) => totp ?? []),
    ),
    passkeys: insertOwned(
      passkeys,
      rows.flatMap((row) => row.passkeys),
    ),
  } as const
}

/**
 * Inserts a row for each element of a list for which `when` holds; null where there is none. `path` is where an element
 * has the row. A column that no row has gets its default.
 */
function insertEach(
  db: Database,
  table: SQLiteTable,
  { list, path, when }: { list: readonly object[]; path: string; when: Condition },
) {
  const [first] = list
  if (first === undefined) return null
  const known = (path === '' ? first : Reflect.get(first, path.slice(0, -1))) as object
  const columns = Object.entries(getTableColumns(table)).filter(([name]) => name in known)
  const values = columns.map(([name, { dataType }]) => {
    const arrow = dataType === 'json' ? '->' : '->>'
    return [name, sql.raw(`line.value ${arrow} '$.${path}${name}'`)]
  })
  return insertSelect(db, table, Object.fromEntries(values), sql`from ${eachOf(list)} where ${when}`)
}

/**
 * Records a chunk in the audit trail as one event, and one more for each account that was given a role by which it may
 * do something here. An event for each account would hold up the seals of all others for half an hour in an import of
 * 100,000 (docs/decisions/0030-import.md).
 */
export function importAuditStatements(db: Database, chunk: ImportChunk, requester: Requester) {
  const { adminId, rows, at, isDryRun } = chunk
  const made = sql`(select value from json_each(${JSON.stringify(rows.map(({ account }) => account.id))}))`
  const imported = sql`(select count(*) from users where id in ${made})`
  const details = sql`json_object('lines', ${rows.length}, 'imported', ${imported}, 'isDryRun', json(${String(isDryRun)}))`
  const granted = rows
    .filter((row) => row.roles.length > 0)
    .map((row) => ({ userId: row.account.id, roles: [...row.roles, 'user'].toSorted() }))
  const whenGranted = sql`${whenMade(member('userId'))} and exists (select 1 from role_permissions
    where role in (select value from ${elementsOf('roles')}))`
  return [
    auditEachStatement(
      db,
      { type: 'users.imported', at, ...byAdmin({ id: adminId }, null), details },
      requester,
      sql`where ${whenStillPermitted({ id: adminId, permission: 'users:import' })}`,
    ),
    auditEachStatement(
      db,
      {
        type: 'roles.assigned',
        at,
        ...byAdmin({ id: adminId }, { id: member('userId') }),
        details: sql`json_object('roles', json(line.value -> '$.roles'), 'before', json_array())`,
      },
      requester,
      sql`from ${eachOf(granted)} where ${whenGranted}`,
    ),
  ]
}
