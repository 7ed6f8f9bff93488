import { createRoute, OpenAPIHono, type RouteConfig, type z } from '@hono/zod-openapi'
import type { MiddlewareHandler } from 'hono'
import type { HonoOptions } from 'hono/hono-base'
import { Problem } from '../contracts/common.ts'
import { REFUSALS, Refusal, type RefusalCode } from '../errors.ts'
import type { Body } from './body.ts'
import type { AppEnv } from './context.ts'
import { type AddedBy, enter, type Guard } from './guard.ts'
import { type Limit, limitsOf } from './middleware/rate-limit.ts'

type Answers = Readonly<
  Record<number, { description: string; content?: Readonly<Record<string, { schema: z.ZodType }>> }>
>

interface Statement {
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

type Request<Of> = Pick<Of, Extract<keyof Of, 'params' | 'query' | 'body'>>

/** The type that Hono gets from a statement. The types of handlers and of `hc<AppType>` derive from it. */
type Routed<Of extends Statement> = {
  method: Of['method']
  path: Of['path']
  request: Request<Of>
  responses: Of['answers']
  middleware: [MiddlewareHandler<{ Variables: AddedBy<Of['guard']> }>]
}

/**
 * Any request can be refused with these. A stated client address that nobody vouches for is refused wherever it is sent
 * (docs/other-services.md).
 */
const ANYWHERE = [
  'invalid_request',
  'invalid_client',
  'rate_limited',
  'internal_error',
  'dependency_unavailable',
] as const
/** Every route that changes something refuses these first: a request by a page of a foreign origin, and plain HTTP. */
const UNSAFE = ['csrf_refused', 'https_required'] as const
const BODY = ['body_too_large', 'unsupported_media_type'] as const

/**
 * Describes a route in one statement: its middleware, its validation and its whole OpenAPI operation, with every status
 * that it can answer (docs/decisions/0010-openapi.md).
 */
export function route<const Of extends Statement>(statement: Of): Routed<Of> {
  const { method, path, tags, summary, description, limit, guard, params, query, body, answers } = statement
  const name = `${method} ${path}`
  const steps = [
    ...(limit === undefined ? [] : limitsOf(limit, name)),
    ...(guard === undefined ? [] : [enter(guard, name)]),
    ...(body === undefined ? [] : [body.read]),
  ]
  const config = {
    method,
    path,
    tags: [...tags],
    summary,
    ...(description === undefined ? {} : { description }),
    ...(guard === undefined || guard.security.length === 0 ? {} : { security: guard.security }),
    middleware: steps,
    request: {
      ...(params && { params }),
      ...(query && { query }),
      ...(body && { body: { required: body.required, content: body.content } }),
    },
    responses: withRefusals(answers, listRefusals(statement)),
  }
  // Hono derives the types of handlers from the type of this object. The object fits it at run time, which the compiler
  // cannot see, so one cast here keeps every handler typed.
  return createRoute(config as RouteConfig) as unknown as Routed<Of>
}

/** Makes a router that checks inputs by their contract before a handler sees them. */
export function createRouter(options: Pick<HonoOptions<AppEnv>, 'router'> = {}): OpenAPIHono<AppEnv> {
  return new OpenAPIHono<AppEnv>({
    ...options,
    defaultHook: (result) => {
      if (result.success) return
      const errors = result.error.issues.map(({ path, message }) => ({ path: path.map(String).join('.'), message }))
      throw new Refusal('invalid_request', { errors })
    },
  })
}

function listRefusals({ method, guard, body, refuses = [] }: Statement): RefusalCode[] {
  return [
    ...ANYWHERE,
    ...(body ? BODY : []),
    ...(guard?.refuses ?? []),
    ...refuses,
    ...(method === 'get' ? [] : UNSAFE),
  ]
}

/**
 * Adds the refusals to the route's own answers. There is one response for each status, which names the codes that it
 * may carry.
 */
function withRefusals(answers: Answers, codes: readonly RefusalCode[]): Answers {
  const problem = { 'application/problem+json': { schema: Problem } }
  const refusals = [...Map.groupBy(new Set(codes), (code) => REFUSALS[code].status)].map(([status, list]) => {
    const own = answers[status]
    const named = list.map((code) => `\`${code}\``).join(', ')
    const description = own === undefined ? named : `${own.description} Or a problem: ${named}`
    return [status, { description, content: { ...own?.content, ...problem } }] as const
  })
  return { ...answers, ...Object.fromEntries(refusals) }
}

/** Describes an answer in JSON. */
export const answer = <Schema extends z.ZodType>(schema: Schema, description: string) => ({
  description,
  content: { 'application/json': { schema } },
})
