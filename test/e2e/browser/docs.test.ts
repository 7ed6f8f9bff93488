import * as OTPAuth from 'otpauth'
import type { BrowserContextOptions, Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { findBarriers } from '../support/axe.ts'
import { recordFaults } from '../support/faults.ts'
import { browser, service, useServiceAndBrowser } from '../support/service-and-browser.ts'
import { makeLoginsOld, signUpAt } from '../support/sign-up.ts'

const PASSWORD = 'four unrelated words here'

useServiceAndBrowser()

/** Opens the page in a browser of its own. */
async function openDocs(fragment = '', options: BrowserContextOptions = {}): Promise<{ page: Page; faults: string[] }> {
  const context = await browser.newContext({ locale: 'en-US', ...options })
  const page = await context.newPage()
  const faults = recordFaults(page, service.origin)
  await page.goto(`${service.origin}/docs${fragment}`)
  await page.locator('.operation').first().waitFor()
  return { page, faults }
}

/** Opens a route of the page, which the test then looks at. */
async function openRoute(page: Page, id: string) {
  const route = page.locator(`#${id}`)
  const line = route.locator('h3 button')
  if ((await line.getAttribute('aria-expanded')) === 'false') await line.click()
  return route
}

async function fillSignIn(page: Page, email: string): Promise<void> {
  await page.locator('.session-bar > button').click()
  await page.locator('dialog input[name=identifier]').fill(email)
  await page.locator('dialog input[name=password]').fill(PASSWORD)
  await page.locator('dialog button[type=submit]').click()
}

async function signIn(page: Page): Promise<string> {
  const email = await signUpAt(service.origin, PASSWORD)
  await fillSignIn(page, email)
  await page.locator('.session-bar').getByText(email).waitFor()
  return email
}

const answered = (page: Page, id: string, status: number) =>
  page.locator(`#${id} .outcome`).getByText(`Answered with ${status}`).waitFor()

describe('The list of routes at /docs', () => {
  it('has every operation of the document, and asks no other host', async () => {
    const response = await fetch(`${service.origin}/openapi.json`)
    const { paths }: { paths: Record<string, object> } = await response.json()
    const operations = Object.values(paths).flatMap((path) => Object.keys(path))
    const { page, faults } = await openDocs()
    expect(await page.locator('.operation').count()).toBe(operations.length)
    expect(faults).toEqual([])
  })

  it('is searched by words, and its routes have addresses', async () => {
    const { page } = await openDocs()
    await page.getByRole('searchbox', { name: 'Find a route' }).fill('delete passkey')
    await page.getByRole('status').getByText('1 of').waitFor()
    await openRoute(page, 'delete-auth-passkeys-id')
    expect(new URL(page.url()).hash).toBe('#delete-auth-passkeys-id')
    await page.reload()
    await page.locator('#delete-auth-passkeys-id').getByRole('button', { name: 'Send the request' }).waitFor()
  })

  it('says that the document cannot be read, and reads it at the next try', async () => {
    const { page } = await openDocs()
    await page.route('**/openapi.json', (route) => route.abort())
    await page.reload()
    await page.getByRole('alert').getByText('cannot be reached').waitFor()
    expect(await findBarriers(page)).toEqual([])
    await page.unroute('**/openapi.json')
    await page.getByRole('button', { name: 'Try again' }).click()
    await page.locator('.operation').first().waitFor()
  })
})

describe('Trying a route at /docs', () => {
  it('reads and changes the account of whoever signs in on the page', async () => {
    const { page, faults } = await openDocs()
    const email = await signIn(page)

    const read = await openRoute(page, 'get-auth-me')
    await read.getByRole('button', { name: 'Send the request' }).click()
    await answered(page, 'get-auth-me', 200)
    await read.locator('pre').getByText(email).waitFor()

    const write = await openRoute(page, 'patch-auth-me')
    await write.getByRole('textbox', { name: 'Body' }).fill('{ "name": "Ada Lovelace" }')
    await write.getByRole('button', { name: 'Send the request' }).click()
    await answered(page, 'patch-auth-me', 200)
    await read.getByRole('button', { name: 'Send the request' }).click()
    await read.locator('pre').getByText('Ada Lovelace').waitFor()
    expect(faults).toEqual([])
  })

  it('shows a refusal as it was answered, with its headers', async () => {
    const { page, faults } = await openDocs('#get-auth-sessions')
    const route = await openRoute(page, 'get-auth-sessions')
    await route.getByText('You are not signed in').waitFor()
    await route.getByRole('button', { name: 'Send the request' }).click()
    await answered(page, 'get-auth-sessions', 401)
    await route.locator('pre').getByText('"code": "unauthenticated"').waitFor()
    await route.getByText('Headers of the answer').click()
    await route.locator('pre').getByText('x-request-id:').waitFor()
    expect(faults).toEqual([])
  })

  it('asks for a step-up where the route wants one, and sends the request again', async () => {
    const { page, faults } = await openDocs()
    await signIn(page)
    makeLoginsOld(service)
    const route = await openRoute(page, 'post-auth-mfa-totp')
    await route.getByRole('button', { name: 'Send the request' }).click()
    const dialog = page.getByRole('dialog', { name: 'Confirm that it is you' })
    await dialog.getByLabel('Confirm with your password').fill(PASSWORD)
    expect(await findBarriers(page)).toEqual([])
    await dialog.getByRole('button', { name: 'Confirm', exact: true }).click()
    await answered(page, 'post-auth-mfa-totp', 201)
    await route.locator('pre').getByText('otpauth://').waitFor()
    expect(faults).toEqual([])
  })

  it('takes the second factor of an account that has one', async () => {
    const { page, faults } = await openDocs()
    const email = await signIn(page)
    const begin = await openRoute(page, 'post-auth-mfa-totp')
    await begin.getByRole('button', { name: 'Send the request' }).click()
    await answered(page, 'post-auth-mfa-totp', 201)
    const { otpauthUri } = JSON.parse((await begin.locator('pre').first().textContent()) ?? '')
    const app = OTPAuth.URI.parse(otpauthUri)
    if (!(app instanceof OTPAuth.TOTP)) throw new Error('this is no authenticator app')
    const now = Date.now()
    const activate = await openRoute(page, 'post-auth-mfa-totp-activate')
    await activate
      .getByRole('textbox', { name: 'Body' })
      .fill(JSON.stringify({ code: app.generate({ timestamp: now }) }))
    await activate.getByRole('button', { name: 'Send the request' }).click()
    await answered(page, 'post-auth-mfa-totp-activate', 200)

    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByRole('status').getByText('Not signed in').waitFor()
    await fillSignIn(page, email)
    // A code works once, and the app of the next half minute is not yet refused.
    await page.getByLabel('Code of your authenticator app').fill(app.generate({ timestamp: now + 30_000 }))
    expect(await findBarriers(page)).toEqual([])
    await page.getByRole('button', { name: 'Confirm', exact: true }).click()
    await page.locator('.session-bar').getByText(email).waitFor()
    expect(faults).toEqual([])
  })

  it('knows that a request has signed its sender out', async () => {
    const { page } = await openDocs()
    await signIn(page)
    const route = await openRoute(page, 'post-auth-logout')
    await route.getByRole('button', { name: 'Send the request' }).click()
    await answered(page, 'post-auth-logout', 204)
    await page.getByRole('button', { name: 'Sign in', exact: true }).waitFor()
  })

  it('opens a route that leads a browser elsewhere in a tab of its own', async () => {
    const { page, faults } = await openDocs()
    const route = await openRoute(page, 'get-well-known-change-password')
    const [tab] = await Promise.all([
      page.context().waitForEvent('page'),
      route.getByRole('button', { name: 'Open in a new tab' }).click(),
    ])
    await tab.waitForURL(/\/(account|sign-in)/)
    expect(faults).toEqual([])
  })
})

describe.each([
  { locale: 'en-US', colorScheme: 'light', width: 1200 },
  { locale: 'de-DE', colorScheme: 'dark', width: 320 },
] as const)('/docs in $locale, $colorScheme and $width pixels wide', ({ width, ...options }) => {
  it('has nothing in any state that axe finds, and nothing wider than the window (WCAG 2.2 AA)', async () => {
    const { page, faults } = await openDocs('', { ...options, viewport: { width, height: 800 } })
    const look = async (state: string) => {
      expect(await findBarriers(page), state).toEqual([])
      expect(await page.evaluate(() => document.documentElement.scrollWidth), state).toBe(width)
    }
    await look('as it opens')
    await page.locator('.session-bar > button').click()
    await page.locator('dialog button[type=submit]').click()
    await page.locator('dialog [aria-invalid=true]').first().waitFor()
    await look('while it asks who signs in')
    await page.keyboard.press('Escape')
    await signIn(page)
    await look('signed in')
    for (const id of ['get-users', 'post-auth-register', 'put-auth-me-picture', 'post-auth-introspect'])
      await openRoute(page, id)
    await look('with routes opened')
    const route = await openRoute(page, 'get-auth-sessions')
    await route.locator('details').first().locator('summary').click()
    await route.locator('button[type=submit]').click()
    await route.locator('.outcome ~ details summary').click()
    await route.locator('pre').last().waitFor()
    await look('with an answer')
    await page.locator('search input').fill('nothing is called so')
    await look('with nothing found')
    expect(faults).toEqual([])
  })
})
