import type { Context as HonoContext } from 'hono'
import type { AccessTokenClaims } from '../crypto/access-token.ts'
import type { Platform } from '../platform/compose.ts'
import type { Account } from '../storage/accounts.ts'
import type { Session } from '../storage/sessions.ts'

/** What middleware leaves for the handlers of one request. */
export interface Variables {
  requestId: string
  platform: Platform
  /** The user the request was authenticated as, for the log. */
  userId?: string
  /** The `code` of the refusal, for the log. */
  outcome?: string
  claims: AccessTokenClaims
  caller: { account: Account; session: Session; deviceToken: string | null }
}

export type AppEnv = { Bindings: Env; Variables: Variables }
export type Context = HonoContext<AppEnv>
