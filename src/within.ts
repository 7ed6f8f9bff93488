/**
 * Waits for a promise, and fails when it takes longer than this, so that work which hangs does not hang the request
 * that waits for it. The work itself goes on, because nothing can stop it.
 */
export async function within<Answer>(
  milliseconds: number,
  work: Promise<Answer>,
  toError = () => new Error(`no answer within ${milliseconds} ms`),
): Promise<Answer> {
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(() => late.reject(toError()), milliseconds)
  try {
    return await Promise.race([work, late.promise])
  } finally {
    clearTimeout(timer)
  }
}
