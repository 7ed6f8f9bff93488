const MAX_REDIRECTS = 12

/** Keeps cookies and follows redirects as a browser does, over plain HTTP. Each origin has a jar of its own. */
export function createHttpBrowser() {
  const jars = new Map<string, Map<string, string>>()
  const jarOf = (url: URL) => {
    const jar = jars.get(url.origin) ?? new Map<string, string>()
    jars.set(url.origin, jar)
    return jar
  }
  /** Sends one request and does not follow its redirect. */
  async function open(address: string | URL, init: RequestInit = {}): Promise<Response> {
    const url = new URL(address)
    const jar = jarOf(url)
    const headers = new Headers(init.headers)
    headers.set('cookie', [...jar].map(([name, value]) => `${name}=${value}`).join('; '))
    const response = await fetch(url, { ...init, headers, redirect: 'manual' })
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      if (value === '') jar.delete(name)
      else jar.set(name, value)
    }
    return response
  }
  return {
    open,
    /** Returns the cookies that are kept for an origin. */
    cookies: (origin: string) => jarOf(new URL(origin)),
    /** Follows redirects from an address until one leads to `target`, which is not opened. */
    async walk(start: string | URL, target: string): Promise<URL> {
      let url = new URL(start)
      for (let step = 0; step < MAX_REDIRECTS; step += 1) {
        if (step > 0 && url.href.startsWith(target)) return url
        const response = await open(url)
        const location = response.headers.get('location')
        if (location === null)
          throw new Error(`no redirect from ${url.pathname}: ${response.status} ${await response.text()}`)
        url = new URL(location, url)
      }
      throw new Error('too many redirects')
    },
  }
}
export type HttpBrowser = ReturnType<typeof createHttpBrowser>
