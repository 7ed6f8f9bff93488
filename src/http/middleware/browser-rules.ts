import { cors } from 'hono/cors'
import { createMiddleware } from 'hono/factory'
import { secureHeaders } from 'hono/secure-headers'
import { Refusal } from '../../errors.ts'
import type { Platform } from '../../platform/platform.ts'
import type { AppEnv } from '../context.ts'
import { isAllowedOrigin, isForeignPage, isSafe } from '../origin.ts'
import { isTokenRoute } from '../router.ts'
import { isBearerRequest } from './authenticate.ts'

const TWO_YEARS = 'max-age=63072000'
const PREFLIGHT_MAX_AGE_SECONDS = 600
const RESOURCE_POLICY = 'Cross-Origin-Resource-Policy'

/**
 * In production, redirects plain HTTP to https where that is safe, and refuses it where a secret may have been exposed
 * already. It stands before everything that looks at a cookie or a token.
 */
export const requireHttps = createMiddleware<AppEnv>(async (c, next) => {
  const { settings } = c.get('platform')
  if (settings.isDevelopment || c.req.url.startsWith('https:')) return await next()
  if (!['GET', 'HEAD'].includes(c.req.method)) throw new Refusal('https_required')
  const url = new URL(c.req.url)
  return c.redirect(`${settings.issuer}${url.pathname}${url.search}`, 308)
})

/**
 * Tells browsers to use https only (RFC 6797), in answers with pages and with data alike. It includes the subdomains of
 * `ISSUER` only where a deployment says so, because one of them may belong to somebody else and have no https. A Worker
 * without a valid configuration cannot read that setting, and leaves the subdomains out.
 */
export const transportSecurity = createMiddleware<AppEnv>(async (c, next) => {
  await next()
  const platform = c.get('platform') as Platform | undefined
  const scope = platform?.settings.hstsIncludeSubdomains ? '; includeSubDomains' : ''
  c.res.headers.set('Strict-Transport-Security', `${TWO_YEARS}${scope}`)
})

const allowOrigin = cors({
  origin: (origin) => origin,
  credentials: true,
  allowMethods: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'],
  allowHeaders: ['Authorization', 'Content-Type', 'X-Device-Token'],
  exposeHeaders: ['X-Request-Id', 'Retry-After', 'RateLimit', 'RateLimit-Policy'],
  maxAge: PREFLIGHT_MAX_AGE_SECONDS,
})

/**
 * Lets the listed origins call with credentials, and no others. It never sends a wildcard, and always sends `Vary:
 * Origin` (ASVS 3.4.2).
 */
export const crossOrigin = createMiddleware<AppEnv>(async (c, next) => {
  const origin = c.req.header('Origin')
  if (origin !== undefined && isAllowedOrigin(c, origin)) return await allowOrigin(c, next)
  await next()
  c.res.headers.append('Vary', 'Origin')
})

/**
 * Refuses every unsafe request that a page of a foreign origin makes, with one exception: a bearer token on a route
 * that acts by the token alone. No browser adds a token by itself, so whoever sends one means to, and CORS decides
 * whether a page may read the answer. The cookies of that answer are removed, because a page could otherwise sign its
 * visitor in to another account (docs/decisions/0009-cookies-and-csrf.md).
 */
export const refuseForeignPages = createMiddleware<AppEnv>(async (c, next) => {
  if (isSafe(c) || !isForeignPage(c)) return await next()
  if (!isTokenRoute(c) || !isBearerRequest(c)) throw new Refusal('csrf_refused', { reason: 'foreign origin' })
  await next()
  for (const field of ['Set-Cookie', 'Clear-Site-Data']) c.res.headers.delete(field)
})

/**
 * Sets the headers of answers that are data: nothing in them may be rendered, framed, run or embedded (ASVS 3.4,
 * 3.5.8).
 */
const setDataHeaders = secureHeaders({
  contentSecurityPolicy: { defaultSrc: ["'none'"], frameAncestors: ["'none'"], sandbox: [] },
  strictTransportSecurity: false,
  referrerPolicy: 'no-referrer',
  xFrameOptions: 'DENY',
  crossOriginResourcePolicy: false,
  crossOriginOpenerPolicy: 'same-origin',
  permissionsPolicy: { camera: [], geolocation: [], microphone: [] },
})

export const apiHeaders = createMiddleware<AppEnv>(async (c, next) => {
  await next()
  if (c.get('isPage')) return
  await setDataHeaders(c, async () => undefined)
  // An answer that pages of other origins may embed, such as a picture, sets this header itself.
  if (!c.res.headers.has(RESOURCE_POLICY)) c.res.headers.set(RESOURCE_POLICY, 'same-origin')
})

/**
 * Keeps browsers and proxies from storing anything that concerns an account. An answer that everybody may see and keep,
 * such as a picture, sets the header itself.
 */
export const noStore = createMiddleware<AppEnv>(async (c, next) => {
  await next()
  if (!c.res.headers.has('Cache-Control')) c.res.headers.set('Cache-Control', 'no-store')
})
