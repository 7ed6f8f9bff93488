import { and, desc, eq, getTableColumns, or, sql } from 'drizzle-orm'
import type { SQLiteTable } from 'drizzle-orm/sqlite-core'
import { AUDIT_EXPORT_MAX_EVENTS } from '../../config.ts'
import { unlessOfOthers } from '../audit.ts'
import type { Condition } from '../conditions.ts'
import type { Database } from '../database.ts'
import {
  activeUsers,
  auditEvents,
  countedUsers,
  factorRemovals,
  grants,
  identities,
  loginExchanges,
  oneTimeTokens,
  outbox,
  passkeys,
  pictures,
  recoveryCodes,
  sessions,
  totpSecrets,
  trustedDevices,
  userNotes,
  userRoles,
  users,
} from '../schema/index.ts'

/** The columns of a table, without those by which the service recognizes or opens something. */
const columnsOf = (table: SQLiteTable, ...secrets: string[]) =>
  Object.fromEntries(Object.entries(getTableColumns(table)).filter(([name]) => !secrets.includes(name)))

/**
 * Reads all rows that any table has on a person, if `when` holds. Secrets are left out: a password's hash, and what
 * opens seals.
 */
export function exportStatements(db: Database, { id, email }: { id: string; email: string }, when: Condition) {
  const all = (table: SQLiteTable, isTheirs: Condition | undefined, ...secrets: string[]) =>
    db
      .select(columnsOf(table, ...secrets))
      .from(table)
      .where(and(when, isTheirs))
  return {
    account: all(users, eq(users.id, id), 'passwordHash', 'nameFolded', 'rightsVersion'),
    roles: all(userRoles, eq(userRoles.userId, id)),
    notes: all(userNotes, eq(userNotes.userId, id)),
    identities: all(identities, eq(identities.userId, id), 'sealedTokens'),
    sessions: all(sessions, eq(sessions.userId, id)),
    grants: all(grants, sql`session_id in (select id from sessions where user_id = ${id})`, 'salt'),
    trustedDevices: all(trustedDevices, eq(trustedDevices.userId, id), 'credentialsVersion'),
    authenticatorApps: all(totpSecrets, eq(totpSecrets.userId, id), 'seals', 'sealedFor', 'lastStep'),
    recoveryCodes: all(recoveryCodes, eq(recoveryCodes.userId, id), 'hash'),
    passkeys: all(passkeys, eq(passkeys.userId, id)),
    pictures: all(pictures, eq(pictures.userId, id)),
    factorRemovals: all(factorRemovals, eq(factorRemovals.userId, id)),
    mailedTokens: all(oneTimeTokens, eq(oneTimeTokens.userId, id), 'salt', 'formerState', 'client'),
    loginExchanges: all(loginExchanges, eq(loginExchanges.userId, id), 'salt', 'codeChallenge', 'sealedLink'),
    mails: all(outbox, or(eq(outbox.userId, id), eq(outbox.recipient, email))),
    activeDays: all(activeUsers, eq(activeUsers.userId, id)),
    counted: all(countedUsers, eq(countedUsers.userId, id)),
    events: listOwnEventsStatement(db, id, when),
  }
}

/**
 * Reads what the audit trail has on a person: what they did, and what was done to their account. From where somebody
 * else did it is that person's matter.
 */
function listOwnEventsStatement(db: Database, id: string, when: Condition) {
  const { ip, country, userAgent } = auditEvents
  return db
    .select({
      ...columnsOf(auditEvents, 'salt'),
      ip: unlessOfOthers(id, ip),
      country: unlessOfOthers(id, country),
      userAgent: unlessOfOthers(id, userAgent),
    })
    .from(auditEvents)
    .where(and(when, or(eq(auditEvents.userId, id), eq(auditEvents.actorId, id))))
    .orderBy(desc(auditEvents.sequence))
    .limit(AUDIT_EXPORT_MAX_EVENTS)
}

/** Holds where the account asked for no export since this time. */
export const whenNotExportedSince = (userId: string, since: number): Condition =>
  sql`not exists (select 1 from audit_events
    where user_id = ${userId} and at > ${since} and type = 'user.exported')`

/** Finds when the account last asked for an export. */
export const findExportStatement = (db: Database, userId: string) =>
  db
    .select({ at: auditEvents.at })
    .from(auditEvents)
    .where(and(eq(auditEvents.userId, userId), eq(auditEvents.type, 'user.exported')))
    .orderBy(desc(auditEvents.at))
    .limit(1)
