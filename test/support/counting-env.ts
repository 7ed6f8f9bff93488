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

/**
 * Builds the test environment with every call of a binding counted. One such object is the memory of one isolate, so
 * use it once before you count.
 */
export function countingEnv(overrides: Record<string, unknown> = {}): { env: Env; take: () => CallCounts } {
  let counts = { ...NONE }
  const counting = interceptEnv(
    env as Env,
    (call, proceed) => {
      counts[columnOf(call)] += 1
      return proceed()
    },
    overrides,
  )
  const take = () => {
    const taken = counts
    counts = { ...NONE }
    return taken
  }
  return { env: counting, take }
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
