import { deleteCookie, getCookie, setCookie } from 'hono/cookie'
import { DEVICE_TOKEN_TTL_SECONDS } from '../config.ts'
import { Refusal } from '../errors.ts'
import { type AnyContext, platformOf } from './context.ts'

/**
 * The prefixes make browsers insist on `Secure`, and `__Host-` also on `Path=/` and on this host alone (RFC 6265bis
 * §4.1.3). Only the access cookie may be shared with a sibling host, because nobody but this service has a use for the
 * others.
 */
const ACCESS = { name: 'access', prefix: 'host', path: '/', isShared: true } as const
const REFRESH = { name: 'refresh', prefix: 'secure', path: '/auth', isShared: false } as const
const DEVICE = { name: 'device', prefix: 'host', path: '/', isShared: false } as const

type Cookie = typeof ACCESS | typeof REFRESH | typeof DEVICE

export const readAccessCookie = (c: AnyContext): string | null => read(c, ACCESS)
export const readRefreshCookie = (c: AnyContext): string | null => read(c, REFRESH)

/**
 * Reads the cookies that a login overwrites. A cookie that was sent twice is ignored, because it must not keep anybody
 * from signing in.
 */
export const readReplacedCookies = (c: AnyContext) => ({
  accessToken: isSentTwice(c, ACCESS) ? null : read(c, ACCESS),
  refreshToken: isSentTwice(c, REFRESH) ? null : read(c, REFRESH),
})

/**
 * Reads the token that names the device's own login budget, from its cookie or from the header of a client that keeps
 * no cookies.
 */
export const readDeviceToken = (c: AnyContext): string | null =>
  read(c, DEVICE) ?? (c.req.header('X-Device-Token') || null)

export function setTokenCookies(
  c: AnyContext,
  tokens: { accessToken: string; expiresIn: number; refreshToken: string; refreshExpiresIn: number },
): void {
  setAccessCookie(c, tokens)
  set(c, REFRESH, tokens.refreshToken, tokens.refreshExpiresIn)
}

export function setAccessCookie(c: AnyContext, tokens: { accessToken: string; expiresIn: number }): void {
  set(c, ACCESS, tokens.accessToken, tokens.expiresIn)
}

export function setDeviceCookie(c: AnyContext, deviceToken: string): void {
  set(c, DEVICE, deviceToken, DEVICE_TOKEN_TTL_SECONDS)
}

/** Removes the cookies that sign in. The device cookie stays: it signs nobody in, and the next login needs it. */
export function clearTokenCookies(c: AnyContext): void {
  for (const cookie of [ACCESS, REFRESH]) deleteCookie(c, cookie.name, attributes(c, cookie))
}

/**
 * Reads a cookie, and refuses a second one of the same name. A browser keeps one cookie for each name, path and host,
 * so a page of a sibling host must have planted the second one, to swap the account of whoever signs in here. Nothing
 * tells which of the two is ours.
 */
function read(c: AnyContext, cookie: Cookie): string | null {
  if (isSentTwice(c, cookie)) throw new Refusal('ambiguous_credentials', { reason: `${cookie.name} cookie sent twice` })
  return getCookie(c, cookie.name, attributes(c, cookie).prefix) || null
}

function isSentTwice(c: AnyContext, cookie: Cookie): boolean {
  const { prefix } = attributes(c, cookie)
  const fullName = `${prefix === 'host' ? '__Host-' : '__Secure-'}${cookie.name}`
  const pairs = (c.req.header('Cookie') ?? '').split(';')
  return pairs.filter((pair) => pair.split('=')[0]?.trim() === fullName).length > 1
}

function set(c: AnyContext, cookie: Cookie, value: string, maxAge: number): void {
  setCookie(c, cookie.name, value, { ...attributes(c, cookie), maxAge })
}

/**
 * Gives the attributes of a cookie. One for a whole domain cannot have the prefix `__Host-`, so with `COOKIE_DOMAIN`
 * the access cookie is `__Secure-access`.
 */
function attributes(c: AnyContext, { prefix, path, isShared }: Cookie) {
  const { sameSite, domain } = platformOf(c).settings.cookies
  const common = { path, secure: true, httpOnly: true, sameSite }
  return isShared && domain !== null ? { ...common, prefix: 'secure' as const, domain } : { ...common, prefix }
}
