import { METHOD_NAME_ALL, type Result, type Router } from 'hono/router'
import { RegExpRouter } from 'hono/router/reg-exp-router'

interface Added<Handler> {
  method: string
  path: string
  handler: Handler
}

const isMiddleware = (path: string) => path.endsWith('*')
const hasParameter = (path: string) => path.includes('/:')

/** Tells whether middleware for `/auth/*`, or for `*`, stands before a path. */
const isBefore = (middleware: string, path: string) => `${path}/`.startsWith(middleware.slice(0, -1))

/**
 * Finds a path without a parameter by its name, and any other by Hono's `RegExpRouter`, with one regular expression.
 * That router alone refuses a fixed name beside a parameter, such as `/auth/oauth/providers` beside
 * `/auth/oauth/:provider`, and Hono would then fall back to a router that walks a tree. A fixed path wins over a
 * parameter, whichever was added first. What is found, and the router of each method, is made for the first request
 * that needs it, because an isolate begins with one request and not with all (docs/decisions/0024-once-an-isolate.md).
 */
export class FixedPathsFirstRouter<Handler> implements Router<Handler> {
  readonly name = 'FixedPathsFirstRouter'
  readonly #added: Added<Handler>[] = []
  readonly #methods = new Set<string>()
  /** What was found for each fixed route, by its method and path; null before its first request. */
  readonly #fixed = new Map<string, Result<Handler> | null>()
  readonly #others = new Map<string, RegExpRouter<Handler>>()

  add(method: string, path: string, handler: Handler): void {
    this.#added.push({ method, path, handler })
    this.#methods.add(method)
    if (!isMiddleware(path) && !hasParameter(path)) this.#fixed.set(`${method} ${path}`, null)
  }

  match(method: string, path: string): Result<Handler> {
    const name = `${method} ${path}`
    const known = this.#fixed.get(name)
    if (known === undefined) return this.#otherRouterOf(method).match(method, path)
    const found = known ?? this.#findFixed(method, path)
    this.#fixed.set(name, found)
    return found
  }

  #findFixed(method: string, path: string): Result<Handler> {
    const passed = this.#ofMethod(method).filter((added) =>
      isMiddleware(added.path) ? isBefore(added.path, path) : added.path === path,
    )
    return [passed.map(({ handler }) => [handler, {}])]
  }

  #otherRouterOf(method: string): RegExpRouter<Handler> {
    const name = this.#methods.has(method) ? method : METHOD_NAME_ALL
    const known = this.#others.get(name)
    if (known) return known
    const router = new RegExpRouter<Handler>()
    for (const { method, path, handler } of this.#ofMethod(name))
      if (isMiddleware(path) || hasParameter(path)) router.add(method, path, handler)
    this.#others.set(name, router)
    return router
  }

  #ofMethod(method: string): Added<Handler>[] {
    return this.#added.filter((added) => added.method === method || added.method === METHOD_NAME_ALL)
  }
}
