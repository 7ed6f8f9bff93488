import { and, eq, exists, inArray, isNull, sql } from 'drizzle-orm'
import { accountFields, tokenAccountFields } from '../accounts/accounts.ts'
import { inOneBatch } from '../batch.ts'
import { insertWhere } from '../conditional-insert.ts'
import { whenActive, whenSessionExists } from '../conditions.ts'
import type { Database } from '../database.ts'
import { prefixed } from '../prefixed.ts'
import { type Places, prepared } from '../prepared.ts'
import { grants, sessions, users } from '../schema/index.ts'
import { type LiveAt, sessionFields, tokenSessionFields, whenLive } from './sessions.ts'

export type Grant = typeof grants.$inferSelect

/** The values that a verified refresh token gives about its grant. */
type Presented = Pick<Grant, 'id' | 'salt' | 'generation'>

/**
 * Milliseconds since the epoch by the database's clock. There is only one such clock, while each Worker has its own.
 */
const databaseNow = sql<number>`cast(unixepoch('subsec') * 1000 as integer)`

const whenPresented = ({ id, salt }: Pick<Grant, 'id' | 'salt'> | Places<Pick<Grant, 'id' | 'salt'>>) =>
  and(eq(grants.id, id), eq(grants.salt, salt))

type NewGrant = Pick<Grant, 'id' | 'sessionId' | 'salt' | 'generation'>

/** Gives a new session its grant, if the session was opened. */
export const insertGrantStatement = prepared((db, grant: Places<NewGrant>) =>
  insertWhere(db, grants, { ...grant, rotatedAt: databaseNow }, whenSessionExists(grant.sessionId)),
)

/** Finds a grant of a live session, with the session and its active account as they are now. */
export async function findLiveGrant(db: Database, presented: Pick<Grant, 'id' | 'salt'>, live: LiveAt) {
  const row = await db
    .select({ grant: grants, session: sessionFields, account: accountFields })
    .from(grants)
    .innerJoin(sessions, eq(sessions.id, grants.sessionId))
    .innerJoin(users, eq(users.id, sessions.userId))
    .where(and(whenPresented(presented), whenActive, whenLive(live)))
    .get()
  return row ?? null
}

/** Finds the grant of our own client in a session. */
export function findOwnGrantStatement(db: Database, sessionId: string) {
  return db
    .select()
    .from(grants)
    .where(and(eq(grants.sessionId, sessionId), isNull(grants.clientId)))
}

type Rotation = Presented & LiveAt

const whenRotated = (rotation: Places<Rotation>) =>
  and(whenPresented(rotation), sql`${grants.generation} = ${rotation.generation} + 1`)

const rotateIfPresented = prepared((db, rotation: Places<Rotation>) => {
  const liveSession = db
    .select({ id: sessions.id })
    .from(sessions)
    .innerJoin(users, eq(users.id, sessions.userId))
    .where(and(eq(sessions.id, grants.sessionId), whenActive, whenLive(rotation)))
  return db
    .update(grants)
    .set({ generation: sql`${grants.generation} + 1`, rotatedAt: databaseNow })
    .where(and(whenPresented(rotation), eq(grants.generation, rotation.generation), exists(liveSession)))
})

const touchRotatedSession = prepared((db, rotation: Places<Rotation>) => {
  const rotated = db.select({ id: grants.sessionId }).from(grants).where(whenRotated(rotation))
  return db
    .update(sessions)
    .set({ lastSeenAt: sql`max(${sessions.lastSeenAt}, ${rotation.nowMs})` })
    .where(and(inArray(sessions.id, rotated), whenLive(rotation)))
})

const selectRotated = prepared((db, rotation: Places<Rotation>) =>
  db
    .select({
      session: prefixed('session', tokenSessionFields),
      account: tokenAccountFields,
      generation: grants.generation,
      sinceRotationMs: sql<number>`${databaseNow} - ${grants.rotatedAt}`.as('since_rotation'),
    })
    .from(grants)
    .innerJoin(sessions, eq(sessions.id, grants.sessionId))
    .innerJoin(users, eq(users.id, sessions.userId))
    .where(and(whenPresented(rotation), whenActive, whenLive(rotation))),
)

/**
 * Moves a grant one generation on if it is still at the one presented, and answers its new state, in one round trip. Of
 * many requests at once, one rotates the grant and the others see its result. The answer is null when the session has
 * ended or the account is not active.
 */
export async function rotateGrant(db: Database, { id, salt, generation }: Presented, live: LiveAt) {
  const rotation = { id, salt, generation, ...live }
  const { states } = await inOneBatch(db, {
    grant: rotateIfPresented(db, rotation),
    lastSeen: touchRotatedSession(db, rotation),
    states: selectRotated(db, rotation),
  })
  return states[0] ?? null
}
