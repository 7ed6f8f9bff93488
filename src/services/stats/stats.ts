import { STATS_DEFAULT_DAYS, STATS_MAX_DAYS } from '../../config.ts'
import type { Stats, StatsQuery } from '../../contracts/stats.ts'
import { DAY_MS, daysBetween, toDay } from '../../domain/day.ts'
import { Refusal } from '../../errors.ts'
import type { Reading } from '../../platform/platform.ts'
import { ACTIVE, IN_ALL, readCountsStatement } from '../../storage/stats.ts'
import type { ReadAsCaller } from '../sessions/reading.ts'
import { LOGIN_WAYS, toLoginKind } from './follower.ts'

/** The kind that each number of a day counts. */
const KINDS = {
  signUps: 'user.registered',
  logins: 'login.succeeded',
  failedLogins: 'login.failed',
  lockouts: 'login.throttled',
  activeUsers: ACTIVE,
  factorsAdded: 'factor.added',
  factorsRemoved: 'factor.removed',
  failedMails: 'mail.failed',
} as const
const NUMBERS = Object.keys(KINDS) as (keyof typeof KINDS)[]
const TOTALS = ['users', 'verified', 'deactivated', 'withFactor', 'withTotp', 'withPasskey'] as const
const WAYS = Object.keys(LOGIN_WAYS) as (keyof typeof LOGIN_WAYS)[]

/**
 * Reads the statistics of the days from that of `from` to that of `to`, both included, in UTC.
 * @throws {Refusal} `invalid_request` for days in the wrong order or too many.
 */
export async function readStats(
  { db, now }: Pick<Reading, 'db' | 'now'>,
  readAsCaller: ReadAsCaller,
  query: StatsQuery,
): Promise<Stats> {
  const days = chooseDays(query, now())
  const kinds = [...Object.values(KINDS), ...WAYS.map(toLoginKind)]
  const [first = '', last = ''] = [days[0], days.at(-1)]
  const counts = new Map<string, number>()
  for (const { day, kind, count } of await readAsCaller(readCountsStatement(db, { first, last, kinds })))
    counts.set(`${day} ${kind}`, (counts.get(`${day} ${kind}`) ?? 0) + count)
  const countOf = (day: string, kind: string) => counts.get(`${day} ${kind}`) ?? 0
  return {
    days: days.map((date) => ({
      date,
      ...toRecord(NUMBERS, (name) => countOf(date, KINDS[name])),
      loginsBy: toRecord(WAYS, (way) => countOf(date, toLoginKind(way))),
    })),
    totals: toRecord(TOTALS, (kind) => countOf(IN_ALL, kind)),
  }
}

function chooseDays({ from, to }: StatsQuery, now: number): string[] {
  const last = to?.slice(0, 10) ?? toDay(now)
  const first = from?.slice(0, 10) ?? toDay(Date.parse(last) - (STATS_DEFAULT_DAYS - 1) * DAY_MS)
  const count = (Date.parse(last) - Date.parse(first)) / DAY_MS + 1
  if (count >= 1 && count <= STATS_MAX_DAYS) return daysBetween(first, last)
  const message = `Ask for 1 to ${STATS_MAX_DAYS} days, the first of which is not after the last.`
  throw new Refusal('invalid_request', { errors: [{ path: 'from', message }] })
}

const toRecord = <Name extends string, Value>(names: readonly Name[], numberOf: (name: Name) => Value) =>
  Object.fromEntries(names.map((name) => [name, numberOf(name)])) as Record<Name, Value>
