import { and, eq, exists, inArray, isNull, type SQL, sql } from 'drizzle-orm'
import { accountFields } from '../accounts/accounts.ts'
import { inOneBatch } from '../batch.ts'
import { insertWhere } from '../conditional-insert.ts'
import type { Database } from '../database.ts'
import { grants, sessions, users } from '../schema/index.ts'
import { type LiveAt, sessionFields, whenLive } from './sessions.ts'

export type Grant = typeof grants.$inferSelect

/** The values that a verified refresh token gives about its grant. */
type Presented = Pick<Grant, 'id' | 'salt' | 'generation'>

/**
 * Milliseconds since the epoch by the database's clock. There is only one such clock, while each Worker has its own.
 */
const databaseNow = sql<number>`cast(unixepoch('subsec') * 1000 as integer)`

const whenPresented = ({ id, salt }: Pick<Grant, 'id' | 'salt'>) => and(eq(grants.id, id), eq(grants.salt, salt))

/** Gives a new session its grant, if the session was opened. */
export function insertGrantStatement(
  db: Database,
  grant: Pick<Grant, 'id' | 'sessionId' | 'salt' | 'generation'>,
  when: SQL,
) {
  return insertWhere(db, grants, { ...grant, rotatedAt: databaseNow }, when)
}

/** Finds a grant of a live session, with the session and its active account as they are now. */
export async function findLiveGrant(db: Database, presented: Pick<Grant, 'id' | 'salt'>, live: LiveAt) {
  const row = await db
    .select({ grant: grants, session: sessionFields, account: accountFields })
    .from(grants)
    .innerJoin(sessions, eq(sessions.id, grants.sessionId))
    .innerJoin(users, eq(users.id, sessions.userId))
    .where(and(whenPresented(presented), eq(users.status, 'active'), whenLive(live)))
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

/**
 * Moves a grant one generation on if it is still at the one presented, and answers its new state, in one round trip. Of
 * many requests at once, one rotates the grant and the others see its result. The answer is null when the session has
 * ended or the account is not active.
 */
export async function rotateGrant(db: Database, presented: Presented, live: LiveAt) {
  const { generation } = presented
  const whenSessionLives = whenLive(live)
  const whenRotated = and(whenPresented(presented), eq(grants.generation, generation + 1))
  const liveSession = db
    .select({ id: sessions.id })
    .from(sessions)
    .innerJoin(users, eq(users.id, sessions.userId))
    .where(and(eq(sessions.id, grants.sessionId), eq(users.status, 'active'), whenSessionLives))
  const { states, accounts } = await inOneBatch(db, {
    grant: db
      .update(grants)
      .set({ generation: generation + 1, rotatedAt: databaseNow })
      .where(and(whenPresented(presented), eq(grants.generation, generation), exists(liveSession))),
    lastSeen: db
      .update(sessions)
      .set({ lastSeenAt: sql`max(${sessions.lastSeenAt}, ${live.nowMs})` })
      .where(
        and(
          inArray(sessions.id, db.select({ id: grants.sessionId }).from(grants).where(whenRotated)),
          whenSessionLives,
        ),
      ),
    // A batch answers rows as objects, in which two columns of one name become one. So the account is selected by
    // itself.
    states: db
      .select({
        ...sessionFields,
        generation: grants.generation,
        sinceRotationMs: sql<number>`${databaseNow} - ${grants.rotatedAt}`.as('since_rotation'),
      })
      .from(grants)
      .innerJoin(sessions, eq(sessions.id, grants.sessionId))
      .where(and(whenPresented(presented), whenSessionLives)),
    accounts: db
      .select(accountFields)
      .from(users)
      .innerJoin(sessions, eq(sessions.userId, users.id))
      .innerJoin(grants, eq(grants.sessionId, sessions.id))
      .where(and(whenPresented(presented), eq(users.status, 'active'))),
  })
  const [state] = states
  const [account] = accounts
  if (!state || !account) return null
  const { generation: reached, sinceRotationMs, ...session } = state
  return { session, account, generation: reached, sinceRotationMs }
}
