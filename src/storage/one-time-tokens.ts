import { and, eq, gt, inArray, isNull, lt, notInArray, type SQL, sql } from 'drizzle-orm'
import { accountFields } from './accounts/accounts.ts'
import { inOneBatch } from './batch.ts'
import { insertWhere } from './conditional-insert.ts'
import {
  type Condition,
  type Proven,
  userIdByToken,
  whenActive,
  whenAddressIsTaken,
  whenAsProven,
} from './conditions.ts'
import { type Database, deleteSome } from './database.ts'
import { oneTimeTokens, users } from './schema/index.ts'

export type OneTimeToken = typeof oneTimeTokens.$inferSelect
export type OneTimeTokenPurpose = OneTimeToken['purpose']

/** The values of a new token, apart from its owner. */
export interface NewOneTimeToken {
  id: string
  salt: string
  createdAt: number
  expiresAt: number
}

/** How a token is found whose code somebody typed. */
type Wanted = { id: string } | { email: string } | { sessionId: string }

/** The account that a token is made for, and what must still be true of it. */
type TokenOwner =
  | { id: string; unlessTaken?: string; asProven?: Proven; when?: SQL }
  | { email: string; isUnverified?: boolean }

/**
 * Makes a token for the active account that `owner` picks, or none where there is no such account. With `unlessTaken`,
 * it does so only while nobody else has that address; with `asProven`, only while the account is as it was then; with
 * `when`, only if that holds. The token proves the account's address, or `email` where it names one.
 */
export function issueTokenStatement(
  db: Database,
  token: Omit<NewOneTimeToken, 'expiresAt'> & {
    expiresAt: number | SQL
    purpose: OneTimeTokenPurpose | SQL
    email?: string
    methods?: string[]
    sessionId?: string
    client?: string
  },
  owner: TokenOwner,
) {
  const found = sql`from users where ${whenActive} and ${whenIsOwner(owner)}`
  return insertWhere(
    db,
    oneTimeTokens,
    { ...token, userId: sql`(select id ${found})`, email: token.email ?? sql`(select email ${found})` },
    sql`exists (select 1 ${found})`,
  )
}

function whenIsOwner(owner: TokenOwner): SQL | undefined {
  if ('email' in owner)
    return and(eq(users.email, owner.email), owner.isUnverified ? isNull(users.emailVerifiedAt) : undefined)
  const { id, unlessTaken, asProven, when } = owner
  return and(
    eq(users.id, id),
    unlessTaken === undefined ? undefined : sql`not ${whenAddressIsTaken(unlessTaken, id)}`,
    asProven && whenAsProven(asProven),
    when,
  )
}

/** Finds a live token by the id and salt of its verified form, with its account. */
export async function findToken(
  db: Database,
  { id, salt }: Pick<OneTimeToken, 'id' | 'salt'>,
  purpose: OneTimeTokenPurpose,
  nowMs: number,
) {
  const row = await db
    .select({ token: oneTimeTokens, account: accountFields })
    .from(oneTimeTokens)
    .innerJoin(users, eq(users.id, oneTimeTokens.userId))
    .where(
      and(
        eq(oneTimeTokens.id, id),
        eq(oneTimeTokens.salt, salt),
        eq(oneTimeTokens.purpose, purpose),
        gt(oneTimeTokens.expiresAt, nowMs),
      ),
    )
    .get()
  return row ?? null
}

/**
 * Counts a guess at the code of a token, before the code is compared. It answers nothing when there is no such token,
 * when the guesses at it are used up, or when those of its user and purpose are used up for the day. A token is picked
 * by its id, or as the newest that was mailed to an address or that a session asked for. Several accounts may have
 * asked for one new address. Each then has a token of its own, so that none can make the code of another useless.
 */
export async function countGuess(
  db: Database,
  guess: Wanted & { purpose: OneTimeTokenPurpose; at: number },
  limits: { perToken: number; perDay: number | null },
) {
  const { purpose, at } = guess
  const ids = idsOf(guess, purpose)
  const { tokens, accounts } = await inOneBatch(db, {
    tokens: db
      .update(oneTimeTokens)
      .set({ attempts: sql`attempts + 1` })
      .where(
        and(
          inArray(oneTimeTokens.id, ids),
          eq(oneTimeTokens.purpose, purpose),
          gt(oneTimeTokens.expiresAt, at),
          lt(oneTimeTokens.attempts, limits.perToken),
          limits.perDay === null
            ? undefined
            : sql`(select sum(t.attempts) from one_time_tokens t where t.user_id = one_time_tokens.user_id
            and t.purpose = ${purpose} and t.created_at > ${at - 86_400_000}) < ${limits.perDay}`,
        ),
      )
      .returning(),
    // A batch answers rows as objects, in which two columns of one name become one. So only the account's columns are
    // selected here.
    accounts: db
      .select(accountFields)
      .from(users)
      .innerJoin(oneTimeTokens, eq(users.id, oneTimeTokens.userId))
      .where(inArray(oneTimeTokens.id, ids)),
  })
  return tokens.flatMap((token) => {
    const account = accounts.find(({ id }) => id === token.userId)
    return account ? [{ token, account }] : []
  })
}

function idsOf(wanted: Wanted, purpose: OneTimeTokenPurpose): SQL {
  if ('id' in wanted) return sql`(${wanted.id})`
  if ('sessionId' in wanted)
    return sql`(select id from one_time_tokens where session_id = ${wanted.sessionId} and purpose = ${purpose}
      order by created_at desc, id desc limit 1)`
  return sql`(select id from (select id, max(created_at) from one_time_tokens
    where email = ${wanted.email} and purpose = ${purpose} group by user_id))`
}

/** Uses up one token, and no other, if `when` holds. */
export function spendTokenStatement(db: Database, id: string, when: Condition) {
  return db.delete(oneTimeTokens).where(and(eq(oneTimeTokens.id, id), when))
}

/** Lets a token live until a time, if it would not live as long without. */
export function prolongTokenStatement(db: Database, id: string, expiresAt: number) {
  return db
    .update(oneTimeTokens)
    .set({ expiresAt: sql`max(${oneTimeTokens.expiresAt}, ${expiresAt})` })
    .where(eq(oneTimeTokens.id, id))
}

/**
 * Uses a token up, and with it every other one of the same user and purpose. It stands last in a batch whose other
 * statements depend on the token. When two batches race, one finds the token in the answer and the other has done
 * nothing.
 */
export function consumeTokenStatement(db: Database, id: string, when: Condition = sql`true`) {
  return db
    .delete(oneTimeTokens)
    .where(sql`(user_id, purpose) = (select user_id, purpose from one_time_tokens where id = ${id}) and ${when}`)
    .returning({ id: oneTimeTokens.id })
}

/**
 * Holds for tokens that die with the credentials of their user. The others protect the owner against whoever changes
 * credentials: they undo such a change, or stop the removal of the factors.
 */
const whenOfCredentials = notInArray(oneTimeTokens.purpose, ['not_me', 'keep_factors'])

/** Does the same for a token whose use makes all others of its user worthless that depend on the credentials. */
export function consumeAllTokensStatement(db: Database, id: string, when: SQL = sql`true`) {
  return db
    .delete(oneTimeTokens)
    .where(and(eq(oneTimeTokens.userId, userIdByToken(id)), whenOfCredentials, when))
    .returning({ id: oneTimeTokens.id })
}

export function deleteTokensStatement(db: Database, userId: string | SQL, when: SQL) {
  return db.delete(oneTimeTokens).where(and(eq(oneTimeTokens.userId, userId), whenOfCredentials, when))
}

export function deleteExpiredTokens(db: Database, nowMs: number, limit: number): Promise<number> {
  return deleteSome(db, oneTimeTokens, lt(oneTimeTokens.expiresAt, nowMs), limit)
}
