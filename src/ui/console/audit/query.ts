import type { Answer, Input } from '../../../client/index.ts'
import { type Filters, readFilters } from '../parts/filters.tsx'

export type AuditEvent = Answer<'GET /audit-events'>['items'][number]
export type Query = NonNullable<Input<'GET /audit-events'>['query']>

export const FILTERS: Filters = { texts: ['type', 'userId', 'actorId'], days: ['from', 'to'] }

/** What the address asks for. */
export const queryOf = (address: URLSearchParams): Query => readFilters(address, FILTERS)
