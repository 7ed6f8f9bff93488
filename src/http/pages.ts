import { AuthError } from '../errors.ts'
import type { Context } from './context.ts'
import { isSafe } from './origin.ts'
import { sendProblem } from './problem.ts'

/** Serves a hosted page. Its headers are its own (`src/ui/_headers`), not those of data. */
export async function sendPage(c: Context, path: string): Promise<Response> {
  const page = await c.var.platform.fetchAsset(new Request(new URL(path, c.req.url), c.req.raw))
  if (page.status !== 404) c.set('isPage', true)
  return page
}

/** What no route answers is a page, or nothing. */
export async function handleNotFound(c: Context): Promise<Response> {
  if (isSafe(c)) {
    const page = await sendPage(c, c.req.path)
    if (page.status !== 404) return page
  }
  return sendProblem(c, new AuthError('not_found'))
}
