import { PosternError, type ProblemCode } from '../../client/index.ts'
import { common } from '../texts/common/index.ts'

/** What a form says when something failed: beside the fields that are wrong, and above the form. */
export interface Trouble {
  text: string
  /** What is wrong with each field, by its name. */
  fields: Readonly<Record<string, string>>
}

/** What is wrong with which field where a request is refused with a code. */
export type FieldProblems = Readonly<Partial<Record<ProblemCode, Readonly<Record<string, string>>>>>

const WAITING: ReadonlySet<ProblemCode> = new Set(['rate_limited', 'login_throttled'])
const UNAVAILABLE: ReadonlySet<ProblemCode> = new Set(['dependency_unavailable', 'unexpected_answer'])

/** Puts a failure into words. Only failures of the service are expected; anything else is a bug, and is thrown. */
export function explain(error: unknown, beside: FieldProblems = {}): Trouble {
  if (!(error instanceof PosternError)) throw error
  const named = beside[error.code]
  if (named !== undefined) return { text: '', fields: named }
  const fields = Object.fromEntries(error.errors.map(({ path, message }) => [path.split('.').at(-1) ?? '', message]))
  return { text: textOf(error), fields }
}

function textOf({ code, retryAfterSeconds }: PosternError): string {
  if (WAITING.has(code)) return sayWait(retryAfterSeconds ?? 60)
  if (code === 'offline') return common('problem.offline')
  if (UNAVAILABLE.has(code)) return common('problem.unavailable')
  const key = `problem.${code}`
  return common.has(key) ? common(key) : common('problem.other')
}

const sayWait = (seconds: number) =>
  seconds > 90
    ? common('problem.minutes', { count: Math.ceil(seconds / 60) })
    : common('problem.seconds', { count: Math.max(seconds, 1) })
