import { PosternError } from '../../client/index.ts'
import { askForStepUp, client } from '../parts/client.ts'
import type { Operation } from './document.ts'

/** What somebody has filled in for a request. */
export interface Filled {
  path: Readonly<Record<string, string>>
  query: Readonly<Record<string, string>>
  body: string | Blob | null
  /** The id and the secret of a service, for the routes that ask for them. */
  basic: { id: string; secret: string } | null
}

/** What the service answered. */
export interface Outcome {
  status: number
  /** Whether the answer leads elsewhere, which no script may see (Fetch, "HTTP-redirect fetch"). */
  isRedirect: boolean
  headers: readonly (readonly [string, string])[]
  body: string
  milliseconds: number
}

/** Writes the address of a request. */
export function writeAddress({ path }: Operation, filled: Pick<Filled, 'path' | 'query'>): string {
  const given = Object.entries(filled.query).filter(([, value]) => value !== '')
  const query = given.length === 0 ? '' : `?${new URLSearchParams(given)}`
  return path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(filled.path[name] ?? '')) + query
}

/**
 * Sends a request with the cookies of whoever is signed in. The answer is shown as it is, also where it is a refusal;
 * a session that has to be renewed is renewed first, and a recent login is asked for where the route wants one.
 */
export async function tryOperation(operation: Operation, filled: Filled): Promise<Outcome> {
  let outcome = await send(operation, filled)
  const isOwn = operation.opener === 'session'
  if (isOwn && outcome.status === 401 && client.session.status === 'signed_in' && (await client.refresh()))
    outcome = await send(operation, filled)
  const { code, methods = [], maxAgeSeconds = 0 } = readProblem(outcome)
  if (code === 'step_up_required' && (await askForStepUp({ methods, maxAgeSeconds })))
    outcome = await send(operation, filled)
  // Such a request may have signed somebody in or out, or have changed their name.
  if (operation.method !== 'GET' && operation.path.startsWith('/auth/')) void client.reload().catch(() => undefined)
  return outcome
}

function readProblem({ status, body }: Outcome): Partial<Parameters<typeof askForStepUp>[0]> & { code?: string } {
  return status === 403 && body.startsWith('{') ? JSON.parse(body) : {}
}

async function send(operation: Operation, filled: Filled): Promise<Outcome> {
  const { method, body: described } = operation
  const headers: Record<string, string> = { Accept: 'application/json' }
  if (filled.body !== null && described !== null)
    headers['Content-Type'] = filled.body instanceof Blob ? filled.body.type : described.media
  if (filled.basic !== null) headers.Authorization = `Basic ${btoa(`${filled.basic.id}:${filled.basic.secret}`)}`
  const began = performance.now()
  const response = await fetch(writeAddress(operation, filled), {
    method,
    headers,
    body: filled.body,
    // A request with two kinds of credentials is refused.
    credentials: filled.basic === null ? 'same-origin' : 'omit',
    redirect: 'manual',
    cache: 'no-store',
  }).catch((cause: unknown) => {
    throw new PosternError('offline', { cause })
  })
  const body = await readBody(response)
  return {
    status: response.status,
    isRedirect: response.type === 'opaqueredirect',
    headers: [...response.headers],
    body,
    milliseconds: Math.round(performance.now() - began),
  }
}

/** Reads the body as a text for people. Of bytes it gives the kind and the size. */
async function readBody(response: Response): Promise<string> {
  const type = response.headers.get('Content-Type') ?? ''
  if (/^(image|application\/octet-stream)/.test(type)) return `${type}, ${(await response.blob()).size} bytes`
  const text = await response.text()
  if (!/^application\/(\w+\+)?json\b/.test(type)) return text
  try {
    return JSON.stringify(JSON.parse(text), null, 2)
  } catch {
    return text
  }
}
