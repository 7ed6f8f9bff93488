import { DEPENDENCY_TIMEOUT_MS } from '../config.ts'
import { within } from '../within.ts'
import { ProviderError } from './provider-error.ts'

/**
 * Token responses, key sets and discovery documents stay far below this size. It bounds the memory that a hostile
 * response can take.
 */
const RESPONSE_MAX_BYTES = 256 * 1024
/** The loopback names that a development issuer may run on; `localhost` resolves to this machine by RFC 6761 §6.3. */
const LOOPBACK = new Set(['localhost', '127.0.0.1'])

/**
 * Tells whether a text is an https URL without userinfo or fragment. With `allowInsecure`, which is for development, a
 * URL with http on this machine will do as well.
 */
export function isTrustworthyUrl(text: string, { allowInsecure }: { allowInsecure: boolean }): boolean {
  const url = URL.parse(text)
  if (url === null || url.username !== '' || url.password !== '' || url.hash !== '') return false
  return url.protocol === 'https:' || (allowInsecure && url.protocol === 'http:' && LOOPBACK.has(url.hostname))
}

/** Waits for a provider's answer. @throws {ProviderError} `provider_unavailable` once that has taken too long. */
export const withinTimeout = <Answer>(work: Promise<Answer>): Promise<Answer> =>
  within(DEPENDENCY_TIMEOUT_MS, work, () => new ProviderError('provider_unavailable', 'time-out'))

/**
 * Calls `fetch` for talking to providers. It follows no redirect, waits at most `DEPENDENCY_TIMEOUT_MS` for the whole
 * body, and reads at most 256 KiB of it. It gives the response with its body already read.
 * @throws {ProviderError} `provider_unavailable` for a time-out, a broken connection, 3xx, 429, 5xx and a body that is
 * too large.
 */
export async function fetchBounded(url: string, init: RequestInit = {}): Promise<Response> {
  const abort = new AbortController()
  const timer = setTimeout(() => abort.abort(), DEPENDENCY_TIMEOUT_MS)
  try {
    const response = await fetch(url, { ...init, redirect: 'manual', signal: abort.signal })
    const { status } = response
    if (status < 200 || (status >= 300 && status < 400) || status === 429 || status >= 500) {
      await response.body?.cancel()
      throw new ProviderError('provider_unavailable', `HTTP status ${status}`)
    }
    const body = await readBounded(response, abort.signal)
    const headers = new Headers(response.headers)
    // This header describes the body as it was sent, and the body is decoded here.
    headers.delete('content-encoding')
    headers.delete('content-length')
    return new Response(body.byteLength === 0 ? null : body, { status, headers })
  } catch (error) {
    if (error instanceof ProviderError) throw error
    throw new ProviderError('provider_unavailable', abort.signal.aborted ? 'time-out' : 'connection failed')
  } finally {
    clearTimeout(timer)
  }
}

/**
 * Reads a response of `fetchBounded` as a JSON object. HTML, an array or a bare string is refused as
 * `provider_unavailable`.
 */
export async function readJsonObject(response: Response): Promise<Record<string, unknown>> {
  const value: unknown = await response.json().catch(() => null)
  if (!isObject(value)) throw new ProviderError('provider_unavailable', 'the response is not a JSON object')
  return value
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Gives the value where it is a text that is not empty, and otherwise null. */
export function textOrNull(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null
}

async function readBounded(response: Response, signal: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = []
  let length = 0
  const reader = response.body?.getReader()
  // A body that stalls is cancelled here, whether or not the runtime's fetch still listens to the signal by now.
  signal.addEventListener('abort', () => void reader?.cancel().catch(() => {}))
  while (reader !== undefined) {
    const { done, value } = await reader.read()
    if (done) break
    length += value.byteLength
    if (length > RESPONSE_MAX_BYTES) {
      await reader.cancel()
      throw new ProviderError('provider_unavailable', 'the response is too large')
    }
    chunks.push(value)
  }
  signal.throwIfAborted()
  const body = new Uint8Array(length)
  let offset = 0
  for (const chunk of chunks) {
    body.set(chunk, offset)
    offset += chunk.byteLength
  }
  return body
}
