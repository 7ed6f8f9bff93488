import { OpenAPIHono, type z } from '@hono/zod-openapi'
import { Problem } from '../contracts/common.ts'
import { AuthError, REFUSALS, type RefusalCode } from '../errors.ts'
import type { AppEnv } from './context.ts'

/** A router whose inputs are checked by their contract before a handler sees them. */
export function createRouter(): OpenAPIHono<AppEnv> {
  return new OpenAPIHono<AppEnv>({
    defaultHook: (result) => {
      if (result.success) return
      const errors = result.error.issues.map(({ path, message }) => ({ path: path.map(String).join('.'), message }))
      throw new AuthError('invalid_request', { errors })
    },
  })
}

/** For the document: the route needs an access token, in one of the two ways. */
export const SIGNED_IN = [{ bearer: [] }, { cookie: [] }]

/** A required JSON body. Without `required` an absent content type would validate as `{}`. */
export const jsonRequest = <Schema extends z.ZodType>(schema: Schema) => ({
  body: { required: true, content: { 'application/json': { schema } } },
})

export const jsonAnswer = <Schema extends z.ZodType>(schema: Schema, description: string) => ({
  description,
  content: { 'application/json': { schema } },
})

/** What any route may answer. */
const ANYWHERE = ['rate_limited', 'internal_error', 'dependency_unavailable'] as const

/** The refusals of a route, for its document: one response a status, naming the codes it may carry. Handlers throw them. */
export function refusals(...codes: RefusalCode[]): Record<never, never> {
  const byStatus = new Map<number, RefusalCode[]>()
  for (const code of [...codes, ...ANYWHERE]) {
    const { status } = REFUSALS[code]
    byStatus.set(status, [...(byStatus.get(status) ?? []), code])
  }
  const content = { 'application/problem+json': { schema: Problem } }
  return Object.fromEntries(
    [...byStatus].map(([status, list]) => [
      status,
      { description: list.map((code) => `\`${code}\``).join(', '), content },
    ]),
  )
}
