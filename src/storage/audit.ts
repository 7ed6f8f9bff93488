import { and, desc, eq, getTableColumns, gte, lt, type SQL, sql } from 'drizzle-orm'
import { v7 as uuidv7 } from 'uuid'
import { toDay } from '../domain/day.ts'
import type { Requester } from '../domain/requester.ts'
import type { Actors } from './actors.ts'
import { insertSelect, insertWhere } from './conditional-insert.ts'
import type { Database } from './database.ts'
import { auditCounts, auditEvents } from './schema/index.ts'

export type AuditType =
  | 'user.registered'
  | 'user.registration_repeated'
  | 'user.updated'
  | 'user.deleted'
  | 'user.expired'
  | 'email.verification_requested'
  | 'email.verified'
  | 'email.change_requested'
  | 'email.changed'
  | 'login.succeeded'
  | 'login.failed'
  | 'login.mfa_required'
  | 'login.code_requested'
  | 'login.throttled'
  | 'reauthentication.failed'
  | 'reauthentication.throttled'
  | 'step_up.code_requested'
  | 'step_up.succeeded'
  | 'step_up.failed'
  | 'step_up.throttled'
  | 'session.refresh_reused'
  | 'session.ended'
  | 'password.reset_requested'
  | 'password.reset'
  | 'password.changed'
  | 'account.reverted'
  | 'factors.removal_requested'
  | 'factors.removal_stopped'
  | 'factors.removal_dropped'
  | 'factors.removed'
  | 'identity.linked'
  | 'identity.link_failed'
  | 'identity.unlinked'
  | 'factor.added'
  | 'factor.removed'
  | 'passkey.renamed'
  | 'passkey.counter_reversed'
  | 'factor.recovery_code_used'
  | 'role.granted'
  | 'roles.assigned'
  | 'role.created'
  | 'role.changed'
  | 'role.deleted'
  | 'mail.failed'
  | 'webhook.created'
  | 'webhook.changed'
  | 'webhook.deleted'
  | 'webhook.secret_replaced'

interface AuditEvent extends Actors {
  /** The id of its row, for a batch whose other statements depend on the event. */
  id?: string
  type: AuditType | SQL
  at: number
  details?: Record<string, unknown>
}

/**
 * Records a security event, in the same batch as what it reports. With `when`, it does so only if that condition holds.
 * An event that no known person caused and that concerns no account is only counted, because strangers could otherwise
 * fill the database with events about names that they made up.
 */
export function auditStatement(db: Database, event: AuditEvent, requester: Requester, when: SQL = sql`true`) {
  const { requestId, ip, country, userAgent } = requester
  if ((event.actorId ?? event.userId ?? null) === null) return countEventStatement(db, event, when)
  return insertWhere(
    db,
    auditEvents,
    {
      id: uuidv7(),
      ...event,
      type: event.type,
      actorId: event.actorId ?? null,
      userId: event.userId ?? null,
      details: event.details ?? {},
      requestId,
      ip,
      country,
      userAgent,
    },
    when,
  )
}

/**
 * Records an event where `when` holds, and only counts it where it does not. The statements are the same in both cases.
 */
export function auditOrCountStatements(db: Database, event: AuditEvent, requester: Requester, when: SQL) {
  return [auditStatement(db, event, requester, when), countEventStatement(db, event, sql`not (${when})`)] as const
}

/** Holds where this event was recorded, for what must happen in the same batch and under the same condition. */
export const whenRecorded = (eventId: string): SQL => sql`exists (select 1 from audit_events where id = ${eventId})`

function countEventStatement(db: Database, { type, at }: AuditEvent, when: SQL) {
  const { day, kind, count } = auditCounts
  return insertWhere(db, auditCounts, { day: toDay(at), kind: type, count: 1 }, when).onConflictDoUpdate({
    target: [day, kind],
    set: { count: sql`${count} + 1` },
  })
}

/** Records one event, which the service itself caused, for each of the users that `when` holds for. */
export function auditEachUserStatement(db: Database, event: { type: AuditType; at: number }, when: SQL) {
  // Each id begins with the time, as all other ids do, and ends in random bits of its own.
  const id = sql`${uuidv7().slice(0, 24)} || lower(hex(randomblob(6)))`
  const values = { ...event, id, userId: sql`users.id`, details: {} }
  return insertSelect(db, auditEvents, values, sql`from users where ${when}`)
}

/**
 * Lists the events that match, newest first. `from` is included, `to` is not; `before` is the place of the event that
 * was shown last.
 */
export function listAuditEventsStatement(
  db: Database,
  filter: {
    userId: string | undefined
    type: string | undefined
    from: number | undefined
    to: number | undefined
    before: { at: number; id: string } | undefined
  },
  limit: number,
) {
  const { userId, type, from, to, before } = filter
  const { requestId: _, sequence: _place, salt: _salt, ...fields } = getTableColumns(auditEvents)
  // The plus sign keeps SQLite from using the index of the type, which would search everybody's events for one
  // person's.
  const whenType = userId === undefined ? eq(auditEvents.type, type ?? '') : sql`+${auditEvents.type} = ${type}`
  return db
    .select(fields)
    .from(auditEvents)
    .where(
      and(
        userId === undefined ? undefined : eq(auditEvents.userId, userId),
        type === undefined ? undefined : whenType,
        from === undefined ? undefined : gte(auditEvents.at, from),
        to === undefined ? undefined : lt(auditEvents.at, to),
        before && sql`(${auditEvents.at}, ${auditEvents.id}) < (${before.at}, ${before.id})`,
      ),
    )
    .orderBy(desc(auditEvents.at), desc(auditEvents.id))
    .limit(limit)
}
