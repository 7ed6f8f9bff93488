import { isAllowedRedirect } from '../domain/redirect-target.ts'
import { Refusal } from '../errors.ts'
import { applyBrand, isDefaultBrand } from './brand.ts'
import type { Context } from './context.ts'
import { isSafe } from './origin.ts'
import { sendProblem } from './problem.ts'

/**
 * Serves a hosted page. It has headers of its own (`src/ui/_headers`) instead of those for data. The path is never
 * parsed as a URL, because as a URL `//docs` would name a host.
 */
export async function sendPage(c: Context, path: string): Promise<Response> {
  const url = new URL(c.req.url)
  url.pathname = path
  // A page in a brand of its own is always sent whole: the tag of the asset is not that of the page.
  const isAsBuilt = isDefaultBrand(c.get('platform').settings.brand)
  return await fetchPage(c, new Request(url, isAsBuilt ? c.req.raw : { method: c.req.method }))
}

/**
 * Tells whether a page may send the browser there after a sign-in: to a page of its own, or to what the list of
 * redirects has. A page trusts the `return_to` in its address, so it is never served with another one.
 */
function mayReturnTo(c: Context, target: string): boolean {
  const { issuer, allowedRedirects } = c.get('platform').settings
  return isAllowedRedirect(target.startsWith('/') ? issuer + target : target, [issuer, ...allowedRedirects])
}

async function fetchPage(c: Context, request: Request): Promise<Response> {
  const { fetchAsset, settings } = c.get('platform')
  const page = await fetchAsset(request)
  if (page.headers.has('Content-Security-Policy')) c.set('isPage', true)
  // The headers of a fetched answer cannot be changed, and middleware adds some to every answer.
  const answer = new Response(page.body, page)
  const isBuilt = isDefaultBrand(settings.brand) || !page.headers.get('Content-Type')?.startsWith('text/html')
  return isBuilt ? answer : applyBrand(answer, settings.brand)
}

/**
 * Answers a request that no route answers: with a page where there is one. Otherwise it says that nothing is there, to
 * a person with a page and to a program with a problem document.
 */
export async function handleNotFound(c: Context): Promise<Response> {
  if (isSafe(c)) {
    const { pathname, searchParams } = new URL(c.req.url)
    const returnTo = searchParams.get('return_to')
    if (returnTo !== null && !mayReturnTo(c, returnTo)) return c.redirect(pathname.replace(/^\/+/, '/'))
    const page = await sendPage(c, pathname)
    if (page.status !== 404) return page
    if (c.req.header('Accept')?.includes('text/html')) return await sendMissingPage(c)
    c.set('isPage', false)
  }
  return sendProblem(c, new Refusal('not_found'))
}

/**
 * Sends the page that says nothing is there, always whole. A condition or a range in the request concerns what the
 * client asked for and not this page (RFC 9110 §13.2.1), and would leave the reader with a blank page.
 */
async function sendMissingPage(c: Context): Promise<Response> {
  c.set('outcome', 'not_found')
  c.set('isPage', true)
  const page = await fetchPage(c, new Request(new URL('/404', c.req.url), { method: c.req.method }))
  const response = new Response(page.body, { status: 404, headers: page.headers })
  response.headers.delete('ETag')
  return response
}
