import { deleteCookie, getCookie, setCookie } from 'hono/cookie'
import { DEVICE_TOKEN_TTL_SECONDS } from '../config.ts'
import type { Context } from './context.ts'

/** api.md "Conventions": the prefixes make browsers insist on `Secure`, and on the host alone (RFC 6265bis §4.1.3). */
const ACCESS = { name: 'access', prefix: 'host', path: '/' } as const
const REFRESH = { name: 'refresh', prefix: 'secure', path: '/auth' } as const
const DEVICE = { name: 'device', prefix: 'host', path: '/' } as const

type Cookie = typeof ACCESS | typeof REFRESH | typeof DEVICE

export const readAccessCookie = (c: Context): string | null => getCookie(c, ACCESS.name, ACCESS.prefix) || null
export const readRefreshCookie = (c: Context): string | null => getCookie(c, REFRESH.name, REFRESH.prefix) || null

/** What names the device's own login budget: its cookie, or the header of a client that keeps no cookies. */
export const readDeviceToken = (c: Context): string | null =>
  getCookie(c, DEVICE.name, DEVICE.prefix) || c.req.header('X-Device-Token') || null

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
  for (const { name, prefix, path } of [ACCESS, REFRESH])
    deleteCookie(c, name, {
      prefix,
      path,
      secure: true,
      httpOnly: true,
      sameSite: c.var.platform.settings.cookies.sameSite,
    })
}

function set(c: Context, { name, prefix, path }: Cookie, value: string, maxAge: number): void {
  const { sameSite } = c.var.platform.settings.cookies
  setCookie(c, name, value, { prefix, path, maxAge, secure: true, httpOnly: true, sameSite })
}
