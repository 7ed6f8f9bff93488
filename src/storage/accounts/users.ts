import { and, desc, eq, gte, isNotNull, isNull, lt, type SQL, sql } from 'drizzle-orm'
import { foldText } from '../../domain/folded-text.ts'
import type { Condition } from '../conditions.ts'
import type { Database } from '../database.ts'
import { users } from '../schema/index.ts'
import { accountFields } from './accounts.ts'

export interface UserFilter {
  /** The beginning of an e-mail address, a username or a name. */
  q?: string | undefined
  role?: string | undefined
  status?: 'active' | 'deactivated' | undefined
  isVerified?: boolean | undefined
  /**
   * Asks for one account after the other whether it has the factors that are looked for, so a page reads no more
   * accounts than it takes to fill it.
   */
  whenFactor?: ((userId: SQL) => Condition) | undefined
  provider?: string | undefined
  createdFrom?: number | undefined
  createdTo?: number | undefined
  lastSeenFrom?: number | undefined
  lastSeenTo?: number | undefined
}

/** Comes behind every text that begins with another one, in the order in which SQLite compares texts. */
const LAST_CHARACTER = '\u{10ffff}'

const beginsWith = (column: SQL, prefix: string): SQL =>
  sql`${column} >= ${prefix} and ${column} < ${prefix + LAST_CHARACTER}`

/** Each of the three parts is a range of an index. */
const whenFound = (q: string): Condition => {
  const lower = q.toLowerCase()
  return sql`${users.id} in (select id from users where ${beginsWith(sql`email`, lower)}
    union all select id from users where ${beginsWith(sql`lower(username)`, lower)}
    union all select id from users where ${beginsWith(sql`name_folded`, foldText(q))})`
}

/** Lists the accounts that match, newest first; `before` is the place of the account that was shown last. */
export function listUsersStatement(
  db: Database,
  filter: UserFilter & { before: { at: number; id: string } | undefined },
  limit: number,
) {
  const { q, role, status, isVerified, whenFactor, provider, createdFrom, createdTo, before } = filter
  const { lastSeenFrom, lastSeenTo } = filter
  return db
    .select(accountFields)
    .from(users)
    .where(
      and(
        q === undefined ? undefined : whenFound(q),
        role === undefined ? undefined : sql`${users.id} in (select user_id from user_roles where role = ${role})`,
        status === undefined ? undefined : eq(users.status, status),
        isVerified === undefined ? undefined : (isVerified ? isNotNull : isNull)(users.emailVerifiedAt),
        whenFactor?.(sql`users.id`),
        provider === undefined
          ? undefined
          : sql`${users.id} in (select user_id from identities where provider = ${provider})`,
        createdFrom === undefined ? undefined : gte(users.createdAt, createdFrom),
        createdTo === undefined ? undefined : lt(users.createdAt, createdTo),
        lastSeenFrom === undefined ? undefined : gte(users.lastSeenAt, lastSeenFrom),
        lastSeenTo === undefined ? undefined : lt(users.lastSeenAt, lastSeenTo),
        before === undefined ? undefined : sql`(${users.createdAt}, ${users.id}) < (${before.at}, ${before.id})`,
      ),
    )
    .orderBy(desc(users.createdAt), desc(users.id))
    .limit(limit)
}

/** Finds an account by its id, for an administrator. */
export function findUserStatement(db: Database, id: string) {
  return db.select(accountFields).from(users).where(eq(users.id, id))
}

/** Deactivates an account, or lets it back in, if `when` holds. */
export function setStatusStatement(
  db: Database,
  { id, status }: { id: string; status: 'active' | 'deactivated' },
  when: Condition,
) {
  return db
    .update(users)
    .set({ status })
    .where(and(eq(users.id, id), when))
}
