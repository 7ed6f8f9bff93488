import { LOG_LEVELS, type LogLevel } from '../config.ts'
import type { Settings } from '../env.ts'

/**
 * The fields of a log entry besides its message. An entry is one line of JSON. It holds its own time, because it may be
 * read where workerd's time is not kept.
 */
export type LogFields = Readonly<Record<string, unknown>>

/** The setting that says which lines are written. */
type Chosen = Pick<Settings, 'logLevel'>

/** Tells whether lines of a level are written, so that nobody collects the fields of one that is not. */
export const isLogged = ({ logLevel }: Chosen, level: LogLevel): boolean =>
  LOG_LEVELS.indexOf(level) >= LOG_LEVELS.indexOf(logLevel)

export function logInfo(settings: Chosen, message: string, fields: LogFields = {}): void {
  if (isLogged(settings, 'info')) log('info', message, fields)
}

export function logWarning(settings: Chosen, message: string, fields: LogFields = {}): void {
  if (isLogged(settings, 'warn')) log('warn', message, fields)
}

/** Writes a line, whatever `LOG_LEVEL` is. */
export function log(level: LogLevel, message: string, fields: LogFields): void {
  console[level](JSON.stringify({ level, time: new Date().toISOString(), message, ...fields }))
}

/** Logs an error with its stack and causes, whatever `LOG_LEVEL` is. */
export function logError(message: string, error: unknown, fields: LogFields = {}): void {
  log('error', message, { error: describeError(error), ...fields })
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
