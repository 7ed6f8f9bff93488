import { type Browser, chromium, type Page } from 'playwright-core'
import { findBrowser } from './find-program.ts'

/** Starts the browser of this machine, with further arguments. */
export async function launchBrowser(...args: string[]): Promise<Browser> {
  const executablePath = findBrowser()
  if (executablePath === null) throw new Error('no Chromium on this machine')
  return await chromium.launch({ executablePath, args: ['--no-sandbox', ...args] })
}

/**
 * Opens a page and records what a reader never sees: refusals by its policy, uncaught errors, and calls to other hosts.
 */
export async function openPage(
  browser: Browser,
  origin: string,
  locale = 'en-US',
): Promise<{ page: Page; faults: string[] }> {
  const context = await browser.newContext({ locale })
  await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin })
  const page = await context.newPage()
  const faults: string[] = []
  page.on('pageerror', (error) => faults.push(error.message))
  page.on('console', (message) => {
    if (message.text().includes('Content Security Policy')) faults.push(message.text())
  })
  page.on('request', (request) => {
    if (!/^(data|about|blob):/.test(request.url()) && !request.url().startsWith(origin)) faults.push(request.url())
  })
  return { page, faults }
}
