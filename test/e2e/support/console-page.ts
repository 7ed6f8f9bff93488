import type { Browser, BrowserContextOptions } from 'playwright-core'
import { logIn, PASSWORD } from './account-page.ts'
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
  query?: string
  email?: string
}

/** Opens the console in a browser of its own, as the first administrator or as somebody else with the same password. */
export async function openConsole(
  browser: Browser,
  { origin }: Service,
  { query = '', email = ADMIN, ...options }: ConsoleOptions = {},
) {
  const context = await browser.newContext({ locale: 'en-US', ...options })
  const page = await context.newPage()
  const faults: string[] = []
  page.on('pageerror', (error) => faults.push(error.message))
  page.on('console', (message) => {
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) faults.push(message.text())
  })
  page.on('request', (request) => {
    if (!/^(data|about|blob):/.test(request.url()) && !request.url().startsWith(origin)) faults.push(request.url())
  })
  await page.goto(`${origin}/`)
  const status = await logIn(page, email)
  if (status !== 200) throw new Error(`the login answered ${status}`)
  const show = (place: string) => page.goto(`${origin}/console${place}`)
  await show(query)
  const press = (name: string | RegExp) => page.getByRole('button', { name, exact: true }).click()
  /** Waits until the page says something in a live region. */
  const hear = (text: string | RegExp) => page.getByRole('status').getByText(text).waitFor()
  return { context, page, faults, show, press, hear }
}

export type ConsolePage = Awaited<ReturnType<typeof openConsole>>
