import type { Browser, BrowserContext, BrowserContextOptions } from 'playwright-core'
import { recordFaults } from './faults.ts'
import { authenticatorsOf } from './passkey-page.ts'
import type { Service } from './service.ts'
import { signUpAt } from './sign-up.ts'

export const PASSWORD = 'four unrelated words here'

/** Signs in over the HTTP API, for all pages of a browser, and answers the status. No page has to be opened for it. */
export async function logIn(
  context: BrowserContext,
  { origin }: Service,
  { email, password = PASSWORD }: { email: string; password?: string },
): Promise<number> {
  const data = { identifier: email, password, delivery: 'cookie' }
  return (await context.request.post(`${origin}/auth/login`, { headers: { Origin: origin }, data })).status()
}

interface AccountOptions extends BrowserContextOptions {
  /** The origins to which the page leads besides its own. */
  others?: readonly string[]
}

/** Opens the page of a new account in a browser of its own. */
export async function openAccount(
  browser: Browser,
  service: Service,
  { others = [], ...options }: AccountOptions = {},
) {
  const email = await signUpAt(service.origin, PASSWORD)
  const context = await browser.newContext({ locale: 'en-US', ...options })
  await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: service.origin })
  const page = await context.newPage()
  const faults = recordFaults(page, service.origin, ...others)
  await logIn(context, service, { email })
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
