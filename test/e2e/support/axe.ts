import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import type { Page } from 'playwright-core'

const require = createRequire(import.meta.url)
const SCRIPT = require.resolve('axe-core/axe.min.js')

/** What axe can say of a page, as far as a test shows it. */
interface Findings {
  violations: { id: string; nodes: { html: string }[] }[]
}

/**
 * Lets axe look at a page as it is now, and gives what breaks its rules (WCAG 2.2 AA and best practices). Its context
 * was opened with `bypassCSP`, because the policy of the pages allows no script but their own.
 */
export async function findBarriers(page: Page): Promise<string[]> {
  await page.evaluate(await readFile(SCRIPT, 'utf8'))
  const { violations } = await page.evaluate(() =>
    (globalThis as unknown as { axe: { run(): Promise<Findings> } }).axe.run(),
  )
  return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`))
}
