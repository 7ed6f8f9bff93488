import { callWorker } from './call-worker.ts'
import { ORIGIN } from './client.ts'

/** What a page on an allowed origin sends along. */
export const APP = 'https://app.example.com'

/**
 * A browser, as far as the Worker can tell: it keeps cookies in the order they were made, and follows nothing by
 * itself.
 */
export function createBrowser(env: Env) {
  const jar = new Map<string, string>()
  async function request(
    method: string,
    path: string,
    init: { body?: unknown; headers?: Record<string, string> } = {},
  ) {
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
    const response = await callWorker(env, method, path.replace(ORIGIN, ''), {
      ...init,
      headers: { ...(cookie === '' ? {} : { cookie }), ...init.headers },
    })
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      if (value === '') jar.delete(name)
      else jar.set(name, value)
    }
    return response
  }
  return {
    jar,
    /** A navigation: typed, or by a link. */
    open: (path: string) => request('GET', path),
    /** `fetch` with credentials, of a page of the application. */
    fetch: (method: string, path: string, body?: unknown) =>
      request(method, path, { ...(body === undefined ? {} : { body }), headers: { Origin: APP } }),
    /** `fetch` with credentials, of a page of somebody else. */
    fetchFrom: (origin: string, method: string, path: string, body: unknown) =>
      request(method, path, { body, headers: { Origin: origin } }),
  }
}
export type TestBrowser = ReturnType<typeof createBrowser>
