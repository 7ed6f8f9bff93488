/**
 * `npm test` runs the tests on workerd, then those against `wrangler dev` and real peers, and sums both up. Failed
 * tests are named once more at the end.
 */
import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { projectRoot } from './lib/wrangler.ts'

const PROJECTS = ['vitest.config.ts', 'vitest.e2e.config.ts']

/** What is read of the report that vitest writes. */
interface Report {
  numPassedTests: number
  testResults: {
    name: string
    assertionResults: { status: string; fullName: string; failureMessages: string[] }[]
  }[]
}

interface Outcome {
  passed: number
  /** One text for each failed test. */
  failures: string[]
}

const NO_REPORT: Report = { numPassedTests: 0, testResults: [] }

const failuresIn = ({ testResults }: Report) =>
  testResults.flatMap(({ name, assertionResults }) =>
    assertionResults
      .filter(({ status }) => status === 'failed')
      .map(({ fullName, failureMessages }) =>
        [`${relative(projectRoot, name)} ${fullName}`, ...failureMessages].join('\n'),
      ),
  )

/** Runs one project. A run that fails without a failed test counts as one failed test. */
async function runProject(config: string): Promise<Outcome> {
  const scratch = await mkdtemp(join(tmpdir(), 'postern-test-'))
  const file = join(scratch, 'report.json')
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`]
  const child = spawn('vitest', ['run', '--config', config, ...reporters], { cwd: projectRoot, stdio: 'inherit' })
  const exitCode = await new Promise<number>((resolve) => child.once('close', (code) => resolve(code ?? 1)))
  const text = await readFile(file, 'utf8').catch(() => JSON.stringify(NO_REPORT))
  await rm(scratch, { recursive: true, force: true })
  const report: Report = JSON.parse(text)
  const failures = failuresIn(report)
  if (exitCode !== 0 && failures.length === 0) {
    failures.push(`${config}: vitest ended with exit code ${exitCode}, although no test failed`)
  }
  return { passed: report.numPassedTests, failures }
}

const outcomes: Outcome[] = []
for (const project of PROJECTS) outcomes.push(await runProject(project))
const failures = outcomes.flatMap((outcome) => outcome.failures)
for (const failure of failures) console.log(`FAILED ${failure}`)
console.log(`${outcomes.reduce((sum, { passed }) => sum + passed, 0)} passed, ${failures.length} failed`)
if (failures.length > 0) process.exitCode = 1
