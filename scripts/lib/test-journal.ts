import { appendFileSync, readFileSync } from 'node:fs'
import { relative } from 'node:path'
import type { Reporter, TestCase, TestModule, TestSpecification } from 'vitest/node'

/** What is known of a test file whose tests have all ended. */
export interface EndedFile {
  /** Its path from the root of the project. */
  file: string
  passed: number
  /** One text for each failed test, and for an error outside of the tests. */
  failures: string[]
}

/** One line of a journal. */
type Entry = { begun: string[] } | { ended: EndedFile } | { stalled: true }

export interface Journal {
  ended: EndedFile[]
  /** The files that have no result. */
  unfinished: string[]
  isStalled: boolean
}

/** Variables of the environment by which `npm test` configures the reporter. */
export const JOURNAL_VARIABLES = { file: 'TEST_JOURNAL', silenceSeconds: 'TEST_SILENCE_SECONDS' } as const

/** Reads what the reporter below wrote. */
export function readJournal(file: string): Journal {
  const lines = readFileSync(file, 'utf8').split('\n').filter(Boolean)
  const entries = lines.map((line): Entry => JSON.parse(line))
  const ended = entries.flatMap((entry) => ('ended' in entry ? [entry.ended] : []))
  const hasEnded = new Set(ended.map(({ file }) => file))
  const begun = entries.flatMap((entry) => ('begun' in entry ? entry.begun : []))
  return {
    ended,
    unfinished: begun.filter((name) => !hasEnded.has(name)),
    isStalled: entries.some((entry) => 'stalled' in entry),
  }
}

/**
 * Writes a journal of a run, and ends a run in which no test has begun or ended for too long. Vitest waits without a
 * limit for a workerd that does not answer, and for one that does not close.
 */
export default class JournalReporter implements Reporter {
  readonly #file = process.env[JOURNAL_VARIABLES.file] ?? ''
  readonly #silenceMs = Number(process.env[JOURNAL_VARIABLES.silenceSeconds]) * 1000
  readonly #running = new Map<string, string>()
  #lastSign = performance.now()

  onTestRunStart(specifications: readonly TestSpecification[]) {
    this.#write({ begun: specifications.map(({ moduleId, project }) => relative(project.config.root, moduleId)) })
    this.#lastSign = performance.now()
    setInterval(() => this.#endIfStalled(), 1000).unref()
  }

  onTestCaseReady({ id, fullName, module }: TestCase) {
    this.#running.set(id, `${module.relativeModuleId} ${fullName}`)
    this.#lastSign = performance.now()
  }

  onTestCaseResult({ id }: TestCase) {
    this.#running.delete(id)
    this.#lastSign = performance.now()
  }

  onTestModuleEnd(module: TestModule) {
    const file = module.relativeModuleId
    const failures = module.errors().map(({ stack, message }) => `${file}\n${stack ?? message}`)
    for (const test of module.children.allTests('failed')) {
      const errors = test.result().errors ?? []
      failures.push([`${file} ${test.fullName}`, ...errors.map(({ stack, message }) => stack ?? message)].join('\n'))
    }
    this.#write({ ended: { file, passed: [...module.children.allTests('passed')].length, failures } })
  }

  #endIfStalled() {
    if (performance.now() - this.#lastSign < this.#silenceMs) return
    const running = [...this.#running.values()].join('; ') || 'none'
    console.log(
      `STALLED: for ${this.#silenceMs / 1000} s no test has begun or ended. Tests that had begun: ${running}.`,
    )
    this.#write({ stalled: true })
    process.exit(1)
  }

  #write(entry: Entry) {
    appendFileSync(this.#file, `${JSON.stringify(entry)}\n`)
  }
}
