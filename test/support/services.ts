import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import worker from '../../src/index.ts'
import { ORIGIN } from './client.ts'

/** This service may ask about tokens. */
export const SERVICE = { id: 'orders', secret: 'a-secret-of-the-orders-service-0123456789' }
/** The id and the secret of this service hold every character that encodings treat differently. */
export const ODD = { id: 'odd one é', secret: 'p+w/%25 :=&ü-of-another-service-0123456789' }

/** Builds the test environment of a deployment that has these clients. */
export function withClients(...clients: { id: string; secret: string }[]): Env {
  return {
    ...env,
    SESSION_IDLE_TIMEOUT_SECONDS: '1200',
    SERVICE_CLIENTS: JSON.stringify(clients),
  } as unknown as Env
}
export const services = withClients(SERVICE, ODD)

export const base64 = (text: string) => Buffer.from(text).toString('base64')
export const basic = (id: string, secret: string) => `Basic ${base64(`${id}:${secret}`)}`

export async function fetchWorker(request: Request, bindings: Env = services): Promise<Response> {
  const context = createExecutionContext()
  const response = await worker.fetch(request as Request<unknown, IncomingRequestCfProperties>, bindings, context)
  await waitOnExecutionContext(context)
  return response
}

/** Posts a form as another service does. */
export async function ask(
  path: string,
  form: string | Record<string, string>,
  headers: Record<string, string> = {},
  bindings: Env = services,
): Promise<Response> {
  const credentials = {
    Authorization: basic(SERVICE.id, SERVICE.secret),
    'Content-Type': 'application/x-www-form-urlencoded',
  }
  const body = typeof form === 'string' ? form : new URLSearchParams(form).toString()
  const init = { method: 'POST', headers: { ...credentials, ...headers }, body }
  return await fetchWorker(new Request(`${ORIGIN}${path}`, init), bindings)
}
