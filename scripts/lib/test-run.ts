import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { JOURNAL_VARIABLES, type Journal, readJournal } from './test-journal.ts'
import { projectRoot } from './wrangler.ts'

export interface Outcome {
  passed: number
  /** One text for each failed test. */
  failures: string[]
}

interface Project {
  /** The configuration of vitest, as a path from the root of the project. */
  config: string
  /** For how long no test may begin or end. */
  silenceSeconds: number
}

const REPORTERS = ['--reporter=default', `--reporter=${join(import.meta.dirname, 'test-journal.ts')}`]

/**
 * Runs the tests of one project. Where vitest stalls, the files without a result are run once more by a new one, and
 * fail if that stalls too. A run that fails without a failed test counts as one failed test.
 */
export async function runTests(project: Project): Promise<Outcome> {
  const first = await runVitest(project, [])
  if (first.unfinished.length === 0) return toOutcome([first])
  console.log(`These files have no result and are run once more: ${first.unfinished.join(', ')}.`)
  const second = await runVitest(project, first.unfinished)
  return toOutcome([first, second])
}

interface Run extends Journal {
  config: string
  exitCode: number
}

async function runVitest({ config, silenceSeconds }: Project, files: readonly string[]): Promise<Run> {
  const scratch = await mkdtemp(join(tmpdir(), 'postern-test-'))
  const journal = join(scratch, 'journal')
  await writeFile(journal, '')
  const child = spawn('vitest', ['run', '--config', config, ...REPORTERS, ...files], {
    cwd: projectRoot,
    stdio: 'inherit',
    env: {
      ...process.env,
      [JOURNAL_VARIABLES.file]: journal,
      [JOURNAL_VARIABLES.silenceSeconds]: String(silenceSeconds),
    },
  })
  const exitCode = await new Promise<number>((resolve) => child.once('close', (code) => resolve(code ?? 1)))
  const run = { ...readJournal(journal), config, exitCode }
  await rm(scratch, { recursive: true, force: true })
  return run
}

function toOutcome(runs: readonly Run[]): Outcome {
  const ended = runs.flatMap((run) => run.ended)
  const failures = ended.flatMap((file) => file.failures)
  for (const file of runs.at(-1)?.unfinished ?? []) failures.push(`${file}: vitest ended without a result of this file`)
  const unexplained = runs.find(({ exitCode, isStalled }) => exitCode !== 0 && !isStalled)
  if (unexplained !== undefined && failures.length === 0)
    failures.push(`${unexplained.config}: vitest ended with exit code ${unexplained.exitCode}, although no test failed`)
  return { passed: ended.reduce((sum, { passed }) => sum + passed, 0), failures }
}
