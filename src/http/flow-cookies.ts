import { deleteCookie, getCookie, setCookie } from 'hono/cookie'
import { OAUTH_EXCHANGE_TTL_SECONDS, OAUTH_MAX_FLOWS } from '../config.ts'
import { type AnyContext, platformOf } from './context.ts'

/**
 * The cookie of one trip to a provider is for this host alone. It is `Lax`, because the provider's redirect back has to
 * bring it (RFC 6265bis §5.2).
 */
const FLOW = { prefix: 'host', path: '/', secure: true, httpOnly: true, sameSite: 'Lax' } as const
const FLOW_COOKIE = /^__Host-oauth-([A-Za-z0-9_-]{12})$/

/** This cookie keeps the verifier of a login with cookies that still has to be exchanged. */
const EXCHANGE = 'exchange'

export const readFlowCookie = (c: AnyContext, name: string): string | null =>
  getCookie(c, `oauth-${name}`, 'host') || null

/**
 * Sets a cookie for each trip, so that two tabs can be under way at once. Beyond `OAUTH_MAX_FLOWS`, the oldest are
 * deleted.
 */
export function setFlowCookie(
  c: AnyContext,
  { name, value, maxAge }: { name: string; value: string; maxAge: number },
): void {
  const known = Object.keys(getCookie(c)).flatMap((cookie) => FLOW_COOKIE.exec(cookie)?.[1] ?? [])
  // Browsers send older cookies first (RFC 6265 §5.4).
  for (const old of known.slice(0, Math.max(0, known.length - OAUTH_MAX_FLOWS + 1))) clearFlowCookie(c, old)
  setCookie(c, `oauth-${name}`, value, { ...FLOW, maxAge })
}

export function clearFlowCookie(c: AnyContext, name: string): void {
  deleteCookie(c, `oauth-${name}`, FLOW)
}

export const readExchangeCookie = (c: AnyContext): string | null => getCookie(c, EXCHANGE, 'host') || null

export function setExchangeCookie(c: AnyContext, verifier: string): void {
  setCookie(c, EXCHANGE, verifier, { ...exchangeAttributes(c), maxAge: OAUTH_EXCHANGE_TTL_SECONDS })
}

export function clearExchangeCookie(c: AnyContext): void {
  deleteCookie(c, EXCHANGE, exchangeAttributes(c))
}

/**
 * Gives the attributes of the exchange cookie. A page's `fetch` brings it back, so they are those of the session's
 * cookies.
 */
function exchangeAttributes(c: AnyContext) {
  return { ...FLOW, sameSite: platformOf(c).settings.cookies.sameSite }
}
