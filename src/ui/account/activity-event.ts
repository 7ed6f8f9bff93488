import type { Answer } from '../../client/index.ts'
import { nameCountry } from '../parts/country.ts'
import { sayDay } from '../parts/time.ts'
import { text } from '../texts/activity/index.ts'

export type ActivityEvent = Answer<'GET /auth/me/activity'>['items'][number]

/** Gives the name of a provider that the page knows, by its id. */
type NameProvider = (id: string) => string

/** Says in a sentence what happened. */
export function sayEvent({ type, details }: ActivityEvent, nameProvider: NameProvider): string {
  const variant = `${type}.${variantOf(details)}`
  const day = details.deletesAt ?? details.removesAt ?? details.since
  return text(text.has(variant) ? variant : type, {
    changed: listOf(details.changed).map(nameField).join(', '),
    day: day === undefined ? '' : sayDay(String(day)),
    provider: nameProvider(String(details.provider)),
    role: String(details.role),
    roles: listOf(details.roles).join(', '),
  })
}

/** Some types have a sentence of their own for what their details say. */
function variantOf({ status, factor, method, all, allBut, replacedBy }: ActivityEvent['details']): unknown {
  if (all !== undefined) return 'all'
  if (allBut !== undefined) return 'others'
  if (replacedBy !== undefined) return 'replaced'
  if (factor !== undefined) return factor === 'passkey' ? 'passkey' : 'second'
  return method ?? status
}

const listOf = (detail: unknown): readonly string[] => (Array.isArray(detail) ? detail.map(String) : [])

function nameField(field: string): string {
  const key = `field.${field}`
  return text.has(key) ? text(key) : field
}

/** Says who did it, where that was not the owner, and from where. */
export const sayOrigin = ({ by, device, country }: ActivityEvent): readonly string[] => [
  ...(by === null || by === 'owner' ? [] : [text(`by.${by}`)]),
  ...(device === null ? [] : [device.name]),
  ...(country === null ? [] : [nameCountry(country)]),
]

/**
 * Puts events together that came one after another and read alike, so that many failed sign-ins hide nothing else. Each
 * group has the newest first.
 */
export function groupAlike(events: readonly ActivityEvent[]): readonly (readonly ActivityEvent[])[] {
  const groups: ActivityEvent[][] = []
  for (const event of events) {
    const group = groups.at(-1)
    if (group?.[0] !== undefined && looksOf(group[0]) === looksOf(event)) group.push(event)
    else groups.push([event])
  }
  return groups
}

const looksOf = ({ id: _, at: _at, ...rest }: ActivityEvent): string => JSON.stringify(rest)
