/** Browsers and proxies all accept this length. Nobody configures a longer address. */
const MAX_LENGTH = 2048

/**
 * The only form that a target may have: a lower-case scheme, a host of plain ASCII without userinfo, escapes or a
 * trailing dot, and no fragment. Everything that a URL parser would repair (backslashes, white space, control
 * characters, missing slashes, full-width letters) is refused here, before any parser reads it.
 */
const PLAIN_URL =
  /^https?:\/\/(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:]+\])(?::[1-9][0-9]{0,4})?(?:\/(?!\/)[!$&-;=?-[\]_a-z~%]*)?(?:\?[!$&-;=?-[\]_a-z~%]*)?$/

/**
 * Escapes that some server, router or proxy behind the origin may decode: controls, dot, slash and backslash, and the
 * percent sign itself.
 */
const DANGEROUS_PATH_ESCAPE = /%(?:[01][0-9a-f]|7f|2e|2f|5c|25)/i

/**
 * Tells whether a browser may be sent to `target` after a login.
 *
 * An entry of the allow-list that is an origin (`https://app.example.com`) allows any path and query on exactly that
 * origin. Any other entry (`https://app.example.com/signed-in?from=postern`) allows itself alone. There are no patterns
 * and no prefixes, because each one that other services offered became an open redirect (RFC 9700 §4.1.3;
 * workers-oauth-provider#97).
 *
 * The target must already be in the normal form of the WHATWG URL parser, so that the browser opens what was checked.
 */
export function isAllowedRedirect(target: string, allowed: readonly string[]): boolean {
  if (target.length > MAX_LENGTH || !PLAIN_URL.test(target)) return false
  const url = URL.parse(target)
  if (url === null || !isNormalForm(target, url) || DANGEROUS_PATH_ESCAPE.test(url.pathname)) return false
  return allowed.some((entry) => {
    const known = URL.parse(entry)
    if (known === null || !/^https?:$/.test(known.protocol)) return false
    return known.origin === entry ? url.origin === entry : url.href === known.href
  })
}

/**
 * Tells whether a target is in its normal form. `https://app.example.com` is accepted for `https://app.example.com/`;
 * no other difference is.
 */
function isNormalForm(target: string, url: URL): boolean {
  return target === url.href || target === url.origin
}
