import { callWorker } from './call-worker.ts'
import type { CallCounts, countingEnv } from './counting-env.ts'

/** This is everything that a stranger, or somebody who watches the dependencies of the Worker, can see of an answer. */
export interface Seen {
  status: number
  body: Record<string, unknown>
  headers: Record<string, string>
  calls: CallCounts
}

const RANDOM_HEADERS = ['x-request-id']
/** Each visit to a provider has a cookie with a random name. */
const RANDOM_COOKIE = /(?<=__Host-oauth-)[\w-]{12}/g

/** Describes what is seen of the last answer of `request`, with the calls that it took. */
export async function see({ take }: ReturnType<typeof countingEnv>, request: () => Promise<Response>): Promise<Seen> {
  take()
  const response = await request()
  const calls = take()
  const text = await response.text()
  const { requestId, ...body } = text === '' ? {} : (JSON.parse(text) as Record<string, unknown>)
  const seen = [...response.headers].filter(([name]) => !RANDOM_HEADERS.includes(name))
  const headers = Object.fromEntries(seen.map(([name, value]) => [name, value.replace(RANDOM_COOKIE, '…')]))
  return { status: response.status, body, headers, calls }
}

/** Posts to the Worker, and describes what is seen of the answer. */
export const seePost = (counting: ReturnType<typeof countingEnv>, path: string, body: unknown): Promise<Seen> =>
  see(counting, () => callWorker(counting.env, 'POST', path, { body }))
