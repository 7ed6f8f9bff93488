import { and, gte, isNotNull, isNull, lt, type SQL, sql } from 'drizzle-orm'
import { foldText } from '../../domain/folded-text.ts'
import { type Condition, whenActive, whenDeactivated } from '../conditions.ts'
import type { Database } from '../database.ts'
import { users } from '../schema/index.ts'
import { accountFields } from './accounts.ts'

/** A place in the list of users, which is sorted by time and then by id. */
interface Place {
  at: number
  id: string
}

export interface UserFilter {
  /** The beginning of an e-mail address, a username or a name. */
  q?: string | undefined
  role?: string | undefined
  status?: 'active' | 'deactivated' | undefined
  isVerified?: boolean | undefined
  /** Asks of one account whether it has the factor that is looked for. */
  whenFactor?: ((userId: SQL) => Condition) | undefined
  /** Finds the ids of those who have that factor; null where nothing finds them by an index. */
  factorOwners?: Condition | null | undefined
  provider?: string | undefined
  createdFrom?: number | undefined
  createdTo?: number | undefined
  lastSeenFrom?: number | undefined
  lastSeenTo?: number | undefined
  /** The place of the account that was shown last. */
  before?: Place | undefined
}

/** Comes behind every text that begins with another one, in the order in which SQLite compares texts. */
const LAST_CHARACTER = '\u{10ffff}'

/** Holds for each of the three texts that begins with what is looked for. */
const beginnings = (q: string, prefix: SQL = sql``): SQL[] =>
  [
    { text: sql`email`, from: q.toLowerCase() },
    { text: sql`lower(username)`, from: q.toLowerCase() },
    { text: sql`name_folded`, from: foldText(q) },
  ].map(({ text, from }) => sql`${prefix}${text} >= ${from} and ${prefix}${text} < ${from + LAST_CHARACTER}`)

/** Everybody has this role, so it filters nobody. */
const ROLE_OF_ALL = 'user'

/** Makes, for each filter that an index answers, the subquery of the ids of all accounts that pass it. */
export function candidatesOf({ q, role, status, isVerified, factorOwners, provider }: UserFilter): SQL[] {
  const found = q === undefined ? [] : beginnings(q).map((when) => sql`select id from users where ${when}`)
  return [
    found.length === 0 ? [] : sql.join(found, sql` union all `),
    role === undefined || role === ROLE_OF_ALL ? [] : sql`select user_id from user_roles where role = ${role}`,
    provider === undefined ? [] : sql`select user_id from identities where provider = ${provider}`,
    factorOwners ?? [],
    status === 'deactivated' ? sql`select id from users where ${whenDeactivated}` : [],
    isVerified === false ? sql`select id from users where email_verified_at is null` : [],
  ].flat()
}

/**
 * Reads how a page is best found: how many accounts each subquery finds, counted up to one more than `atMost`, and,
 * where each finds more than that, the place of the account that is the `part`th of the list from where the page
 * begins; null where there are fewer.
 */
export function planSearchStatement(
  db: Database,
  filter: UserFilter,
  { candidates, atMost, part }: { candidates: readonly SQL[]; atMost: number; part: number },
) {
  const counted = candidates.map((ids) => sql`(select count(*) from (${ids} limit ${atMost + 1}))`)
  const counts = sql`json_array(${sql.join(counted, sql`, `)})`
  const fewest = sql`(select coalesce(min(value), ${atMost + 1}) from json_each(counts))`
  const end = sql`(select json_object('at', created_at, 'id', id) from users where ${whenWithin(filter) ?? sql`true`}
    order by created_at desc, id desc limit 1 offset ${part - 1})`
  return db
    .select({
      counts: sql`counts`.mapWith((value: string) => JSON.parse(value) as number[]).as('found'),
      end: sql`iif(${fewest} > ${atMost}, ${end}, null)`
        .mapWith((value: string) => JSON.parse(value) as Place | null)
        .as('end_of_part'),
    })
    .from(sql`(select ${counts} as counts)`)
}

/** How a page is found: among the accounts of one subquery, or among all down to a place in the list. */
export interface UserSearch {
  ids: SQL | null
  end: Place | null
}

/** Lists the accounts that match, newest first. */
export function listUsersStatement(db: Database, filter: UserFilter, { ids, end }: UserSearch, limit: number) {
  const { q, role, status, isVerified, whenFactor, provider, lastSeenFrom, lastSeenTo } = filter
  // The plus sign keeps SQLite from walking the whole list where a subquery has found the few who may match.
  const createdAt = ids === null ? sql`${users.createdAt}` : sql`+${users.createdAt}`
  return db
    .select(accountFields)
    .from(users)
    .where(
      and(
        ids === null ? undefined : sql`${users.id} in (${ids})`,
        end === null ? undefined : sql`(${users.createdAt}, ${users.id}) >= (${end.at}, ${end.id})`,
        whenWithin(filter, createdAt),
        q === undefined ? undefined : sql`(${sql.join(beginnings(q, sql`+`), sql` or `)})`,
        role === undefined || role === ROLE_OF_ALL
          ? undefined
          : sql`exists (select 1 from user_roles where user_id = users.id and role = ${role})`,
        status && (status === 'deactivated' ? whenDeactivated : whenActive),
        isVerified === undefined ? undefined : (isVerified ? isNotNull : isNull)(users.emailVerifiedAt),
        whenFactor?.(sql`users.id`),
        provider === undefined
          ? undefined
          : sql`exists (select 1 from identities where user_id = users.id and provider = ${provider})`,
        lastSeenFrom === undefined ? undefined : gte(users.lastSeenAt, lastSeenFrom),
        lastSeenTo === undefined ? undefined : lt(users.lastSeenAt, lastSeenTo),
      ),
    )
    .orderBy(sql`${createdAt} desc`, sql`${users.id} desc`)
    .limit(limit)
}

const whenWithin = ({ createdFrom, createdTo, before }: UserFilter, createdAt: SQL = sql`${users.createdAt}`) =>
  and(
    createdFrom === undefined ? undefined : sql`${createdAt} >= ${createdFrom}`,
    createdTo === undefined ? undefined : sql`${createdAt} < ${createdTo}`,
    before === undefined ? undefined : sql`(${createdAt}, ${users.id}) < (${before.at}, ${before.id})`,
  )
