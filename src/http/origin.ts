import { Refusal } from '../errors.ts'
import { type AnyContext, type Context, platformOf } from './context.ts'

const SAFE_METHODS = ['GET', 'HEAD', 'OPTIONS']

export const isSafe = (c: Context): boolean => SAFE_METHODS.includes(c.req.method)

/**
 * Tells whether an origin may call this service from a browser: our own pages may, and those that the deployment lists.
 */
export function isAllowedOrigin(c: AnyContext, origin: string): boolean {
  const { settings } = platformOf(c)
  return origin === settings.issuer || settings.allowedOrigins.includes(origin)
}

/**
 * Refuses an unsafe request that is authenticated by a cookie, unless the browser says where it came from and that
 * place is allowed (ASVS 3.5.1-3.5.3). A page cannot set `Sec-Fetch-Site` itself. A client that sends neither header is
 * no browser, and should send a bearer token.
 */
export function assertTrustedOrigin(c: Context): void {
  const origin = c.req.header('Origin')
  const isTrusted = origin === undefined ? isSameOrigin(c) : isSameOrigin(c) || isAllowedOrigin(c, origin)
  if (!isSafe(c) && !isTrusted) throw new Refusal('csrf_refused', { reason: 'origin of a cookie request' })
}

/** Tells whether, by what the browser says, this request comes from a page of another origin that is not listed. */
export function isForeignPage(c: AnyContext): boolean {
  const origin = c.req.header('Origin')
  if (isSameOrigin(c)) return false
  if (origin !== undefined) return !isAllowedOrigin(c, origin)
  return ['same-site', 'cross-site'].includes(c.req.header('Sec-Fetch-Site') ?? '')
}

const isSameOrigin = (c: AnyContext): boolean => c.req.header('Sec-Fetch-Site') === 'same-origin'
