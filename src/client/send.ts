import type { Routes } from './api-types.ts'
import { PosternError, readProblem } from './problem.ts'

export type Route = keyof Routes
export type Answer<Name extends Route> = Routes[Name]['answer']
export type Input<Name extends Route> = Omit<Routes[Name], 'answer'> & { signal?: AbortSignal }

/** The input may be left out where the route needs nothing. */
export type InputOf<Name extends Route> = object extends Input<Name> ? [input?: Input<Name>] : [input: Input<Name>]

/** The input of any route, for code that passes it on. */
export interface AnyInput {
  path?: Record<string, string>
  query?: Record<string, unknown>
  body?: unknown
  signal?: AbortSignal
}

/** Where requests go, and what goes with each of them. */
export interface Target {
  baseUrl: string
  credentials: 'include' | 'omit'
  headers: Record<string, string>
}

/** Sends one request. It answers what the service answered, or throws a `PosternError`. */
export async function send(target: Target, route: string, { path, query, body, signal }: AnyInput): Promise<unknown> {
  const [method = '', template = ''] = route.split(' ')
  const url = target.baseUrl + fillPath(template, path) + writeQuery(query)
  const headers: Record<string, string> = { Accept: 'application/json', ...target.headers }
  const isJson = body !== undefined && !(body instanceof Blob)
  if (isJson) headers['Content-Type'] = 'application/json'
  const response = await fetch(url, {
    method,
    headers,
    credentials: target.credentials,
    // No answer of these routes is a redirect: following one could bring a password to another host.
    redirect: 'error',
    body: isJson ? JSON.stringify(body) : ((body as Blob | undefined) ?? null),
    signal: signal ?? null,
  }).catch((cause: unknown) => {
    if (signal?.aborted && signal.reason?.name !== 'TimeoutError') throw cause
    throw new PosternError('offline', { cause })
  })
  if (!response.ok) throw await readProblem(response)
  return await readAnswer(response)
}

async function readAnswer(response: Response): Promise<unknown> {
  const type = response.headers.get('Content-Type') ?? ''
  try {
    if (/^application\/json\b/.test(type)) return await response.json()
    const blob = await response.blob()
    return blob.size === 0 ? undefined : blob
  } catch (cause) {
    throw new PosternError('offline', { cause, response })
  }
}

/** Fills the names in a path. Segments that would lead to another route are refused. */
function fillPath(template: string, path: Record<string, string> = {}): string {
  return template.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = path[name] ?? ''
    if (/^\.{0,2}$/.test(value)) throw new TypeError(`${name} is not a part of a path`)
    return encodeURIComponent(value)
  })
}

function writeQuery(query: Record<string, unknown> = {}): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined)
  return given.length === 0 ? '' : `?${new URLSearchParams(given.map(([name, value]) => [name, String(value)]))}`
}
