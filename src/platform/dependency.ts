import { DEPENDENCY_TIMEOUT_MS } from '../config.ts'
import { DependencyError } from '../errors.ts'
import { within } from '../within.ts'

/**
 * Asks something outside this Worker, and gives its answer.
 * @throws {DependencyError} when it refuses, or has not answered in time.
 */
export async function askDependency<Answer>(
  dependency: DependencyError['dependency'],
  ask: () => Promise<Answer>,
): Promise<Answer> {
  try {
    return await within(DEPENDENCY_TIMEOUT_MS, ask())
  } catch (error) {
    throw new DependencyError(dependency, error)
  }
}
