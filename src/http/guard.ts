import type { RefusalCode } from '../errors.ts'
import type { AnyContext, Context } from './context.ts'

/**
 * A guard says who may call a route. It checks that, states it in the OpenAPI document, and gives the handler what it
 * found out. A route without the guard cannot read those variables, because its context does not have them.
 */
export interface Guard<Added extends object> {
  /** The security requirement of the operation, for the document. */
  security: Record<string, string[]>[]
  /** The codes of what it refuses, besides what every route refuses. */
  refuses: readonly RefusalCode[]
  /** It is true where the route acts by the request's access token alone, and for nobody without one. */
  actsByToken: boolean
  /**
   * Lets the request in and answers the variables of its context. `route` is the name under which the route counts
   * requests.
   * @throws {Refusal}
   */
  check(c: Context, route: string): Promise<Added>
  /** Looks at the answer of the handler before anybody gets it. @throws where nobody may get it. */
  checkAnswer?(c: Context, answer: Response): void
}

/** The variables that a guard adds; none where there is no guard. */
export type AddedBy<Of> = Of extends Guard<infer Added> ? Added : object

/** Lets a request through the guard, and leaves what it found for the handler. */
export async function enter(c: Context, guard: Guard<object>, route: string): Promise<void> {
  for (const [name, value] of Object.entries(await guard.check(c, route))) (c as AnyContext).set(name, value)
}
