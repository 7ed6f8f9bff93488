import { env } from 'cloudflare:workers'
import { type BindingCall, interceptEnv } from './intercept-env.ts'

/** These counts tell how often a request called each dependency. A batch is one call, whatever it holds. */
export interface CallCounts {
  /** These are the D1 round trips that only read, those that write one statement, and those that write a batch. */
  d1Reads: number
  d1Writes: number
  d1Batches: number
  kvReads: number
  kvWrites: number
  objectCalls: number
  /**
   * These are the messages about mails, and those about activity (at most one a minute and session, after the answer).
   */
  mailSends: number
  activitySends: number
  r2Reads: number
  r2Writes: number
}

const NONE: CallCounts = {
  d1Reads: 0,
  d1Writes: 0,
  d1Batches: 0,
  kvReads: 0,
  kvWrites: 0,
  objectCalls: 0,
  mailSends: 0,
  activitySends: 0,
  r2Reads: 0,
  r2Writes: 0,
}

interface Counting {
  env: Env
  /** Gives what was called since it was asked before. */
  take: () => CallCounts
  /** Gives how many rows and entries of indexes D1 has written since then. D1 bills each of them. */
  takeRowsWritten: () => number
  /** All statements that D1 was asked so far. */
  statements: ReadonlySet<string>
}

/**
 * Builds the test environment with every call of a binding counted. One such object is the memory of one isolate, so
 * use it once before you count.
 */
export function countingEnv(overrides: Record<string, unknown> = {}): Counting {
  let counts = { ...NONE }
  let rowsWritten = 0
  const statements = new Set<string>()
  const counting = interceptEnv(
    env as Env,
    async (call, proceed) => {
      const column = columnOf(call)
      counts[column] += 1
      for (const statement of call.sql) statements.add(statement)
      if (column !== 'd1Writes' && column !== 'd1Batches') return await proceed()
      const { answer, results } = await askForResults(call, proceed)
      for (const { meta } of results) rowsWritten += meta.rows_written
      return answer
    },
    overrides,
  )
  const take = () => {
    const taken = counts
    counts = { ...NONE }
    return taken
  }
  const takeRowsWritten = () => {
    const taken = rowsWritten
    rowsWritten = 0
    return taken
  }
  return { env: counting, take, takeRowsWritten, statements }
}

/** Makes a call of D1, and gives its results, which say what it cost. `raw` has none, so `all` stands in for it. */
async function askForResults({ operation, statements }: BindingCall, proceed: () => Promise<unknown>) {
  if (operation === 'raw' && statements[0]) {
    const result = await statements[0].all<object>()
    return { answer: result.results.map((row) => Object.values(row)), results: [result] }
  }
  const answer = await proceed()
  return { answer, results: [answer].flat() as D1Result[] }
}

/** Adds up all D1 round trips. */
export const d1RoundTrips = ({ d1Reads, d1Writes, d1Batches }: CallCounts): number => d1Reads + d1Writes + d1Batches

function columnOf({ kind, binding, operation, sql }: BindingCall): keyof CallCounts {
  switch (kind) {
    case 'd1':
      if (sql.every((statement) => /^\s*select\b/i.test(statement))) return 'd1Reads'
      return operation === 'batch' ? 'd1Batches' : 'd1Writes'
    case 'kv':
      return operation === 'put' || operation === 'delete' ? 'kvWrites' : 'kvReads'
    case 'durable-object':
      return 'objectCalls'
    case 'queue':
      return binding.startsWith('ACTIVITY') ? 'activitySends' : 'mailSends'
    case 'r2':
      return ['get', 'head', 'list'].includes(operation) ? 'r2Reads' : 'r2Writes'
  }
}
