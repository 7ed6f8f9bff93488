import { type Browser, chromium, type Page } from 'playwright-core'

/** The browser of the system: no npm package brings one. */
export async function launchBrowser(): Promise<Browser> {
  return await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox'] })
}

/** Opens a page that keeps what a reader never sees: refusals by its policy, uncaught errors, calls to other hosts. */
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
