import { and, desc, eq, getTableColumns, gte, lt, type SQL, sql } from 'drizzle-orm'
import { v7 as uuidv7 } from 'uuid'
import { insertSelect, insertWhere } from './conditional-insert.ts'
import type { Database } from './database.ts'
import { auditEvents } from './schema/index.ts'

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
  | 'session.refresh_reused'
  | 'session.ended'
  | 'password.reset_requested'
  | 'password.reset'
  | 'password.changed'
  | 'identity.linked'
  | 'identity.link_failed'
  | 'identity.unlinked'
  | 'mail.failed'

interface AuditEvent {
  type: AuditType | SQL
  at: number
  /** Who did it; null for somebody who is not signed in. */
  actorId?: string | SQL | null
  /** Whom it concerns. */
  userId?: string | SQL | null
  details?: Record<string, unknown>
}

/** Where a request came from, as the trail keeps it. */
export interface Origin {
  requestId: string | null
  ip: string | null
  country: string | null
  userAgent: string | null
}

/** Records a security event, in the batch of the fact it records; with a `condition`, only if that fact comes about. */
export function auditStatement(db: Database, event: AuditEvent, origin: Origin, condition: SQL = sql`true`) {
  const { requestId, ip, country, userAgent } = origin
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
    condition,
  )
}

/** Records one event, which nobody in particular did, for each of the users that `which` holds for. */
export function auditEachUserStatement(db: Database, event: { type: AuditType; at: number }, which: SQL) {
  // Each id begins with the time, as all others do, and ends in random bits of its own.
  const id = sql`${uuidv7().slice(0, 24)} || lower(hex(randomblob(6)))`
  const values = { ...event, id, userId: sql`users.id`, details: {} }
  return insertSelect(db, auditEvents, values, sql`from users where ${which}`)
}

/** A place in the trail: the event last shown. */
export interface AuditPosition {
  at: number
  id: string
}

/** Events that fit, newest first. `from` is included, `to` is not. */
export async function listAuditEvents(
  db: Database,
  filter: {
    userId: string | undefined
    type: string | undefined
    from: number | undefined
    to: number | undefined
    before: AuditPosition | undefined
  },
  limit: number,
) {
  const { userId, type, from, to, before } = filter
  const { requestId: _, ...fields } = getTableColumns(auditEvents)
  return await db
    .select(fields)
    .from(auditEvents)
    .where(
      and(
        userId === undefined ? undefined : eq(auditEvents.userId, userId),
        type === undefined ? undefined : eq(auditEvents.type, type),
        from === undefined ? undefined : gte(auditEvents.at, from),
        to === undefined ? undefined : lt(auditEvents.at, to),
        before && sql`(${auditEvents.at}, ${auditEvents.id}) < (${before.at}, ${before.id})`,
      ),
    )
    .orderBy(desc(auditEvents.at), desc(auditEvents.id))
    .limit(limit)
}
