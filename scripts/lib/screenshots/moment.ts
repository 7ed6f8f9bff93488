const DAY = '2026-11-20'
/** The moment at which all pictures are taken. It is not the clock of a test: nothing depends on whether it is past. */
export const PICTURED_AT = Date.parse(`${DAY}T09:41:00.000Z`)

const DAY_MS = 86_400_000
const MOMENT = /\b\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d(?:\.\d+)?Z)?\b/g

/**
 * Moves each moment in a text, as the API writes them, by the time between two moments, and each day by the days
 * between them.
 */
export function moveMoments(text: string, { fromMs, toMs }: { fromMs: number; toMs: number }): string {
  const days = (Math.floor(toMs / DAY_MS) - Math.floor(fromMs / DAY_MS)) * DAY_MS
  return text.replace(MOMENT, (found, time: string | undefined) => {
    const moved = new Date(Date.parse(found) + (time === undefined ? days : toMs - fromMs)).toISOString()
    return time === undefined ? moved.slice(0, 10) : moved
  })
}
