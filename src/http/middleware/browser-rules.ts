import { cors } from 'hono/cors'
import { createMiddleware } from 'hono/factory'
import { secureHeaders } from 'hono/secure-headers'
import { AuthError } from '../../errors.ts'
import type { AppEnv } from '../context.ts'
import { isAllowedOrigin, isSafe, isSameOrigin } from '../origin.ts'

const PREFLIGHT_MAX_AGE_SECONDS = 600

/** In production, plain HTTP is sent on to https where that is safe, and refused where a secret has been exposed already. */
export const requireHttps = createMiddleware<AppEnv>(async (c, next) => {
  const { settings } = c.var.platform
  const url = new URL(c.req.url)
  if (settings.isDevelopment || url.protocol === 'https:') return await next()
  if (!isSafe(c)) throw new AuthError('https_required')
  return c.redirect(`${settings.issuer}${url.pathname}${url.search}`, 308)
})

const allowOrigin = cors({
  origin: (origin) => origin,
  credentials: true,
  allowMethods: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'],
  allowHeaders: ['Authorization', 'Content-Type', 'X-Device-Token'],
  exposeHeaders: ['X-Request-Id', 'Retry-After', 'RateLimit', 'RateLimit-Policy'],
  maxAge: PREFLIGHT_MAX_AGE_SECONDS,
})

/** Lets the listed origins call with credentials, and no other: never a wildcard, always `Vary: Origin` (ASVS 3.4.2). */
export const crossOrigin = createMiddleware<AppEnv>(async (c, next) => {
  c.header('Vary', 'Origin', { append: true })
  const origin = c.req.header('Origin')
  if (origin !== undefined && isAllowedOrigin(c, origin)) return await allowOrigin(c, next)
  await next()
})

/** Refuses every unsafe request that a page of a foreign origin makes, whatever it carries: defaults are closed. */
export const refuseForeignPages = createMiddleware<AppEnv>(async (c, next) => {
  const origin = c.req.header('Origin')
  if (!isSafe(c) && origin !== undefined && !isSameOrigin(c) && !isAllowedOrigin(c, origin))
    throw new AuthError('csrf_refused', { reason: 'foreign origin' })
  await next()
})

/** Headers for answers that are data: nothing in them may be rendered, framed or run (ASVS 3.4). */
const setDataHeaders = secureHeaders({
  contentSecurityPolicy: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] },
  strictTransportSecurity: 'max-age=63072000; includeSubDomains',
  referrerPolicy: 'no-referrer',
  xFrameOptions: 'DENY',
  crossOriginResourcePolicy: 'same-site',
  crossOriginOpenerPolicy: 'same-origin',
  permissionsPolicy: { camera: [], geolocation: [], microphone: [] },
})

export const apiHeaders = createMiddleware<AppEnv>(async (c, next) => {
  await next()
  if (!c.get('isPage')) await setDataHeaders(c, async () => undefined)
})

/** Nothing that concerns an account is kept by a browser or a proxy. */
export const noStore = createMiddleware<AppEnv>(async (c, next) => {
  await next()
  c.header('Cache-Control', 'no-store')
})
