import type { Context as HonoContext } from 'hono'
import type { Platform } from '../platform/platform.ts'

/** What every handler of a request may read. What a guard finds out stands in the guard's own type (`guard.ts`). */
export interface Variables {
  requestId: string
  platform: Platform
  /** The user the request was authenticated as, for the log. */
  userId?: string
  /** The answer is a page, with headers of its own. */
  isPage?: boolean
  /** The `code` of the refusal, for the log. */
  outcome?: string
  /** What was behind it, where the code does not say; for the log alone. */
  reason?: string
}

export type AppEnv = { Variables: Variables }
/** The context of middleware, guards and routes without a guard. */
export type Context = HonoContext<AppEnv>

/**
 * The context of a route with any guard, for whatever reads and sets cookies. Hono's contexts can be written to, so
 * that of a guarded route, which has more variables, is not a `Context` to the compiler.
 */
export type AnyContext = HonoContext

export const platformOf = (c: AnyContext): Platform => c.var.platform
