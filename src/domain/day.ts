export const DAY_MS = 24 * 60 * 60 * 1000

/** Gives the day of a moment in UTC, as `YYYY-MM-DD`. */
export const toDay = (at: number): string => new Date(at).toISOString().slice(0, 10)

/** Lists the days from one to another, both included. */
export function daysBetween(first: string, last: string): string[] {
  const days: string[] = []
  for (let at = Date.parse(first); at <= Date.parse(last); at += DAY_MS) days.push(toDay(at))
  return days
}
