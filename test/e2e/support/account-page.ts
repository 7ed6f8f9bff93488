import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { authenticatorsOf } from './passkey-page.ts'
import type { Service } from './service.ts'
import { signUpAt } from './sign-up.ts'

export const PASSWORD = 'four unrelated words here'

/** Signs in over the HTTP API with the cookies of a page. */
export const logIn = (page: Page, identifier: string, password = PASSWORD): Promise<number> =>
  page.evaluate(
    async (body) => {
      const headers = { 'Content-Type': 'application/json' }
      return (await fetch('/auth/login', { method: 'POST', headers, body: JSON.stringify(body) })).status
    },
    { identifier, password, delivery: 'cookie' },
  )

/** Opens the page of a new account in a browser of its own. It records what the page may never do. */
export async function openAccount(browser: Browser, service: Service, options: BrowserContextOptions = {}) {
  const email = await signUpAt(service.origin, PASSWORD)
  const context = await browser.newContext({ locale: 'en-US', ...options })
  await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: service.origin })
  const page = await context.newPage()
  const faults: string[] = []
  page.on('pageerror', (error) => faults.push(error.message))
  page.on('console', (message) => {
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) faults.push(message.text())
  })
  await page.goto(`${service.origin}/`)
  await logIn(page, email)
  const cdp = await context.newCDPSession(page)
  await cdp.send('WebAuthn.enable', { enableUI: false })
  await page.goto(`${service.origin}/account`)
  await page.getByRole('heading', { level: 1, name: /Your account|Dein Konto/ }).waitFor()
  const section = (name: string) => page.getByRole('region', { name })
  const press = (name: string | RegExp) => page.getByRole('button', { name, exact: true }).click()
  /** Waits until the page says something in a live region. */
  const hear = (text: string | RegExp) => page.getByRole('status').getByText(text).waitFor()
  return { context, page, email, faults, section, press, hear, authenticators: authenticatorsOf(cdp) }
}

export type AccountPage = Awaited<ReturnType<typeof openAccount>>
