/**
 * An origin that a web view sends for the pages of an app: a scheme of the app's own (RFC 3986 §3.1), a host name and
 * perhaps a port.
 */
const APP_ORIGIN = /^([a-z][a-z0-9+.-]*):\/\/[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::[1-9][0-9]{0,4})?$/

/** Schemes whose pages have no origin that tells them from others. For these, browsers send `null` or nothing. */
const WITHOUT_ORIGIN = ['about', 'blob', 'data', 'file', 'filesystem', 'ftp', 'javascript', 'ws', 'wss']

/** Tells whether a text is an origin of the web in the one spelling that browsers send (RFC 6454 §6.2). */
export function isWebOrigin(text: string): boolean {
  return /^https?:/.test(text) && URL.parse(text)?.origin === text && !text.includes('*')
}

/**
 * Tells whether a text is an origin whose pages can be allowed to call: one of the web, or of a hybrid app such as
 * `capacitor://localhost`. The URL parser gives every other scheme the origin `null`, so those have a grammar of their
 * own. Neither `null` nor a pattern is an origin, because sandboxed frames of any site send `null`.
 */
export function isPageOrigin(text: string): boolean {
  const [, scheme] = APP_ORIGIN.exec(text) ?? []
  if (scheme === undefined || scheme === 'http' || scheme === 'https') return isWebOrigin(text)
  return !WITHOUT_ORIGIN.includes(scheme)
}
