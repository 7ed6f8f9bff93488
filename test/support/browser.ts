import { callWorker } from './call-worker.ts'
import { ORIGIN } from './client.ts'

/** A page of this allowed origin sends it as `Origin`. */
export const APP = 'https://app.example.com'

/**
 * Creates what the Worker takes for a browser: it keeps cookies in the order in which they were made, and follows no
 * redirect by itself.
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
    /** Navigates to a path, as after typing it or following a link. */
    open: (path: string) => request('GET', path),
    /** Calls `fetch` with credentials from a page of the application. */
    fetch: (method: string, path: string, body?: unknown) =>
      request(method, path, { ...(body === undefined ? {} : { body }), headers: { Origin: APP } }),
    /** Calls `fetch` with credentials from a page of somebody else. */
    fetchFrom: (origin: string, method: string, path: string, body: unknown) =>
      request(method, path, { body, headers: { Origin: origin } }),
  }
}
export type TestBrowser = ReturnType<typeof createBrowser>
