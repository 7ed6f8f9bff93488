import { getTableColumns, getTableName, type SQL, sql } from 'drizzle-orm'
import type { SQLiteColumn, SQLiteTable } from 'drizzle-orm/sqlite-core'
import { TOTP_PERIOD_SECONDS } from '../../config.ts'
import { toChangeTime, userIdByToken } from '../conditions.ts'
import type { Database } from '../database.ts'
import { identities, passkeys, recoveryCodes, totpSecrets, users } from '../schema/index.ts'

/** One table of what opens an account, or is asked for when it is opened. */
interface Kept {
  table: SQLiteTable & { userId: SQLiteColumn }
  /** The column that tells the rows of one user apart. */
  key: SQLiteColumn
  /** Since when a row counts. A row where this is null does not count. */
  since: SQLiteColumn
  /**
   * Tells whether the undo puts back rows that were removed meanwhile: those of factors, or the mailbox alone would
   * open the account afterwards. A recovery code is not put back, because it may be gone because it was used.
   */
  isPutBack: boolean
  /** Columns that get another value when the row is put back. */
  changed?: (nowMs: number) => Readonly<Record<string, SQL>>
}

const KEPT: readonly Kept[] = [
  {
    table: totpSecrets,
    key: totpSecrets.createdAt,
    since: totpSecrets.activatedAt,
    isPutBack: true,
    // No code that the app has shown until now is accepted again (RFC 6238 §5.2).
    changed: (nowMs) => ({
      last_step: sql`max(value ->> 'last_step', ${Math.floor(nowMs / 1000 / TOTP_PERIOD_SECONDS)})`,
    }),
  },
  { table: passkeys, key: passkeys.id, since: passkeys.createdAt, isPutBack: true },
  { table: recoveryCodes, key: recoveryCodes.hash, since: recoveryCodes.createdAt, isPutBack: false },
  { table: identities, key: identities.id, since: identities.createdAt, isPutBack: false },
]

const raw = (text: string): SQL => sql.raw(text)

/**
 * Describes, as JSON, what an account was before an event at `at`: since when its address is verified and its access
 * proven, when its password was set, and what opens it. The expression stands in the batch of the event. What the event
 * itself has added by then bears its time, and is left out. Nothing in it is usable: secrets are sealed or hashed.
 */
export function formerState(userId: string, at: number): SQL {
  const ofUser = (column: SQLiteColumn) => sql`(select ${raw(column.name)} from users where id = ${userId})`
  const lists = KEPT.flatMap(({ table, key, since, isPutBack }) => {
    const columns = isPutBack ? Object.values(getTableColumns(table)) : [key]
    const row = columns.map(({ name }) => `'${name}', ${name}`).join(', ')
    const name = getTableName(table)
    return [
      sql`${raw(`'${name}'`)}, (select json_group_array(json_object(${raw(row)})) from ${raw(name)}
        where user_id = ${userId} and ${raw(since.name)} < ${at})`,
    ]
  })
  return sql`json_object('email_verified_at', ${ofUser(users.emailVerifiedAt)},
    'access_proven_at', ${ofUser(users.accessProvenAt)},
    'password_changed_at', (select password_changed_at from users where id = ${userId} and password_changed_at < ${at}),
    ${sql.join(lists, sql`, `)})`
}

/** Reads a member of the former state that a token keeps. */
const formerly = (tokenId: string, member: string): SQL =>
  sql`(select former_state ->> ${member} from one_time_tokens where id = ${tokenId})`

/** Lists what the former state of a token holds of one table; `value` is a row as JSON. */
const rowsOf = (tokenId: string, table: SQLiteTable): SQL =>
  raw(`one_time_tokens token, json_each(token.former_state, '$.${getTableName(table)}') where token.id = `).append(
    sql`${tokenId}`,
  )

/**
 * Takes from an account what was added since the event of a token, and puts back the factors that were removed. They
 * do nothing once the token is used.
 */
export function restoreFormerStatements(db: Database, tokenId: string, nowMs: number) {
  const owner = userIdByToken(tokenId)
  return KEPT.flatMap(({ table, key, isPutBack, changed }) => {
    const isFormer = sql`${key} in (select value ->> ${key.name} from ${rowsOf(tokenId, table)})`
    const remove = db.delete(table).where(sql`${table.userId} = ${owner} and not ${isFormer}`)
    if (!isPutBack) return [remove]
    const given = changed?.(nowMs) ?? {}
    const values = Object.values(getTableColumns(table)).map(({ name }) => given[name] ?? sql`value ->> ${name}`)
    const putBack = db
      .insert(table)
      .select(sql`select ${sql.join(values, sql`, `)} from ${rowsOf(tokenId, table)}`)
      .onConflictDoNothing()
    return [remove, putBack]
  })
}

/**
 * Gives an account back the address that it had before the event of a token. A password that was set since is removed,
 * and any other has to be reset by mail before it signs in again.
 */
export function restoreAccountStatement(db: Database, tokenId: string, nowMs: number) {
  const hasNewPassword = sql`${users.passwordChangedAt} is not ${formerly(tokenId, 'password_changed_at')}`
  return db
    .update(users)
    .set({
      email: sql`(select email from one_time_tokens where id = ${tokenId})`,
      emailVerifiedAt: formerly(tokenId, 'email_verified_at'),
      accessProvenAt: formerly(tokenId, 'access_proven_at'),
      passwordHash: sql`case when ${hasNewPassword} then null else ${users.passwordHash} end`,
      passwordChangedAt: toChangeTime(nowMs),
      passwordResetRequiredAt: nowMs,
      deletesAt: null,
    })
    .where(sql`${users.id} = ${userIdByToken(tokenId)}`)
}
