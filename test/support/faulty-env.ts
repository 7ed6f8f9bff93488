import { env } from 'cloudflare:workers'
import { vi } from 'vitest'
import { DEPENDENCY_TIMEOUT_MS } from '../../src/config.ts'
import { type BindingCall, type Intercept, interceptEnv } from './intercept-env.ts'
import { fakeOwnTimers } from './own-timers.ts'

/** A test says with this which calls a fault hits. */
export type Hits = (call: BindingCall) => boolean

/**
 * Builds the test environment, which is healthy until `fail` says otherwise. One such object is the memory of one
 * isolate.
 */
export function faultyEnv(overrides: Record<string, unknown> = {}): {
  env: Env
  fail: (fault: Intercept | null) => void
} {
  let current: Intercept | null = null
  const faulty = interceptEnv(env as Env, (call, proceed) => (current ? current(call, proceed) : proceed()), overrides)
  return {
    env: faulty,
    fail: (fault) => {
      current = fault
    },
  }
}

/**
 * The calls fail before they reach anything. The words of the error are not those of D1, on which a service must not
 * depend.
 */
export const refusing =
  (hits: Hits): Intercept =>
  async (call, proceed) => {
    if (hits(call)) throw new Error('Network connection lost.')
    return await proceed()
  }

/** The calls take effect, but their answer is lost. */
export const losingAnswers =
  (hits: Hits): Intercept =>
  async (call, proceed) => {
    const answer = await proceed()
    if (hits(call)) throw new Error('Network connection lost.')
    return answer
  }

/** The statements of a batch run up to the middle, where one fails. */
export const failingInMidBatch: Intercept = async (call, proceed) => {
  if (call.operation !== 'batch') return await proceed()
  const middle = Math.ceil(call.statements.length / 2)
  const failing = env.DB.prepare('insert into roles (name, description) values (null, null)')
  return await proceed([...call.statements.slice(0, middle), failing, ...call.statements.slice(middle)])
}

/**
 * The calls never answer. `passDeadline` waits until one of them hangs, and then lets the deadline pass at once for
 * what `send` sends.
 */
export function stalling(hits: Hits): {
  fault: Intercept
  send: <Answer>(request: () => Answer) => Answer
  passDeadline: () => Promise<void>
} {
  let reach = () => {}
  let hanging = new Promise<void>((resolve) => {
    reach = resolve
  })
  return {
    send: fakeOwnTimers(),
    fault: async (call, proceed) => {
      if (!hits(call)) return await proceed()
      reach()
      return await new Promise(() => {})
    },
    passDeadline: async () => {
      await hanging
      hanging = new Promise((resolve) => {
        reach = resolve
      })
      await vi.advanceTimersByTimeAsync(DEPENDENCY_TIMEOUT_MS)
    },
  }
}

export const d1: Hits = ({ kind }) => kind === 'd1'
export const d1Writes: Hits = ({ kind, sql }) => kind === 'd1' && !sql.every((query) => /^\s*select\b/i.test(query))
export const kvReads: Hits = ({ kind, operation }) =>
  kind === 'kv' && ['get', 'getWithMetadata', 'list'].includes(operation)
export const kvWrites: Hits = ({ kind, operation }) => kind === 'kv' && ['put', 'delete'].includes(operation)
export const throttle: Hits = ({ kind, binding }) => kind === 'durable-object' && binding === 'LOGIN_THROTTLE'
export const endedSessions: Hits = ({ kind, binding }) => kind === 'durable-object' && binding === 'ENDED_SESSIONS'
export const queues: Hits = ({ kind }) => kind === 'queue'
export const pictures: Hits = ({ kind }) => kind === 'r2'
