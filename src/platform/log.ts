/**
 * The fields of a log entry besides its message. An entry is one line of JSON. It holds its own time, because it may be
 * read where workerd's time is not kept.
 */
export type LogFields = Readonly<Record<string, unknown>>

export function logInfo(message: string, fields: LogFields = {}): void {
  console.log(JSON.stringify({ level: 'info', time: new Date().toISOString(), message, ...fields }))
}

export function logWarning(message: string, fields: LogFields = {}): void {
  console.warn(JSON.stringify({ level: 'warn', time: new Date().toISOString(), message, ...fields }))
}

/** Logs an error with its stack and causes. */
export function logError(message: string, error: unknown, fields: LogFields = {}): void {
  console.error(
    JSON.stringify({ level: 'error', time: new Date().toISOString(), message, error: describeError(error), ...fields }),
  )
}

/**
 * Describes an error without what a query quotes. The parameters of a query are addresses and hashes, so only the cause
 * of the error and its stack frames are kept.
 */
function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return { name: typeof error }
  const isQueryError = error.message.startsWith('Failed query')
  const frames = error.stack?.split('\n').filter((line) => line.trimStart().startsWith('at '))
  return {
    name: error.name,
    message: isQueryError ? 'Failed query' : error.message,
    stack: frames?.join('\n'),
    ...(error.cause === undefined ? {} : { cause: describeError(error.cause) }),
  }
}
