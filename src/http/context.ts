import type { Context as HonoContext } from 'hono'
import type { Platform } from '../platform/platform.ts'

/**
 * The variables that every handler of a request may read. `c.get(name)` reads one; `c.var` first copies all of them, so
 * what every request runs through does not use it. What a guard finds out stands in the guard's own type
 * (`guard.ts`).
 */
export interface Variables {
  requestId: string
  platform: Platform
  /** The user whom the request was authenticated as, for the log. */
  userId?: string
  /** It is true for an answer that is a page, which has headers of its own. */
  isPage?: boolean
  /** The `code` of the refusal, for the log. */
  outcome?: string
  /** The reason behind the refusal, where the code does not say it. It goes to the log alone. */
  reason?: string
}

export type AppEnv = { Variables: Variables }
/** The context of middleware, guards and routes without a guard. */
export type Context = HonoContext<AppEnv>

/**
 * The context of a route with any guard, for whatever reads and sets cookies. Hono's contexts can be written to, so the
 * compiler does not take the context of a guarded route, which has more variables, for a `Context`.
 */
export type AnyContext = HonoContext

export const platformOf = (c: AnyContext): Platform => c.get('platform')
