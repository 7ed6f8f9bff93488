/**
 * `npm run first-minutes` does what a newcomer does who reads only the README, from the clone to the console. It runs
 * the README's own commands in a fresh clone, with an empty cache of npm, and opens the link that `npm start` prints.
 * It prints what each step took, and with `--write` it writes the sum into the README.
 */
import { execFileSync, spawn } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { launchBrowser } from '../test/e2e/support/browser.ts'
import { findFreePort } from '../test/e2e/support/service.ts'
import { projectRoot } from './lib/wrangler.ts'

const README = join(projectRoot, 'README.md')
const FIGURE = /^From `git clone` to a signed-in administrator.*$/m
/** The first of the commands in the README's chapter "Start". */
const COMMAND = /^## Start\n+```\n(.+)\n/m
const LINK = /first administrator: (http:\S+)\)/
const START_TIMEOUT_MS = 20 * 60_000

const readme = await readFile(README, 'utf8')
const [, command = ''] = COMMAND.exec(readme) ?? []
if (command === '') throw new Error('the README says nowhere how to start')

const folder = await mkdtemp(join(tmpdir(), 'postern-newcomer-'))
const clone = join(folder, 'postern')
const browser = await launchBrowser()
const steps: { what: string; seconds: number }[] = []

async function step<Result>(what: string, run: () => Promise<Result> | Result): Promise<Result> {
  const started = performance.now()
  const result = await run()
  const seconds = (performance.now() - started) / 1000
  steps.push({ what, seconds })
  console.log(`${seconds.toFixed(1).padStart(6)} s  ${what}`)
  return result
}

await step('git clone', () => execFileSync('git', ['clone', '--quiet', projectRoot, clone]))
const port = String(await findFreePort())
const environment = { ...process.env, PORT: port, npm_config_cache: join(folder, 'npm') }
const shell = spawn(command, { cwd: clone, env: environment, shell: true, detached: true })
let output = ''
for (const stream of [shell.stdout, shell.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()))

try {
  const link = await step(command, async () => {
    for (const deadline = Date.now() + START_TIMEOUT_MS; Date.now() < deadline; await sleep(100)) {
      const [, link] = LINK.exec(output) ?? []
      const health = link === undefined ? null : await fetch(new URL('/health', link)).catch(() => null)
      if (link !== undefined && health?.ok) return link
      if (shell.exitCode !== null) break
    }
    throw new Error(`\`${command}\` did not start the service:\n${output}`)
  })
  const page = await browser.newPage()
  await step(`open ${link}`, () => page.goto(link))
  await step('choose a password', () => page.locator('input[type=password]').fill('four unrelated words here'))
  await step('press the button', async () => {
    await page.locator('button[type=submit]').click()
    await page.waitForURL('**/console')
    await page.locator('table tbody tr').first().waitFor()
  })
} finally {
  if (shell.pid !== undefined && shell.exitCode === null) process.kill(-shell.pid, 'SIGINT')
  await new Promise((resolve) => (shell.exitCode === null ? shell.once('close', resolve) : resolve(null)))
  await browser.close()
  await rm(folder, { recursive: true, force: true })
}

const seconds = Math.round(steps.reduce((sum, { seconds }) => sum + seconds, 0))
const figure = `From \`git clone\` to a signed-in administrator in the console: ${steps.length} steps and ${seconds} seconds on ${availableParallelism()} cores, with everything that \`npm ci\` downloads (\`npm run first-minutes\` does it).`
console.log(figure)
if (process.argv.includes('--write')) await writeFile(README, readme.replace(FIGURE, figure))
