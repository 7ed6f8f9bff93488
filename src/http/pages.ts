import { AuthError } from '../errors.ts'
import type { Context } from './context.ts'
import { isSafe } from './origin.ts'
import { sendProblem } from './problem.ts'

/**
 * Serves a hosted page. Its headers are its own (`src/ui/_headers`), not those of data. A path is only ever taken as a path: read as a
 * URL, `//docs` would name a host.
 */
export async function sendPage(c: Context, path: string): Promise<Response> {
  const url = new URL(c.req.url)
  url.pathname = path
  const page = await c.var.platform.fetchAsset(new Request(url, c.req.raw))
  if (page.headers.has('Content-Security-Policy')) c.set('isPage', true)
  return page
}

/** What no route answers is a page, or nothing. */
export async function handleNotFound(c: Context): Promise<Response> {
  if (isSafe(c)) {
    const page = await sendPage(c, new URL(c.req.url).pathname)
    if (page.status !== 404) return page
    c.set('isPage', false)
  }
  return sendProblem(c, new AuthError('not_found'))
}
