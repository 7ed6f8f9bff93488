import { language } from '../texts/language.ts'

const DAY = new Intl.DateTimeFormat(language, { dateStyle: 'medium' })
const MOMENT = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'short' })
const AGO = new Intl.RelativeTimeFormat(language, { numeric: 'auto' })

/** The units that people count in, and after how many seconds each of them is too small. */
const UNITS = [
  { unit: 'minute', seconds: 60, below: 3600 },
  { unit: 'hour', seconds: 3600, below: 86_400 },
  { unit: 'day', seconds: 86_400, below: 30 * 86_400 },
] as const

/** Writes the day of a time, such as "22 Nov 2026". */
export const sayDay = (time: string): string => DAY.format(new Date(time))

/** Writes a time to the minute, such as "22 Nov 2026, 14:03". */
export const sayMoment = (time: string): string => MOMENT.format(new Date(time))

/** Writes how long ago a time was, such as "3 hours ago", and its day where that is long ago. */
export function sayAgo(time: string): string {
  const seconds = Math.max(0, (Date.now() - Date.parse(time)) / 1000)
  const fitting = UNITS.find(({ below }) => seconds < below)
  return fitting ? AGO.format(-Math.floor(seconds / fitting.seconds), fitting.unit) : sayDay(time)
}
