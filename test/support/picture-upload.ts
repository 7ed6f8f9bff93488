import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test'
import { env as testEnv } from 'cloudflare:workers'
import worker from '../../src/index.ts'
import { bearer, ORIGIN, type SignedIn } from './client.ts'

interface Upload {
  as: Pick<SignedIn, 'tokens'>
  env?: Env
  headers?: Record<string, string>
}

/** Sends a request with bytes as its body, or with a stream of unknown length, and waits for what is left for later. */
export async function sendPicture(
  body: Uint8Array<ArrayBuffer> | ReadableStream,
  { as, env = testEnv as Env, headers = {} }: Upload,
): Promise<Response> {
  const context = createExecutionContext()
  const request = new Request<unknown, IncomingRequestCfProperties>(`${ORIGIN}/auth/me/picture`, {
    method: 'PUT',
    headers: { ...bearer(as.tokens.accessToken), ...headers },
    body,
  })
  const response = await worker.fetch(request, env, context)
  await waitOnExecutionContext(context)
  return response
}
