import { ProblemError } from './api.ts'
import type { Failure } from './failure.ts'

/** Adds what an operator does about a refusal of the API. `permission` is what the command needs. */
export function explainRefusal(error: Failure, permission: string | undefined): string {
  if (!(error instanceof ProblemError)) return error.message
  if (error.problem.code === 'forbidden' && permission !== undefined)
    return `${error.message} This command needs ${permission}.`
  if (error.problem.code === 'unauthenticated') return `${error.message} Run "npm run admin -- login".`
  return error.message
}
