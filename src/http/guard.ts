import type { RefusalCode } from '../errors.ts'
import type { Context } from './context.ts'

/**
 * Who may call a route. A guard checks that, says so in the OpenAPI document, and gives the handler what it found out:
 * a route without it cannot read those variables, because its context does not have them.
 */
export interface Guard<Added extends object> {
  /** The security requirement of the operation, for the document. */
  security: Record<string, string[]>[]
  /** What it refuses besides what every route refuses. */
  refuses: readonly RefusalCode[]
  /** The route acts by the request's access token alone, and for nobody without one (`token-routes.ts`). */
  actsByToken: boolean
  /** Lets the request in and answers the variables of its context. @throws {Refusal} */
  check(c: Context): Promise<Added>
}

/** The variables that a guard adds; none where there is no guard. */
export type AddedBy<Of> = Of extends Guard<infer Added> ? Added : object
