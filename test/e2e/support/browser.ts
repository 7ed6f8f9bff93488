import { type Browser, chromium, type Page } from 'playwright-core'
import { recordFaults } from './faults.ts'
import { findBrowser } from './find-program.ts'

/** Starts the browser of this machine, with further arguments. */
export async function launchBrowser(...args: string[]): Promise<Browser> {
  const executablePath = findBrowser()
  if (executablePath === null) throw new Error('no Chromium on this machine')
  return await chromium.launch({ executablePath, args: ['--no-sandbox', ...args] })
}

/** Opens a page in a browser of its own. */
export async function openPage(
  browser: Browser,
  origin: string,
  locale = 'en-US',
): Promise<{ page: Page; faults: string[] }> {
  const context = await browser.newContext({ locale })
  await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin })
  const page = await context.newPage()
  return { page, faults: recordFaults(page, origin) }
}
