import type { ParseArgsConfig } from 'node:util'
import type { Session } from './session.ts'

export type Options = NonNullable<ParseArgsConfig['options']>
export type Values = Readonly<Record<string, string | boolean | undefined>>

/** What a command is given. */
export interface Call {
  session: Session
  /** Where the service is. */
  origin: string
  /** What stands after the name of the command, as many as `takes` names. */
  words: readonly string[]
  values: Values
  isRemote: boolean
  /** Prints one result: as a line of JSON with `--json`, and otherwise as the text. */
  print(result: object, text: string): void
}

export interface Command {
  name: string
  summary: string
  /** The names of the words that have to follow. */
  takes?: readonly string[]
  options?: Options
  /** What the help says about each option. */
  explains?: Readonly<Record<string, string>>
  /** What the operator's account has to be allowed. */
  permission?: string
  /** Answers the exit code, where it is not 0. */
  run(call: Call): Promise<number | undefined>
}

/** Reads an option that has a value. */
export const text = (values: Values, name: string): string | undefined => {
  const value = values[name]
  return typeof value === 'string' ? value : undefined
}
