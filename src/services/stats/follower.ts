import { toDay } from '../../domain/day.ts'
import type { Condition } from '../../storage/conditions.ts'
import { type Activity, countActiveStatements, countStatement, recountStatements } from '../../storage/stats.ts'
import type { AuditFollower, AuditRow } from '../audit/follower.ts'
import { whenFactorIs, whenStrongFactorIsSet } from '../factors/registry.ts'

/**
 * The ways to log in, by the method that tells each from the others (RFC 8176, and `fed` for a provider). A second
 * factor does not change the way.
 */
export const LOGIN_WAYS = { password: 'pwd', passkey: 'user', provider: 'fed' } as const

/** The kinds of accounts that are counted by their factors. */
export const factorKindsOf = (userId: Condition) => ({
  withFactor: whenStrongFactorIsSet(userId),
  withTotp: whenFactorIs('totp', userId),
  withPasskey: whenFactorIs('passkey', userId),
})

/** The kind under which logins of a way are counted. */
export const toLoginKind = (way: string): string => `login.succeeded ${way}`

/**
 * Counts the events of the trail by day and type, who logged in, and anew every account that an event names. The day of
 * an event is its own, however much later it is counted.
 */
export const statsFollower: AuditFollower = {
  name: 'stats',
  statements: ({ db, now }, events) => ({
    counts: countStatement(db, countByDay(events)),
    active: countActiveStatements(db, events.flatMap(toActivity), now()),
    accounts: recountStatements(db, [...new Set(events.flatMap(({ userId }) => userId ?? []))], factorKindsOf),
  }),
}

function countByDay(events: readonly AuditRow[]) {
  const counts = new Map<string, { day: string; kind: string; count: number }>()
  for (const event of events)
    for (const kind of kindsOf(event)) {
      const day = toDay(event.at)
      const known = counts.get(day + kind) ?? { day, kind, count: 0 }
      counts.set(day + kind, { ...known, count: known.count + 1 })
    }
  return [...counts.values()]
}

function kindsOf({ type, details: { methods } }: AuditRow): string[] {
  if (type !== 'login.succeeded' || !Array.isArray(methods)) return [type]
  const way = Object.entries(LOGIN_WAYS).find(([, method]) => methods.includes(method))
  return way ? [type, toLoginKind(way[0])] : [type]
}

const toActivity = ({ type, at, userId }: AuditRow): Activity[] =>
  type === 'login.succeeded' && userId !== null ? [{ day: toDay(at), userId }] : []
