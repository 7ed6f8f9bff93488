import { and, type Column, desc, eq, getTableColumns, gte, lt, type SQL, sql } from 'drizzle-orm'
import { v7 as uuidv7 } from 'uuid'
import type { AuditFact, AuditType } from '../domain/audit-events.ts'
import { toDay } from '../domain/day.ts'
import type { Requester } from '../domain/requester.ts'
import type { Actors } from './actors.ts'
import { insertSelect, insertWhere } from './conditional-insert.ts'
import { whenSessionExists } from './conditions.ts'
import type { Database } from './database.ts'
import { type Places, prepared } from './prepared.ts'
import { auditCounts, auditEvents } from './schema/index.ts'

/** A type that the database chooses between two, neither of which has details. */
type ChosenFact = { type: SQL<AuditType>; details?: never }

type AuditEvent = Actors &
  (AuditFact | ChosenFact) & {
    /** The id of its row, for a batch whose other statements depend on the event. */
    id?: string
    at: number
  }

/**
 * Records a security event, in the same batch as what it reports. With `when`, it does so only if that condition holds.
 * An event that no known person caused and that concerns no account is only counted, because strangers could otherwise
 * fill the database with events about names that they made up.
 */
export const auditStatement = (db: Database, event: AuditEvent, requester: Requester, when: SQL = sql`true`) =>
  (event.actorId ?? event.userId ?? null) === null
    ? countEventStatement(db, event, when)
    : keepEventStatement(db, event, requester, when)

/** Records an event also where it concerns no account. It is for what the service does itself. */
export function keepEventStatement(db: Database, event: AuditEvent, requester: Requester, when: SQL = sql`true`) {
  return insertWhere(db, auditEvents, rowOf(event, requester), when)
}

function rowOf<Event extends AuditEvent>(event: Event, { requestId, ip, country, userAgent }: Requester) {
  const { id = uuidv7(), type, at, actorId = null, userId = null, details = {} } = event
  return { id, type, at, actorId, userId, details, requestId, ip, country, userAgent }
}

type EventRow = ReturnType<typeof rowOf>

const keepIfOpened = prepared((db, { sessionId, ...row }: Places<EventRow & { sessionId: string }>) =>
  insertWhere(db, auditEvents, row, whenSessionExists(sessionId)),
)

/** Records a login if its session was opened. */
export const auditLoginStatement = (
  db: Database,
  { userId, at, details }: { userId: string; at: number; details: { methods: string[]; sessionId: string } },
  requester: Requester,
) =>
  keepIfOpened(db, {
    ...rowOf({ type: 'login.succeeded', at, actorId: userId, userId, details }, requester),
    sessionId: details.sessionId,
  })

/**
 * Records an event where `when` holds, and only counts it where it does not. The statements are the same in both cases.
 */
export function auditOrCountStatements(db: Database, event: AuditEvent, requester: Requester, when: SQL) {
  return [auditStatement(db, event, requester, when), countEventStatement(db, event, sql`not (${when})`)] as const
}

/** Holds where this account was not refused the same way on the same route since this time. */
export const whenNotRefusedSince = (userId: string, details: { route: string; code: string }, since: number): SQL =>
  sql`not exists (select 1 from audit_events
    where actor_id = ${userId} and at > ${since} and type = 'authorization.refused'
    and details ->> 'route' = ${details.route} and details ->> 'code' = ${details.code})`

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
  const values = { ...event, id: newIdOfEach(), userId: sql`users.id`, details: {} }
  return insertSelect(db, auditEvents, values, sql`from users where ${when}`)
}

/** Records an event for each row that `source` (`from ... where ...`) finds, with details of which that row decides. */
export function auditEachStatement(
  db: Database,
  event: Actors & { type: AuditType; at: number; details: SQL },
  { requestId, ip, country, userAgent }: Requester,
  source: SQL,
) {
  return insertSelect(db, auditEvents, { ...event, id: newIdOfEach(), requestId, ip, country, userAgent }, source)
}

/** Each id begins with the time, as all other ids do, and ends in random bits of its own. */
const newIdOfEach = (): SQL => sql`${uuidv7().slice(0, 24)} || lower(hex(randomblob(6)))`

/** What a list of events is narrowed to. `from` is included, `to` is not. */
export interface AuditFilter {
  userId: string | undefined
  actorId: string | undefined
  type: string | undefined
  from: number | undefined
  to: number | undefined
  /** The place of the event that was shown last. */
  before: Place | undefined
}

interface Place {
  at: number
  id: string
}

/**
 * Lists the events that match, newest first. SQLite goes by the index of the first of user, actor and type that is
 * given. A plus sign keeps it from using that of another one, which would search everybody's events for one person's.
 */
export function listAuditEventsStatement(
  db: Database,
  { userId, actorId, type, from, to, before }: AuditFilter,
  limit: number,
) {
  const { requestId: _, sequence: _place, salt: _salt, ...fields } = getTableColumns(auditEvents)
  const named = [
    { column: auditEvents.userId, value: userId },
    { column: auditEvents.actorId, value: actorId },
    { column: auditEvents.type, value: type },
  ].filter(({ value }) => value !== undefined)
  return db
    .select(fields)
    .from(auditEvents)
    .where(
      and(
        ...named.map(({ column, value }, index) =>
          index === 0 ? sql`${column} = ${value}` : sql`+${column} = ${value}`,
        ),
        from === undefined ? undefined : gte(auditEvents.at, from),
        to === undefined ? undefined : lt(auditEvents.at, to),
        before && whenBehind(before),
      ),
    )
    .orderBy(desc(auditEvents.at), desc(auditEvents.id))
    .limit(limit)
}

/** Lists the events of some types that concern one account, newest first, as its owner may see them. */
export function listActivityStatement(
  db: Database,
  { userId, types, before }: { userId: string; types: readonly AuditType[]; before: Place | undefined },
  limit: number,
) {
  const { id, type, at, actorId, country, userAgent, details } = auditEvents
  const seen = { country: unlessOfOthers(userId, country), userAgent: unlessOfOthers(userId, userAgent) }
  return db
    .select({ id, type, at, actorId, details, ...seen })
    .from(auditEvents)
    .where(
      and(
        eq(auditEvents.userId, userId),
        sql`+${type} in (select value from json_each(${JSON.stringify(types)}))`,
        before && whenBehind(before),
      ),
    )
    .orderBy(desc(at), desc(id))
    .limit(limit)
}
export type ActivityRow = Awaited<ReturnType<typeof listActivityStatement>>[number]

/** Gives a column of the events of an account, and null where somebody else acted: from where is their matter. */
export const unlessOfOthers = (userId: string, column: Column): SQL<string | null> =>
  sql`iif(coalesce(${auditEvents.actorId}, ${auditEvents.userId}) = ${userId}, ${column}, null)`

const whenBehind = ({ at, id }: Place): SQL => sql`(${auditEvents.at}, ${auditEvents.id}) < (${at}, ${id})`
