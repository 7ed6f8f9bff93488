import type { BatchItem } from 'drizzle-orm/batch'
import type { Database } from './database.ts'

/** A statement that can join a batch. */
export type Statement = BatchItem<'sqlite'>
/** One statement, several that belong together, or null where this batch needs none. */
type Step = Statement | readonly Statement[] | null
/** The steps of a batch, or of a part of one, by their names. */
export type NamedStatements = Readonly<Record<string, Step>>
/** What a step answers. */
export type AnswerOf<Of> = Of extends Statement
  ? Of['_']['result']
  : Of extends readonly Statement[]
    ? { [Index in keyof Of]: AnswerOf<Of[Index]> }
    : null

/**
 * Runs statements as one transaction and gives the answer of each under its name. They run in the order in which they
 * are named, and each sees what those before it did. When one fails, none takes effect. D1 has no other transaction
 * (docs/platform-notes.md).
 */
export async function inOneBatch<Steps extends NamedStatements>(
  db: Database,
  steps: Steps,
): Promise<{ [Name in keyof Steps]: AnswerOf<Steps[Name]> }> {
  const named = Object.entries<Step>(steps)
  const [first, ...rest] = named.flatMap(([, step]) => step ?? [])
  if (first === undefined) throw new Error('a batch needs a statement')
  const answers: unknown[] = await db.batch([first, ...rest])
  const take = (step: Step): unknown => {
    if (step === null) return null
    return isList(step) ? step.map(() => answers.shift()) : answers.shift()
  }
  return Object.fromEntries(named.map(([name, step]) => [name, take(step)])) as {
    [Name in keyof Steps]: AnswerOf<Steps[Name]>
  }
}

const isList = (step: Statement | readonly Statement[]): step is readonly Statement[] => Array.isArray(step)
