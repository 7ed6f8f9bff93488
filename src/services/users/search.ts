import { USERS_PER_FILTER, USERS_PER_PART } from '../../config.ts'
import type { UserQuery } from '../../contracts/user-administration.ts'
import type { User } from '../../contracts/users.ts'
import { readTimestamp } from '../../domain/timestamp.ts'
import type { Reading } from '../../platform/platform.ts'
import {
  candidatesOf,
  listUsersStatement,
  planSearchStatement,
  type UserFilter,
  type UserSearch,
} from '../../storage/accounts/user-search.ts'
import type { Condition } from '../../storage/conditions.ts'
import { toUser } from '../accounts/profile.ts'
import { factorOwners, whenFactorIs } from '../factors/registry.ts'
import { type Page, readPage } from '../paging.ts'
import type { ReadAsCaller } from '../sessions/reading.ts'

/** Nothing is looked for, so the list itself is read, and a page ends at its limit. */
const WHOLE_LIST: UserSearch = { ids: null, end: null }

/**
 * Reads a page of the accounts, newest first. However many accounts there are, it takes two reads at most and looks at
 * few of them: at those that the filter finds which finds the fewest, or at the next part of the list. In that case a
 * page may hold fewer accounts than it could, and the next one goes on behind that part.
 * @throws {Refusal} `invalid_request` for a cursor that no page gave.
 */
export async function readUsers(
  deps: Pick<Reading, 'db' | 'settings'>,
  readAsCaller: ReadAsCaller,
  query: UserQuery,
): Promise<Page<User>> {
  const filter = toFilter(query)
  let search = WHOLE_LIST
  return await readPage(query, {
    async listRows(before, atMost) {
      search = await planSearch(deps, readAsCaller, { ...filter, before })
      return await readAsCaller(listUsersStatement(deps.db, { ...filter, before }, search, atMost))
    },
    positionOf: ({ createdAt, id }) => ({ at: createdAt, id }),
    toItem: (user) => toUser(deps, user),
    endOfPart: () => search.end,
  })
}

async function planSearch(
  { db }: Pick<Reading, 'db'>,
  readAsCaller: ReadAsCaller,
  filter: UserFilter,
): Promise<UserSearch> {
  const { before: _, createdFrom: _from, createdTo: _to, ...filters } = filter
  if (Object.values(filters).every((value) => value === undefined)) return WHOLE_LIST
  const candidates = candidatesOf(filter)
  const limits = { candidates, atMost: USERS_PER_FILTER, part: USERS_PER_PART }
  const [plan] = await readAsCaller(planSearchStatement(db, filter, limits))
  if (!plan) return WHOLE_LIST
  const fewest = Math.min(...plan.counts)
  if (fewest > USERS_PER_FILTER) return { ids: null, end: plan.end }
  return { ids: candidates[plan.counts.indexOf(fewest)] ?? null, end: null }
}

function toFilter(query: UserQuery): UserFilter {
  const { q, role, status, provider, verified, factor, createdFrom, createdTo, lastSeenFrom, lastSeenTo } = query
  return {
    q,
    role,
    status,
    provider,
    isVerified: verified,
    whenFactor: factor && ((userId: Condition) => whenFactorIs(factor, userId)),
    factorOwners: factor && factorOwners(factor),
    createdFrom: readTimestamp(createdFrom),
    createdTo: readTimestamp(createdTo),
    lastSeenFrom: readTimestamp(lastSeenFrom),
    lastSeenTo: readTimestamp(lastSeenTo),
  }
}
