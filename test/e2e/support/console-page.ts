import type { Browser, BrowserContextOptions } from 'playwright-core'
import { logIn, PASSWORD } from './account-page.ts'
import { recordFaults } from './faults.ts'
import type { Service } from './service.ts'

/** The address of the first administrator in development. */
const ADMIN = 'admin@example.com'

/** Makes the first administrator, as a developer does who follows the link that `npm start` prints. */
export async function makeFirstAdmin(browser: Browser, { origin }: Service): Promise<void> {
  const page = await browser.newPage({ locale: 'en-US' })
  await page.goto(`${origin}/dev/first-admin`)
  await page.getByRole('textbox', { name: 'Choose a password' }).fill(PASSWORD)
  await page.getByRole('button', { name: 'Open the console' }).click()
  await page.getByRole('heading', { level: 1, name: 'Users' }).waitFor()
  await page.close()
}

interface ConsoleOptions extends BrowserContextOptions {
  /** The place that is opened; with null the test opens one itself. */
  query?: string | null
  email?: string
}

/** Opens the console in a browser of its own, as the first administrator or as somebody else with the same password. */
export async function openConsole(
  browser: Browser,
  service: Service,
  { query = '', email = ADMIN, ...options }: ConsoleOptions = {},
) {
  const context = await browser.newContext({ locale: 'en-US', ...options })
  const page = await context.newPage()
  const faults = recordFaults(page, service.origin)
  const status = await logIn(context, service, { email })
  if (status !== 200) throw new Error(`the login answered ${status}`)
  const show = (place: string) => page.goto(`${service.origin}/console${place}`)
  /** Goes to a section by its link, which does not load the page anew. */
  const follow = async (section: string) => {
    const link = `nav a[href$="section=${section}"]`
    await page.locator(link).evaluate((it: HTMLElement) => it.click())
    await page.locator(`${link}[aria-current=page]`).waitFor({ state: 'attached' })
  }
  if (query !== null) await show(query)
  const press = (name: string | RegExp) => page.getByRole('button', { name, exact: true }).click()
  /** Waits until the page says something in a live region. */
  const hear = (text: string | RegExp) => page.getByRole('status').getByText(text).waitFor()
  return { context, page, faults, show, follow, press, hear }
}

export type ConsolePage = Awaited<ReturnType<typeof openConsole>>
