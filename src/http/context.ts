import type { Context as HonoContext } from 'hono'
import type { Platform } from '../platform/compose.ts'
import type { authenticateFresh, authenticateRead } from '../services/authentication.ts'

/** What middleware leaves for the handlers of one request. */
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
  /** The service that authenticated itself, by its id. */
  serviceId: string
  claims: Awaited<ReturnType<typeof authenticateRead>>
  caller: Awaited<ReturnType<typeof authenticateFresh>> & { deviceToken: string | null }
}

export type AppEnv = { Variables: Variables }
export type Context = HonoContext<AppEnv>
