import type * as z from 'zod'
import type { RefusalCode } from '../errors.ts'
import type { Body } from './body.ts'
import type { Guard } from './guard.ts'
import type { Limit } from './middleware/rate-limit.ts'

export type Answers = Readonly<
  Record<number, { description: string; content?: Readonly<Record<string, { schema: z.ZodType }>> }>
>

export interface Statement {
  method: 'get' | 'post' | 'put' | 'patch' | 'delete'
  path: string
  tags: readonly string[]
  summary: string
  description?: string
  /** The limit on the requests of one client to this route. Every route counts for itself. */
  limit?: Limit
  /** The guard that says who may call the route; without one, everybody may. */
  guard?: Guard<object>
  params?: z.ZodType
  query?: z.ZodType
  body?: Body
  answers: Answers
  /**
   * The codes that the handler itself refuses with. Those of its limit, its guard and its input follow from the rest of
   * the statement.
   */
  refuses?: readonly RefusalCode[]
}

/**
 * Describes a route in one statement. The router (`router.ts`) takes its middleware and its validation from it, and the
 * OpenAPI document (`openapi.ts`) its whole operation (docs/decisions/0010-openapi.md).
 */
export const route = <const Of extends Statement>(statement: Of): Of => statement

/** Describes an answer in JSON. */
export const answer = <Schema extends z.ZodType>(schema: Schema, description: string) => ({
  description,
  content: { 'application/json': { schema } },
})
