import { setTimeout as sleep } from 'node:timers/promises'
import { Failure } from './failure.ts'

export interface ApiRequest {
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Members that are undefined are left out. */
  query?: Readonly<Record<string, string | undefined>>
  body?: object
  accept?: string
  accessToken?: string
}

/** What the API answers when it refuses (RFC 9457), as far as a command uses it. */
interface Problem {
  code: string
  title: string
  requestId?: string
  errors?: readonly { path: string; message: string }[]
  /** By what `step_up_required` asks the operator to prove who they are. */
  methods?: readonly string[]
}

export class ProblemError extends Failure {
  readonly problem: Problem
  constructor(problem: Problem) {
    const errors = (problem.errors ?? []).map(({ path, message }) => `\n  ${path}: ${message}`).join('')
    const request = problem.code === 'internal_error' ? ` (requestId ${problem.requestId})` : ''
    super(`${problem.title}${request}${errors}`)
    this.problem = problem
  }
}

const LONGEST_WAIT_SECONDS = 120

function toUrl(origin: string, path: string, query: ApiRequest['query'] = {}): URL {
  const url = new URL(path, origin)
  for (const [name, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(name, value)
  return url
}

/** Sends a request, and waits where there were too many of those that only read. Other refusals are thrown. */
export async function send(origin: string, path: string, request: ApiRequest = {}): Promise<Response> {
  const { method = 'GET', query, body, accept = 'application/json', accessToken } = request
  const headers = {
    Accept: accept,
    ...(accessToken === undefined ? {} : { Authorization: `Bearer ${accessToken}` }),
    ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
  }
  const init = { method, headers, redirect: 'error', ...(body ? { body: JSON.stringify(body) } : {}) } as const
  for (;;) {
    const response = await fetch(toUrl(origin, path, query), init).catch(() => null)
    if (response === null)
      throw new Failure(
        isLocal(origin)
          ? `${origin} does not answer. Start the service with "npm start", or name production by --remote.`
          : `${origin} does not answer. Check the network, and ISSUER under [env.production.vars] in wrangler.toml.`,
      )
    if (response.ok) return response
    const waitSeconds = Number(response.headers.get('Retry-After'))
    if (method === 'GET' && response.status === 429 && waitSeconds > 0 && waitSeconds <= LONGEST_WAIT_SECONDS) {
      console.error(`Too many requests were sent, so this goes on in ${waitSeconds} seconds.`)
      await sleep(waitSeconds * 1000)
      continue
    }
    throw await toError(origin, response)
  }
}

const isLocal = (origin: string) => new URL(origin).hostname === 'localhost'

async function toError(origin: string, response: Response): Promise<Failure> {
  const problem = (await response.json().catch(() => null)) as Problem | null
  return typeof problem?.title === 'string'
    ? new ProblemError(problem)
    : new Failure(`${origin} answers ${response.status}, as Postern would not. Check that it runs there.`)
}
