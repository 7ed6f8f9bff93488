import { deleteCookie, getCookie, setCookie } from 'hono/cookie'
import { DEVICE_TOKEN_TTL_SECONDS } from '../config.ts'
import type { Context } from './context.ts'

/** api.md "Conventions": the prefixes make browsers insist on `Secure`, and on the host alone (RFC 6265bis §4.1.3). */
const ACCESS = { name: 'access', path: '/', isHostOnly: true }
const REFRESH = { name: 'refresh', path: '/auth', isHostOnly: false }
const DEVICE = { name: 'device', path: '/', isHostOnly: true }

type Cookie = typeof ACCESS

export const readAccessCookie = (c: Context): string | null => read(c, ACCESS)
export const readRefreshCookie = (c: Context): string | null => read(c, REFRESH)

/** What names the device's own login budget: its cookie, or the header of a client that keeps no cookies. */
export const readDeviceToken = (c: Context): string | null =>
  read(c, DEVICE) ?? (c.req.header('X-Device-Token') || null)

export function setTokenCookies(
  c: Context,
  tokens: { accessToken: string; expiresIn: number; refreshToken: string; refreshExpiresIn: number },
): void {
  set(c, ACCESS, tokens.accessToken, tokens.expiresIn)
  set(c, REFRESH, tokens.refreshToken, tokens.refreshExpiresIn)
}

export function setDeviceCookie(c: Context, deviceToken: string): void {
  set(c, DEVICE, deviceToken, DEVICE_TOKEN_TTL_SECONDS)
}

/** Removes what signs in. The device cookie stays: it signs nobody in, and the next login needs it. */
export function clearTokenCookies(c: Context): void {
  for (const cookie of [ACCESS, REFRESH]) deleteCookie(c, cookie.name, attributes(c, cookie))
}

function read(c: Context, cookie: Cookie): string | null {
  return getCookie(c, cookie.name, attributes(c, cookie).prefix) || null
}

function set(c: Context, cookie: Cookie, value: string, maxAge: number): void {
  setCookie(c, cookie.name, value, { ...attributes(c, cookie), maxAge })
}

/** A cookie for a whole domain cannot be host-only: with `COOKIE_DOMAIN` the access cookie is `__Secure-access`. */
function attributes(c: Context, { path, isHostOnly }: Cookie) {
  const { sameSite, domain } = c.var.platform.settings.cookies
  const prefix = isHostOnly && domain === null ? ('host' as const) : ('secure' as const)
  return { prefix, path, secure: true, httpOnly: true, sameSite, ...(domain === null ? {} : { domain }) }
}
