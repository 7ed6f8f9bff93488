import * as OTPAuth from 'otpauth'
import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { findBarriers } from '../support/axe.ts'
import { openPage } from '../support/browser.ts'
import { waitForMail } from '../support/mailbox.ts'
import { browser, service, useServiceAndBrowser } from '../support/service-and-browser.ts'
import { signUpAt } from '../support/sign-up.ts'

const PASSWORD = 'four unrelated words here'
const OTHER_PASSWORD = 'four other words instead'
const LISTED = 'https://app.example.com'

useServiceAndBrowser(`ALLOWED_REDIRECTS:${LISTED}`)

async function post<Answer>(path: string, body: object, token?: string): Promise<Answer> {
  const headers = {
    'Content-Type': 'application/json',
    ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
  }
  const response = await fetch(service.origin + path, { method: 'POST', headers, body: JSON.stringify(body) })
  expect(response.status).toBeLessThan(300)
  return (await response.json().catch(() => undefined)) as Answer
}

const newAddress = () => `${crypto.randomUUID()}@example.com`

const someoneConfirmed = () => signUpAt(service.origin, PASSWORD)

/** Sets an authenticator app up, and answers the app and the recovery codes. */
async function withAuthenticatorApp(email: string) {
  const { tokens } = await post<{ tokens: { accessToken: string } }>('/auth/login', {
    identifier: email,
    password: PASSWORD,
  })
  const { otpauthUri } = await post<{ otpauthUri: string }>('/auth/mfa/totp', {}, tokens.accessToken)
  const app = OTPAuth.URI.parse(otpauthUri) as OTPAuth.TOTP
  const { recoveryCodes } = await post<{ recoveryCodes: string[] }>(
    '/auth/mfa/totp/activate',
    { code: app.generate() },
    tokens.accessToken,
  )
  return { app, recoveryCodes }
}

async function logIn(page: Page, identifier: string, password = PASSWORD): Promise<void> {
  await page.getByLabel('E‑mail address or username').fill(identifier)
  await page.getByLabel('Password', { exact: true }).fill(password)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
}

const open = async (path: string, locale?: string) => {
  const opened = await openPage(browser, service.origin, locale)
  await opened.page.goto(service.origin + path)
  await opened.page.locator('#app:not([aria-busy]) h1').waitFor()
  return opened
}

const isSignedIn = (page: Page) =>
  page.evaluate(async () => (await fetch('/auth/session', { credentials: 'same-origin' })).status === 200)

describe('/sign-up', () => {
  it('leads by a mail to an account that signs in', async () => {
    const { page, faults } = await open('/sign-in')
    await page.getByRole('link', { name: 'Sign up' }).click()
    await page.getByRole('heading', { name: 'Create your account' }).waitFor()
    expect(await findBarriers(page)).toEqual([])

    const email = newAddress()
    await page.getByRole('button', { name: 'Sign up' }).click()
    await page.getByText('Please fill this in.').waitFor()
    await page.getByText('Please choose a password.').waitFor()
    expect(await findBarriers(page)).toEqual([])
    await page.getByLabel('E‑mail address').fill(email)
    await page.getByLabel('Password', { exact: true }).fill('password')
    await page.getByRole('button', { name: 'Sign up' }).click()
    await page.locator('.field-error').waitFor()
    expect(await page.getByLabel('Password', { exact: true }).getAttribute('aria-invalid')).toBe('true')
    await page.getByLabel('Password', { exact: true }).fill(PASSWORD)
    await page.getByRole('button', { name: 'Sign up' }).click()
    await page.getByRole('heading', { name: 'Look at your mail' }).waitFor()
    expect(await findBarriers(page)).toEqual([])

    await page.goto((await waitForMail(service.origin, email, '/verify-email')).link)
    await page.getByRole('button', { name: 'Confirm address' }).click()
    await page.getByRole('heading', { name: 'Your address is confirmed' }).waitFor()
    await page.goto(`${service.origin}/sign-in`)
    await logIn(page, email)
    await page.waitForURL('**/account')
    expect(await isSignedIn(page)).toBe(true)
    expect(faults).toEqual([])
  })
})

describe('/sign-in', () => {
  it('says beside the form what is wrong, and lets nobody in', async () => {
    const email = await someoneConfirmed()
    const { page, faults } = await open('/sign-in')
    expect(await findBarriers(page)).toEqual([])
    await logIn(page, email, 'not the password of anybody')
    await page.getByRole('alert').getByText('These do not fit together.').waitFor()
    expect(await findBarriers(page)).toEqual([])
    expect(await isSignedIn(page)).toBe(false)
    expect(faults).toEqual([])
  })

  it('asks for the second factor, and takes a recovery code instead', async () => {
    const email = await someoneConfirmed()
    const { app, recoveryCodes } = await withAuthenticatorApp(email)
    const { page } = await open('/sign-in')
    await logIn(page, email)
    await page.getByRole('heading', { name: 'One more step' }).waitFor()
    expect(await findBarriers(page)).toEqual([])
    await page.getByLabel('Code of your authenticator app').fill(app.generate({ timestamp: 0 }))
    await page.getByRole('button', { name: 'Confirm' }).click()
    await page.getByRole('alert').getByText('This code is wrong').waitFor()
    await page.getByRole('button', { name: 'Use a recovery code' }).click()
    await page.getByLabel('Recovery code').fill(recoveryCodes[0] ?? '')
    await page.getByRole('button', { name: 'Confirm' }).click()
    await page.waitForURL('**/account')
    expect(await isSignedIn(page)).toBe(true)
  })

  it('goes back to the application that is listed, and to none other', async () => {
    const email = await someoneConfirmed()
    const { page } = await open(`/sign-in?return_to=${encodeURIComponent('https://evil.example/')}`)
    expect(page.url()).toBe(`${service.origin}/sign-in`)
    await page.route(`${LISTED}/**`, (route) => route.fulfill({ body: 'the application' }))
    await page.goto(`${service.origin}/sign-in?return_to=${encodeURIComponent(`${LISTED}/after?a=b`)}`)
    await logIn(page, email)
    await page.waitForURL(`${LISTED}/after?a=b`)
  })

  it('speaks the language of its reader, and fits into 320 pixels', async () => {
    const { page } = await open('/sign-in', 'de-AT')
    await page.setViewportSize({ width: 320, height: 640 })
    await page.getByRole('heading', { name: 'Anmelden' }).waitFor()
    expect(await page.evaluate(() => document.documentElement.lang)).toBe('de')
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(320)
    await page.emulateMedia({ colorScheme: 'dark' })
    expect(await findBarriers(page)).toEqual([])
  })

  it('sends one request where somebody presses twice', async () => {
    const email = await someoneConfirmed()
    const { page } = await open('/sign-in')
    let logins = 0
    page.on('request', (request) => {
      if (request.url().endsWith('/auth/login')) logins += 1
    })
    await page.getByLabel('E‑mail address or username').fill(email)
    await page.getByLabel('Password', { exact: true }).fill(PASSWORD)
    await page.getByRole('button', { name: 'Sign in', exact: true }).dblclick()
    await page.waitForURL('**/account')
    expect(logins).toBe(1)
  })

  it('says that the service cannot be reached, and works again afterwards', async () => {
    const email = await someoneConfirmed()
    const { page } = await open('/sign-in')
    await page.context().setOffline(true)
    await logIn(page, email)
    await page.getByRole('alert').getByText('cannot be reached').waitFor()
    await page.context().setOffline(false)
    await page.getByRole('button', { name: 'Sign in', exact: true }).click()
    await page.waitForURL('**/account')
  })
})

describe('/forgot-password', () => {
  it('sends the mail that sets another password, and says the same for an address that nobody has', async () => {
    const email = await someoneConfirmed()
    const { page, faults } = await open('/forgot-password')
    expect(await findBarriers(page)).toEqual([])
    await page.getByLabel('E‑mail address').fill(newAddress())
    await page.getByRole('button', { name: 'Send me the mail' }).click()
    await page.getByRole('heading', { name: 'Look at your mail' }).waitFor()
    expect(await findBarriers(page)).toEqual([])
    await page.goBack()
    await page.goto(`${service.origin}/forgot-password`)
    await page.getByLabel('E‑mail address').fill(email)
    await page.getByRole('button', { name: 'Send me the mail' }).click()
    await page.goto((await waitForMail(service.origin, email, '/reset-password')).link)
    await page.getByLabel('New password').fill(OTHER_PASSWORD)
    await page.getByRole('button', { name: 'Set new password' }).click()
    await page.getByRole('heading', { name: 'Your password is changed' }).waitFor()
    await page.goto(`${service.origin}/sign-in`)
    await logIn(page, email, OTHER_PASSWORD)
    await page.waitForURL('**/account')
    expect(faults).toEqual([])
  })
})
