import type { MiddlewareHandler } from 'hono'
import { matchedRoutes } from 'hono/route'
import type { AppEnv, Context } from './context.ts'

const marked = new WeakSet<object>()

/** Marks a middleware whose routes act by the request's access token alone, and for nobody without one. */
export function actsByToken<Middleware extends MiddlewareHandler<AppEnv>>(middleware: Middleware): Middleware {
  marked.add(middleware)
  return middleware
}

/** Whether the route that a request reached acts by the access token alone. */
export const isTokenRoute = (c: Context): boolean => matchedRoutes(c).some(({ handler }) => marked.has(handler))
