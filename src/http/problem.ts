import { HTTPException } from 'hono/http-exception'
import { RETRY_AFTER_SECONDS } from '../config.ts'
import { ConfigurationError } from '../env.ts'
import { isDependencyFailure, REFUSALS, Refusal } from '../errors.ts'
import { logError } from '../platform/log.ts'
import type { Context } from './context.ts'

/**
 * Answers a refusal as an RFC 9457 problem. A client learns its code and the members that `Refusal` adds for clients,
 * and nothing else.
 */
export function sendProblem(c: Context, error: Refusal): Response {
  const { code, extras } = error
  const { status, title } = REFUSALS[code]
  c.set('outcome', code)
  if (extras.reason !== undefined) c.set('reason', extras.reason)
  const headers: Record<string, string> = { 'Content-Type': 'application/problem+json' }
  if (extras.retryAfterSeconds !== undefined) headers['Retry-After'] = String(extras.retryAfterSeconds)
  if (status === 401) headers['WWW-Authenticate'] = 'Bearer'
  Object.assign(headers, extras.headers)
  const problem = {
    type: `urn:postern:problem:${code}`,
    title,
    status,
    code,
    ...extras.members,
    requestId: c.get('requestId'),
  }
  return c.body(JSON.stringify(extras.errors ? { ...problem, errors: extras.errors } : problem), status, headers)
}

/** Answers any error that a request has thrown. */
export function handleError(error: Error, c: Context): Response {
  return sendProblem(c, toRefusal(error, c))
}

/**
 * Turns an error into what a client may know about it. A refusal stays as it is, a dependency that is down becomes 503,
 * and about anything else a client learns nothing.
 */
export function toRefusal(error: unknown, c: Context): Refusal {
  if (error instanceof Refusal) return error
  if (error instanceof HTTPException && error.status < 500) return new Refusal('invalid_request', { cause: error })
  if (error instanceof ConfigurationError) {
    logError('configuration refused: set the variables named here, then deploy again', error, {
      problems: error.problems,
    })
    return new Refusal('internal_error')
  }
  const isDependency = isDependencyFailure(error)
  logError(isDependency ? 'dependency failed' : 'request failed', error, { requestId: c.get('requestId') })
  return isDependency
    ? new Refusal('dependency_unavailable', { retryAfterSeconds: RETRY_AFTER_SECONDS })
    : new Refusal('internal_error')
}
