/**
 * `npm test` runs the tests on workerd, then those against `wrangler dev` and real peers, and sums both up. Failed
 * tests are named once more at the end.
 */
import { makeScratchFolder } from './lib/scratch-folder.ts'
import { type Outcome, runTests } from './lib/test-run.ts'

const CONFIGS = ['vitest.config.ts', 'vitest.e2e.config.ts']

/** More than the longest timeout of a test, which is five minutes. */
const SILENCE_LIMIT_SECONDS = 8 * 60

process.env.TMPDIR = makeScratchFolder()
const outcomes: Outcome[] = []
for (const config of CONFIGS) outcomes.push(await runTests({ config, silenceSeconds: SILENCE_LIMIT_SECONDS }))
const failures = outcomes.flatMap((outcome) => outcome.failures)
for (const failure of failures) console.log(`FAILED ${failure}`)
console.log(`${outcomes.reduce((sum, { passed }) => sum + passed, 0)} passed, ${failures.length} failed`)
if (failures.length > 0) process.exitCode = 1
