import { setTimeout as sleep } from 'node:timers/promises'
import { Failure } from './failure.ts'

export interface ApiRequest {
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Members that are undefined are left out. */
  query?: Readonly<Record<string, string | undefined>>
  body?: object
  /** Lines of JSON, which may be sent twice. */
  lines?: Blob
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
const MOST_WAITS = 20
/** How often lines are sent again that the network has lost. */
const MOST_LOST = 3

function toUrl(origin: string, path: string, query: ApiRequest['query'] = {}): URL {
  const url = new URL(path, origin)
  for (const [name, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(name, value)
  return url
}

function toInit({ method = 'GET', body, lines, accept = 'application/json', accessToken }: ApiRequest) {
  const type = lines === undefined ? 'application/json' : 'application/x-ndjson'
  const content = lines ?? (body && JSON.stringify(body))
  const headers = {
    Accept: accept,
    ...(accessToken === undefined ? {} : { Authorization: `Bearer ${accessToken}` }),
    ...(content === undefined ? {} : { 'Content-Type': type }),
  }
  return { method, headers, redirect: 'error', ...(content === undefined ? {} : { body: content }) } as const
}

/** Lists the statuses after which a request is sent again: nothing but reading and lines may be repeated. */
function repeatedAfter({ method = 'GET', lines }: ApiRequest): readonly number[] {
  if (lines !== undefined) return [429, 503]
  return method === 'GET' ? [429] : []
}

/**
 * Answers after how many seconds a request is to be sent again; null where it is not. `response` is null where the
 * network has lost it.
 */
function toWait(request: ApiRequest, response: Response | null, waits: number): number | null {
  if (response === null) return request.lines !== undefined && waits < MOST_LOST ? waits + 1 : null
  const seconds = Number(response.headers.get('Retry-After'))
  const mayRepeat = repeatedAfter(request).includes(response.status) && waits < MOST_WAITS
  return mayRepeat && seconds > 0 && seconds <= LONGEST_WAIT_SECONDS ? seconds : null
}

/**
 * Sends a request, and waits where there were too many of those that may be repeated, and where the service or the
 * network cannot take lines at the moment. Other refusals are thrown.
 */
export async function send(origin: string, path: string, request: ApiRequest = {}): Promise<Response> {
  const init = toInit(request)
  for (let waits = 0; ; waits += 1) {
    const response = await fetch(toUrl(origin, path, request.query), init).catch(() => null)
    if (response?.ok) return response
    const waitSeconds = toWait(request, response, waits)
    if (waitSeconds === null) throw response === null ? lost(origin) : await toError(origin, response)
    const reason = response?.status === 429 ? 'Too many requests were sent' : 'The service cannot answer at the moment'
    console.error(`${reason}, so this goes on in ${waitSeconds} seconds.`)
    await sleep(waitSeconds * 1000)
  }
}

const lost = (origin: string) =>
  new Failure(
    isLocal(origin)
      ? `${origin} does not answer. Start the service with "npm start", or name production by --remote.`
      : `${origin} does not answer. Check the network, and ISSUER under [env.production.vars] in wrangler.toml.`,
  )

const isLocal = (origin: string) => new URL(origin).hostname === 'localhost'

async function toError(origin: string, response: Response): Promise<Failure> {
  const problem = (await response.json().catch(() => null)) as Problem | null
  return typeof problem?.title === 'string'
    ? new ProblemError(problem)
    : new Failure(`${origin} answers ${response.status}, as Postern would not. Check that it runs there.`)
}
