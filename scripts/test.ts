/** `npm test` runs the tests on workerd, then those against `wrangler dev` and real peers, and sums both up. */
import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { projectRoot } from './lib/wrangler.ts'

const PROJECTS = ['vitest.config.ts', 'vitest.e2e.config.ts']

interface Report {
  numPassedTests: number
  numFailedTests: number
}

/** Runs one project. A run that fails without a failed test counts as one failed test. */
async function runProject(config: string): Promise<Report> {
  const scratch = await mkdtemp(join(tmpdir(), 'postern-test-'))
  const file = join(scratch, 'report.json')
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`]
  const child = spawn('vitest', ['run', '--config', config, ...reporters], { cwd: projectRoot, stdio: 'inherit' })
  const exitCode = await new Promise<number>((resolve) => child.once('close', (code) => resolve(code ?? 1)))
  const text = await readFile(file, 'utf8').catch(() => '{"numPassedTests":0,"numFailedTests":0}')
  await rm(scratch, { recursive: true, force: true })
  const report: Report = JSON.parse(text)
  if (exitCode === 0 || report.numFailedTests > 0) return report
  console.log(`FAILED ${config}: vitest ended with exit code ${exitCode}, although no test failed`)
  return { ...report, numFailedTests: 1 }
}

let passed = 0
let failed = 0
for (const project of PROJECTS) {
  const report = await runProject(project)
  passed += report.numPassedTests
  failed += report.numFailedTests
}
console.log(`${passed} passed, ${failed} failed`)
if (failed > 0) process.exitCode = 1
