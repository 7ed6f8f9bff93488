import { and, desc, eq, gt, lte, or, type SQL, sql } from 'drizzle-orm'
import { MAX_SESSIONS_PER_USER } from '../../config.ts'
import { accountFields } from '../accounts/accounts.ts'
import { credentialFields } from '../accounts/credentials.ts'
import { insertWhere } from '../conditional-insert.ts'
import { type Condition, type Proven, whenActive, whenAsProven } from '../conditions.ts'
import { type Database, deleteSome } from '../database.ts'
import { type Places, prepared } from '../prepared.ts'
import { sessions, users } from '../schema/index.ts'
import { whenTrustCounts } from './trusted-devices.ts'

/** A session, and when its device was trusted; null where it is not, or no longer. */
export type Session = typeof sessions.$inferSelect & { deviceTrustedAt: number | null }

/** What says how much a session is good for where a role requires a strong factor. */
const standingFields = {
  strongAuthenticatedAt: sessions.strongAuthenticatedAt,
  deviceTrustedAt: sql<number | null>`(select created_at from trusted_devices
    where ${whenTrustCounts({ id: sql`sessions.device`, userId: sql`sessions.user_id` })})`.as('device_trusted_at'),
}

/** What an access token says about a session. */
export const tokenSessionFields = {
  id: sessions.id,
  userId: sessions.userId,
  methods: sessions.methods,
  authenticatedAt: sessions.authenticatedAt,
  expiresAt: sessions.expiresAt,
  ...standingFields,
}

export const sessionFields = {
  ...tokenSessionFields,
  createdAt: sessions.createdAt,
  lastSeenAt: sessions.lastSeenAt,
  userAgent: sessions.userAgent,
  country: sessions.country,
  city: sessions.city,
  device: sessions.device,
}

/** The moment at which a session must be live, and the time after which it must have been used to be so. */
export interface LiveAt {
  nowMs: number
  seenAfterMs: number
}

/** Holds where a session has neither expired nor been idle for longer than allowed. */
export const whenLive = ({ nowMs, seenAfterMs }: LiveAt | Places<LiveAt>) =>
  and(gt(sessions.expiresAt, nowMs), gt(sessions.lastSeenAt, seenAfterMs))

type LiveSession = { sessionId: string } & LiveAt

const whenLiveSession = (live: Places<LiveSession>) => and(eq(sessions.id, live.sessionId), whenActive, whenLive(live))

const liveSession = prepared((db, live: Places<LiveSession>) =>
  db
    .select({ session: sessionFields, account: accountFields })
    .from(sessions)
    .innerJoin(users, eq(users.id, sessions.userId))
    .where(whenLiveSession(live)),
)

/** Finds a live session of an active account, with the account as it is now. */
export async function findLiveSession(db: Database, sessionId: string, live: LiveAt) {
  const [row] = await liveSession(db, { sessionId, ...live })
  return row ?? null
}

const liveSessionWithCredentials = prepared((db, live: Places<LiveSession>) =>
  db
    .select({ session: sessionFields, account: accountFields, credentials: credentialFields })
    .from(sessions)
    .innerJoin(users, eq(users.id, sessions.userId))
    .where(whenLiveSession(live)),
)

/** Does the same, and also reads what the password is verified by, for a request that asks for it once more. */
export async function findLiveSessionWithCredentials(db: Database, sessionId: string, live: LiveAt) {
  const [row] = await liveSessionWithCredentials(db, { sessionId, ...live })
  return row ?? null
}

const accountOfSession = prepared((db, live: Places<LiveSession>) =>
  db
    .select({ ...accountFields, ...standingFields })
    .from(users)
    .innerJoin(sessions, eq(users.id, sessions.userId))
    .where(whenLiveSession(live)),
)

/** Selects the active account and the standing of a live session, and nothing where the session has ended. */
export const selectAccountStatement = (db: Database, sessionId: string, live: LiveAt) =>
  accountOfSession(db, { sessionId, ...live })

/**
 * The names by which a session is found: its id and its user from a verified access token, or the content of a verified
 * refresh token.
 */
export interface NamedSessions {
  access: { sid: string; sub: string } | null
  refresh: { id: string; salt: string } | null
}

type Names = Record<'sid' | 'sub' | 'grantId' | 'salt', string | null>

const namedSessions = prepared((db, { sid, sub, grantId, salt }: Places<Names>) => {
  const byAccess = sql`(${sessions.id} = ${sid} and ${sessions.userId} = ${sub})`
  const byRefresh = sql`${sessions.id} = (select session_id from grants where id = ${grantId} and salt = ${salt})`
  return db.select({ id: sessions.id, userId: sessions.userId }).from(sessions).where(or(byAccess, byRefresh))
})

/** Finds the sessions that these names stand for and that have not ended. A name that is null stands for none. */
export async function findNamedSessions(db: Database, { access, refresh }: NamedSessions) {
  const [sid, sub] = [access?.sid ?? null, access?.sub ?? null]
  return await namedSessions(db, { sid, sub, grantId: refresh?.id ?? null, salt: refresh?.salt ?? null })
}

const liveSessionsOf = prepared((db, { userId, ...live }: Places<{ userId: string } & LiveAt>) =>
  db
    .select(sessionFields)
    .from(sessions)
    .innerJoin(users, eq(users.id, sessions.userId))
    .where(and(eq(sessions.userId, userId), whenActive, whenLive(live)))
    .orderBy(desc(sessions.createdAt), desc(sessions.id)),
)

/** Lists the live sessions of an active account, newest first. */
export const listLiveSessionsStatement = (db: Database, userId: string, live: LiveAt) =>
  liveSessionsOf(db, { userId, ...live })

type NewSession = typeof sessions.$inferSelect
type ProvenSession = NewSession & Pick<Proven, 'credentialsVersion'>

const insertProvenSession = prepared((db, { credentialsVersion, ...session }: Places<ProvenSession>) =>
  insertWhere(db, sessions, session, whenAsProven({ id: session.userId, credentialsVersion })),
)

/**
 * Opens a session only if the account is active and has not changed since its owner proved who they are, and `when`
 * holds.
 */
export function insertSessionStatement(
  db: Database,
  session: NewSession,
  { credentialsVersion }: Pick<Proven, 'credentialsVersion'>,
  when?: Condition,
) {
  if (when === undefined) return insertProvenSession(db, { ...session, credentialsVersion })
  return insertWhere(
    db,
    sessions,
    session,
    sql`${whenAsProven({ id: session.userId, credentialsVersion })} and ${when}`,
  )
}

/** Records in a session that its user has authenticated once more, if `when` holds. */
export function renewSessionStatement(
  db: Database,
  { id, userId }: Pick<Session, 'id' | 'userId'>,
  renewed: Pick<Session, 'methods' | 'authenticatedAt' | 'strongAuthenticatedAt'>,
  when: Condition,
) {
  return db
    .update(sessions)
    .set(renewed)
    .where(and(eq(sessions.id, id), eq(sessions.userId, userId), when))
    .returning({ id: sessions.id })
}

/**
 * Ends the oldest sessions of a user beyond the limit. The limit stands in the text, because SQLite would prepare the
 * statement anew each time that a limit is bound.
 */
export const trimSessionsStatement = prepared((db, { userId }: Places<{ userId: string }>) =>
  db
    .delete(sessions)
    .where(
      sql`id in (select id from sessions where user_id = ${userId}
        order by created_at desc, id desc limit -1 offset ${sql.raw(String(MAX_SESSIONS_PER_USER))})`,
    )
    .returning({ id: sessions.id }),
)

/**
 * Moves the last-seen times of sessions and their users forward, never back. One parameter holds all of them, so a
 * batch of any size stays within D1's limit of a hundred parameters.
 */
export function recordSeenStatements(db: Database, seen: readonly (readonly [sessionId: string, at: number])[]) {
  const rows = sql`(select value ->> 0 as id, value ->> 1 as at from json_each(${JSON.stringify(seen)}))`
  return [
    db
      .update(sessions)
      .set({
        lastSeenAt: sql`max(${sessions.lastSeenAt}, (select at from ${rows} as seen where seen.id = sessions.id))`,
      })
      .where(sql`${sessions.id} in (select id from ${rows})`),
    db
      .update(users)
      .set({
        lastSeenAt: sql`max(coalesce(${users.lastSeenAt}, 0), (select max(seen.at) from ${rows} as seen
          join sessions on sessions.id = seen.id where sessions.user_id = users.id))`,
      })
      .where(sql`${users.id} in (select user_id from sessions where id in (select id from ${rows}))`),
  ] as const
}

/** Ends one session of its user, if `when` holds. */
export function endSessionStatement(
  db: Database,
  { id, userId }: Pick<Session, 'id' | 'userId'>,
  when: SQL = sql`true`,
) {
  return db
    .delete(sessions)
    .where(and(eq(sessions.id, id), eq(sessions.userId, userId), when))
    .returning({ id: sessions.id })
}

/** Ends all sessions of an account, or all but one. */
export function endSessionsStatement(
  db: Database,
  userId: string | SQL,
  { except = null, when = sql`true` }: { except?: string | null; when?: SQL } = {},
) {
  return db
    .delete(sessions)
    .where(and(eq(sessions.userId, userId), sql`${sessions.id} is not ${except}`, when))
    .returning({ id: sessions.id })
}

/** Deletes some of the sessions that have expired and answers how many they were. */
export function deleteExpiredSessions(db: Database, nowMs: number, limit: number): Promise<number> {
  return deleteSome(db, sessions, lte(sessions.expiresAt, nowMs), limit)
}

/**
 * Deletes some of the sessions that were last seen before a time and answers how many they were. It looks at every
 * session, because an index would have to be written each minute that a session is in use, and D1 bills a written row
 * like a thousand that are read.
 */
export function deleteIdleSessions(db: Database, seenUntil: number, limit: number): Promise<number> {
  return deleteSome(db, sessions, lte(sessions.lastSeenAt, seenUntil), limit)
}
