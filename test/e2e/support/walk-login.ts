/** A login is a handful of redirects, so a longer walk is a loop. */
const MAX_REDIRECTS = 10

/**
 * Walks from an authorization URL through the provider's redirects, as a browser with an empty cookie jar would, and
 * stops at the first address that starts with `redirectUri`, without opening it.
 * @returns the callback address, with `code` or `error` in its query.
 */
export async function walkLogin(start: URL, redirectUri: string, cookies: Record<string, string> = {}): Promise<URL> {
  const jar = new Map(Object.entries(cookies))
  let url = start
  for (let step = 0; step < MAX_REDIRECTS; step++) {
    if (url.href.startsWith(redirectUri)) return url
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
    const response = await fetch(url, { redirect: 'manual', headers: { cookie } })
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      if (value === '') jar.delete(name)
      else jar.set(name, value)
    }
    const location = response.headers.get('location')
    if (location === null)
      throw new Error(`no redirect from ${url.pathname}: ${response.status} ${await response.text()}`)
    url = new URL(location, url)
  }
  throw new Error('too many redirects')
}
