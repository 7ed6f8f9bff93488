import type { Answer, Input } from '../../../client/index.ts'
import { toMoment } from '../parts/inputs.tsx'

export type AuditEvent = Answer<'GET /audit-events'>['items'][number]
export type Query = NonNullable<Input<'GET /audit-events'>['query']>

export const FILTERS = ['type', 'userId', 'actorId'] as const

/** What the address asks for. */
export function queryOf(address: URLSearchParams): Query {
  const given = [...FILTERS, 'cursor'].flatMap((name) => {
    const value = address.get(name)
    return value === null ? [] : [[name, value]]
  })
  const from = toMoment(address.get('from'))
  const to = toMoment(address.get('to'), { isAfter: true })
  return { ...Object.fromEntries(given), ...(from && { from }), ...(to && { to }) }
}
