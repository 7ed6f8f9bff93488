import { text } from '../../texts/console/index.ts'
import { addressOf, go, type Place, placeOf } from './address.ts'

/** Narrows what the address shows, from the first page on. */
export const narrow = (address: URLSearchParams, filters: Place): void =>
  go(placeOf(address, { ...filters, cursor: null }), { replaces: true })

/** Gives the field for a filter its value, which stands in the address. */
export const filterOf = (address: URLSearchParams, name: string) => ({
  value: address.get(name) ?? '',
  onChange: (value: string) => narrow(address, { [name]: value }),
})

export interface Filters {
  texts: readonly string[]
  /** Days of the reader's calendar. The name of one ends with `to` where the whole day belongs to the list. */
  days: readonly string[]
}

/** Reads what the address asks for. The service refuses values that it does not know, and says so. */
export function readFilters(address: URLSearchParams, { texts, days }: Filters): Readonly<Record<string, string>> {
  const asked = [
    ...[...texts, 'cursor'].map((name) => [name, address.get(name)] as const),
    ...days.map((name) => [name, toMoment(address.get(name), { isAfter: /to$/i.test(name) })] as const),
  ]
  return Object.fromEntries(asked.flatMap(([name, value]) => (value === null ? [] : [[name, value]])))
}

/** The first moment of a day of the reader, or of the day after it; null where it is no day. */
function toMoment(day: string | null, { isAfter }: { isAfter: boolean }): string | null {
  if (day === null) return null
  const date = new Date(`${day}T00:00`)
  if (Number.isNaN(date.getTime())) return null
  if (isAfter) date.setDate(date.getDate() + 1)
  return date.toISOString()
}

/** Leads to the whole list, where one of its filters is set. */
export function ClearFilters({ address, filters }: { address: URLSearchParams; filters: Filters }) {
  if (![...filters.texts, ...filters.days].some((name) => address.has(name))) return null
  return (
    <a class="small" href={addressOf({ section: address.get('section') })}>
      {text('filters.clear')}
    </a>
  )
}
