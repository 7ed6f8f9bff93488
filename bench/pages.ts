/**
 * `npm run bench:pages` writes into `docs/hosted-pages.md` how soon somebody on slow 4G can use each page. It counts
 * round trips and bytes as `test/e2e/browser/slow-network.test.ts` does, so the figures are the same on every machine.
 */
import { spawnSync } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { projectRoot } from '../scripts/lib/wrangler.ts'
import { launchBrowser } from '../test/e2e/support/browser.ts'
import { startService } from '../test/e2e/support/service.ts'
import { computeSlow4gMs } from '../test/e2e/support/slow-network.ts'
import { openTimed, signInAsAdmin, TIMED_PAGES } from '../test/e2e/support/timed-pages.ts'

const DOCUMENT = join(projectRoot, 'docs/hosted-pages.md')
const TABLE = /(?<=<!-- speed -->\n)[\s\S]*?(?=<!-- end of speed -->)/

const { status } = spawnSync(process.execPath, ['scripts/build-ui.ts'], { cwd: projectRoot, stdio: 'inherit' })
if (status !== 0) process.exit(1)
const [service, browser] = await Promise.all([startService('--var', 'RATE_LIMITS:off'), launchBrowser()])
try {
  const admin = await signInAsAdmin(browser, service.origin)
  const rows: string[] = []
  for (const timed of TIMED_PAGES) {
    const load = await openTimed(browser, service.origin, timed, admin)
    const kilobytes = load.rounds.reduce((sum, bytes) => sum + bytes, 0) / 1000
    const [path] = timed.path.split('#')
    rows.push(
      `| \`${path}\` | ${load.requests} | ${kilobytes.toFixed(1)} | ${load.rounds.length} | ${computeSlow4gMs(load)} ms |`,
    )
    console.log(rows.at(-1))
  }
  const head = ['| page | requests | kB | round trips | can be used after |', '|---|---|---|---|---|']
  const document = await readFile(DOCUMENT, 'utf8')
  await writeFile(DOCUMENT, document.replace(TABLE, `${[...head, ...rows].join('\n')}\n`))
} finally {
  await browser.close()
  await service.stop()
}
