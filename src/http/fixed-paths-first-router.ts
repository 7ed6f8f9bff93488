import type { Result, Router } from 'hono/router'
import { RegExpRouter } from 'hono/router/reg-exp-router'

/**
 * Routes by Hono's `RegExpRouter`, which finds any route with one regular expression. That router refuses a fixed name
 * beside a parameter, such as `/auth/oauth/providers` beside `/auth/oauth/:provider`, and Hono would then fall back to
 * a router that walks a tree. So paths without a parameter go to one such router and all others to a second, and
 * middleware goes to both. A fixed path wins over a parameter, whichever was added first.
 */
export class FixedPathsFirstRouter<Handler> implements Router<Handler> {
  readonly name = 'FixedPathsFirstRouter'
  readonly #fixed = new RegExpRouter<Handler>()
  readonly #others = new RegExpRouter<Handler>()
  readonly #fixedRoutes = new Map<string, Set<string>>()

  add(method: string, path: string, handler: Handler): void {
    const isMiddleware = path.endsWith('*')
    const isFixed = !isMiddleware && !path.includes('/:')
    if (isFixed) this.#fixedRoutes.set(path, (this.#fixedRoutes.get(path) ?? new Set()).add(method))
    if (isMiddleware || isFixed) this.#fixed.add(method, path, handler)
    if (isMiddleware || !isFixed) this.#others.add(method, path, handler)
  }

  match(method: string, path: string): Result<Handler> {
    const isFixed = this.#fixedRoutes.get(path)?.has(method) === true
    return (isFixed ? this.#fixed : this.#others).match(method, path)
  }
}
