import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test'
import worker from '../../src/index.ts'
import { ORIGIN } from './client.ts'
import { noteSecrets } from './log-leaks.ts'

/**
 * Calls the `fetch` of the Worker directly, with bindings that the test chooses, and returns the answer once everything
 * that the Worker left for later is done too.
 */
export async function callWorker(
  env: Env,
  method: string,
  path: string,
  init: { body?: unknown; headers?: Record<string, string>; origin?: string; cf?: IncomingRequestCfProperties } = {},
): Promise<Response> {
  const { body, headers, origin = ORIGIN, cf } = init
  noteSecrets(body)
  const context = createExecutionContext()
  const request = new Request<unknown, IncomingRequestCfProperties>(`${origin}${path}`, {
    method,
    redirect: 'manual',
    ...(cf ? { cf } : {}),
    headers: { ...(body === undefined ? {} : { 'Content-Type': 'application/json' }), ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const response = await worker.fetch(request, env, context)
  await waitOnExecutionContext(context)
  return response
}
