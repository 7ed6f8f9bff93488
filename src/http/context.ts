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
export type Context = HonoContext<AppEnv>

/** The context of any route. What its guard added plays no part in how a cookie is read or set. */
export type AnyContext = HonoContext

export const platformOf = (c: AnyContext): Platform => c.var.platform
