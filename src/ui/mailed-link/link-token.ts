/**
 * Matches the token in a link. Mail programs may encode the `=`, add parameters of their own, or end the link with a
 * full stop.
 */
const TOKEN = /[#&]token=([\w.-]*[A-Za-z0-9])/

/**
 * Takes the token out of the address, so that it stays in no address bar, bookmark, screenshot or shared link, and so
 * that going back does not bring it back.
 */
export function takeLinkToken(): string | null {
  const token = readLinkToken()
  history.replaceState(null, '', location.pathname)
  return token
}

/** Tells the token in the address, and leaves it there. */
export function readLinkToken(): string | null {
  return TOKEN.exec(decode(location.hash))?.[1] ?? null
}

/**
 * Opens the right page where a mail program has written the `#` of a link as `%23`, which makes the token a part of the
 * path.
 */
export function followBrokenLink(): void {
  const path = location.pathname.replace('%23token', '#token')
  if (path !== location.pathname) location.replace(`${location.origin}${path}`)
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
