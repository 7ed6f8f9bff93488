import { zValidator } from '@hono/zod-validator'
import { type Handler, Hono, type TypedResponse } from 'hono'
import type { HonoOptions } from 'hono/hono-base'
import { matchedRoutes } from 'hono/route'
import type { BlankSchema, Schema, ToSchema } from 'hono/types'
import type { StatusCode } from 'hono/utils/http-status'
import type { JSONParsed } from 'hono/utils/types'
import type * as z from 'zod'
import { Refusal } from '../errors.ts'
import type { Body } from './body.ts'
import type { AnyContext, AppEnv, Context } from './context.ts'
import { type AddedBy, enter } from './guard.ts'
import { limitsOf } from './middleware/rate-limit.ts'
import type { Statement } from './route.ts'

/** The schemas of what a request carries, by the name under which a handler reads it with `c.req.valid()`. */
type SchemasOf<Of> = (Of extends { params: infer Params extends z.ZodType } ? { param: Params } : unknown) &
  (Of extends { query: infer Query extends z.ZodType } ? { query: Query } : unknown) &
  (Of extends { body: Body<infer Media, infer Json> }
    ? Media extends 'application/json'
      ? { json: Json }
      : Media extends 'application/x-www-form-urlencoded'
        ? { form: Json }
        : unknown
    : unknown)

type InputOf<Of> = {
  in: {
    [Target in keyof SchemasOf<Of>]: SchemasOf<Of>[Target] extends z.ZodType ? z.input<SchemasOf<Of>[Target]> : never
  }
  out: {
    [Target in keyof SchemasOf<Of>]: SchemasOf<Of>[Target] extends z.ZodType ? z.output<SchemasOf<Of>[Target]> : never
  }
}

type AnswerTo<Status extends StatusCode, Stated> = Stated extends {
  content: { 'application/json': { schema: infer Json extends z.ZodType } }
}
  ? TypedResponse<JSONParsed<z.infer<Json>>, Status, 'json'>
  : TypedResponse<null | undefined, Status, string>
type AnswersOf<Answers> = {
  [Status in keyof Answers & StatusCode]: AnswerTo<Status, Answers[Status]>
}[keyof Answers & StatusCode]

/** Hono writes `:id` for what OpenAPI writes `{id}`. */
type HonoPath<Path extends string> = Path extends `${infer Start}/{${infer Name}}${infer Rest}`
  ? `${Start}/:${Name}${HonoPath<Rest>}`
  : Path

type HandlerOf<Of extends Statement> = Handler<
  { Variables: AddedBy<Of['guard']> } & AppEnv,
  HonoPath<Of['path']>,
  InputOf<Of>,
  AnswersOf<Of['answers']> | Promise<AnswersOf<Of['answers']>>
>

const statements = new WeakMap<object, Statement>()

/** A router whose routes are statements. It checks inputs by their contract before a handler sees them. */
export class Router<S extends Schema = BlankSchema> extends Hono<AppEnv, S> {
  /** Adds a route by its statement. */
  openapi<Of extends Statement>(
    statement: Of,
    handler: HandlerOf<Of>,
  ): Router<S & ToSchema<Of['method'], HonoPath<Of['path']>, InputOf<Of>, AnswersOf<Of['answers']>>> {
    const { method, path } = statement
    const whole = afterSteps(statement, handler as Handler)
    statements.set(whole, statement)
    this.on(method, [path.replaceAll(/{(\w+)}/g, ':$1')], whole)
    return this
  }
}

export const createRouter = (options: Pick<HonoOptions<AppEnv>, 'router'> = {}): Router => new Router(options)

/** Lists the statements of all routes of an app, which the OpenAPI document is made of (`openapi.ts`). */
export const statementsOf = (app: Pick<Hono, 'routes'>): Statement[] =>
  app.routes.flatMap(({ handler }) => statements.get(handler) ?? [])

/** Tells whether the route that a request reached acts by the access token alone. */
export const isTokenRoute = (c: Context): boolean =>
  matchedRoutes(c).some(({ handler }) => statements.get(handler)?.guard?.actsByToken === true)

type Step = (c: AnyContext) => Promise<unknown>

/**
 * Puts what a request has to pass in front of a handler, as one handler: a router pays for each one that it is given,
 * when the Worker starts and with every request (docs/decisions/0024-once-an-isolate.md).
 */
function afterSteps(statement: Statement, handler: Handler): Handler {
  let steps: Step[] | null = null
  return async (c, next) => {
    steps ??= stepsOf(statement)
    try {
      for (const step of steps) await step(c)
      const answer = (await handler(c, next)) as Response
      statement.guard?.checkAnswer?.(c, answer)
      return answer
    } finally {
      statement.body?.release?.(c)
    }
  }
}

/** Lists what a request passes before it reaches the handler of a route. Each step refuses by an error. */
function stepsOf({ method, path, limit, guard, params, query, body }: Statement): Step[] {
  const name = `${method} ${path}`
  return [
    ...(limit === undefined ? [] : limitsOf(limit, name)),
    ...(guard === undefined ? [] : [(c: Context) => enter(c, guard, name)]),
    ...(body === undefined ? [] : [body.read]),
    ...(query === undefined ? [] : [validate('query', query)]),
    ...(params === undefined ? [] : [validate('param', params)]),
    ...(body === undefined || body.target === null ? [] : [validate(body.target, body.schema)]),
  ]
}

function validate(target: 'query' | 'param' | 'json' | 'form', schema: z.ZodType): Step {
  const middleware = zValidator(target, schema, refuseInvalid)
  return (c) => middleware(c, async () => undefined)
}

function refuseInvalid(result: { success: true } | { success: false; error: z.core.$ZodError }): void {
  if (result.success) return
  const errors = result.error.issues.map(({ path, message }) => ({ path: path.map(String).join('.'), message }))
  throw new Refusal('invalid_request', { errors })
}
