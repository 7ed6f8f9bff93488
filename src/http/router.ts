import { zValidator } from '@hono/zod-validator'
import { type Handler, Hono, type MiddlewareHandler, type TypedResponse } from 'hono'
import type { HonoOptions } from 'hono/hono-base'
import type { BlankSchema, Schema, ToSchema } from 'hono/types'
import type { StatusCode } from 'hono/utils/http-status'
import type { JSONParsed } from 'hono/utils/types'
import type * as z from 'zod'
import { Refusal } from '../errors.ts'
import type { Body } from './body.ts'
import type { AppEnv } from './context.ts'
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
    statements.set(handler, statement)
    this.on(method, [path.replaceAll(/{(\w+)}/g, ':$1')], ...stepsOf(statement), handler as Handler)
    return this
  }
}

export const createRouter = (options: Pick<HonoOptions<AppEnv>, 'router'> = {}): Router => new Router(options)

/** Lists the statements of all routes of an app, which the OpenAPI document is made of (`openapi.ts`). */
export const statementsOf = (app: Pick<Hono, 'routes'>): Statement[] =>
  app.routes.flatMap(({ handler }) => statements.get(handler) ?? [])

/** Lists what a request passes before it reaches the handler of a route. */
function stepsOf({ method, path, limit, guard, params, query, body }: Statement): MiddlewareHandler[] {
  const name = `${method} ${path}`
  return [
    ...(limit === undefined ? [] : limitsOf(limit, name)),
    ...(guard === undefined ? [] : [enter(guard, name)]),
    ...(body === undefined ? [] : [body.read]),
    ...(query === undefined ? [] : [zValidator('query', query, refuseInvalid)]),
    ...(params === undefined ? [] : [zValidator('param', params, refuseInvalid)]),
    ...(body === undefined || body.target === null ? [] : [zValidator(body.target, body.schema, refuseInvalid)]),
  ]
}

function refuseInvalid(result: { success: true } | { success: false; error: z.core.$ZodError }): void {
  if (result.success) return
  const errors = result.error.issues.map(({ path, message }) => ({ path: path.map(String).join('.'), message }))
  throw new Refusal('invalid_request', { errors })
}
