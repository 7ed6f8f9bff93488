/**
 * `.ci/run` runs this. It makes every check and every test, and prints the names of failed checks and a last line that
 * sums up.
 */
import { spawn } from 'node:child_process'
import { delimiter, join } from 'node:path'
import { projectRoot } from './lib/wrangler.ts'

const CHECKS: Readonly<Record<string, string>> = {
  'lint, format, import cycles': 'biome ci --colors=off .',
  'direction of the layers': 'node scripts/layers.ts',
  'references lead somewhere, comments fit the page': 'node scripts/references.ts',
  'clocks of tests start from now': 'node scripts/fixed-moments.ts',
  'types of the source': 'tsc -p .',
  'types of the tests': 'tsc -p test',
  'types of the end-to-end tests': 'tsc -p test/e2e',
  'types of the scripts': 'tsc -p scripts',
  'types of the pages': 'tsc -p src/ui',
  'types of the client': 'tsc -p src/client --noEmit',
  'types of the example of an API': 'tsc -p examples/worker-api',
  'types of the benchmarks': 'tsc -p bench',
  'binding types are current': 'node scripts/types.ts --check',
  'migrations agree with the schema': 'node scripts/migrations-check.ts',
  'openapi.json agrees with the routes': 'node scripts/openapi.ts --check',
  'src/client/api-types.ts agrees with openapi.json': 'node scripts/client-types.ts --check',
  'postman.json agrees with openapi.json': 'node scripts/postman.ts --check',
  'the client is built within its budget': 'node scripts/build-client.ts',
  'docs/audit-events.md lists the events': 'node scripts/audit-events.ts --check',
  'docs/privacy.md describes the tables': 'node scripts/privacy.ts --check',
  'docs/pages.md has a picture of every page': 'node scripts/screenshots.ts --check',
  'docs/security.md lists the tests': 'node scripts/requirements.ts --check',
  'pages build for production': 'node scripts/build-ui.ts',
  'size and start-up of the Worker stay within scripts/budget.json': 'node scripts/budget.ts',
  'unused files, exports and dependencies': 'knip',
}

interface Tally {
  passed: number
  failed: number
}

const environment = {
  ...process.env,
  PATH: [join(projectRoot, 'node_modules/.bin'), process.env.PATH].join(delimiter),
}

interface Result {
  name: string
  ok: boolean
}

async function runCheck(name: string, command: string): Promise<Result> {
  const started = performance.now()
  const child = spawn(command, { cwd: projectRoot, env: environment, shell: true, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()))
  const exitCode = await new Promise<number>((resolve) => child.once('close', (code) => resolve(code ?? 1)))
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  console.log(`${exitCode === 0 ? 'ok    ' : 'FAILED'} ${name} (${seconds} s)`)
  if (exitCode !== 0) console.log(output)
  return { name, ok: exitCode === 0 }
}

/** Runs the checks, two at a time, because most of them have one thread. */
async function runChecks(): Promise<Result[]> {
  const waiting = Object.entries(CHECKS)
  const results: Result[] = []
  const work = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) results.push(await runCheck(...next))
  }
  await Promise.all([work(), work()])
  return results
}

/** Runs `npm test` and reads the tally in its last line. */
async function runTests(): Promise<Tally> {
  const child = spawn('npm', ['test'], { cwd: projectRoot, env: environment, stdio: ['ignore', 'pipe', 'inherit'] })
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => {
    process.stdout.write(chunk)
    output += chunk.toString()
  })
  const exitCode = await new Promise<number>((resolve) => child.once('close', (code) => resolve(code ?? 1)))
  const [, passed = '0', failed = '0'] = /(\d+) passed, (\d+) failed\s*$/.exec(output) ?? []
  const endedBadly = exitCode !== 0 && Number(failed) === 0
  return { passed: Number(passed), failed: Number(failed) + (endedBadly ? 1 : 0) }
}

const results = await runChecks()
const failedChecks = results.filter(({ ok }) => !ok)
const total: Tally = { passed: results.length - failedChecks.length, failed: failedChecks.length }
const tests = await runTests()
total.passed += tests.passed
total.failed += tests.failed
for (const { name } of failedChecks) console.log(`FAILED ${name}`)
console.log(`${total.passed} passed, ${total.failed} failed`)
if (total.failed > 0) process.exitCode = 1
