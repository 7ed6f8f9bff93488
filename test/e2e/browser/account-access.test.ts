import { describe, expect, it } from 'vitest'
import { type AccountPage, openAccount } from '../support/account-page.ts'
import { findBarriers } from '../support/axe.ts'
import { browser, service, useServiceAndBrowser } from '../support/service-and-browser.ts'

useServiceAndBrowser()

/** Brings the page into a state, in which it is looked at. */
type Step = (account: AccountPage) => Promise<unknown>

const button = ({ page }: AccountPage, section: string, index = 0) =>
  page.locator(`#${section}`).getByRole('button').nth(index)

const STEPS: Readonly<Record<string, Step>> = {
  'as it opens': async ({ page }) => await page.locator('#devices .row').waitFor(),
  'with a field that is wrong': async ({ page }) => {
    await page.locator('#profile input[name=username]').fill('?')
    await page.keyboard.press('Enter')
    await page.locator('#profile [aria-invalid=true]').waitFor()
  },
  'with the forms for address and password': async (account) => {
    await button(account, 'sign-in', 1).click()
    await account.page.locator('input[name=currentPassword]').waitFor()
    await button(account, 'sign-in').click()
    await account.page.locator('input[name=newEmail]').waitFor()
  },
  'while the app is set up': async (account) => {
    await button(account, 'factors').click()
    await account.page.locator('.qr').waitFor()
  },
  'with new recovery codes': async (account) => {
    await account.authenticators.add()
    await account.page.locator('#passkeys > button').click()
    await account.page.locator('.codes').waitFor()
  },
  'with a passkey that is renamed': async ({ page }) => {
    await page.locator('dialog .primary').click()
    await page.locator('#passkeys .row button').first().click()
    await page.locator('#passkeys .renaming input').waitFor()
  },
  'with a question before the end': async ({ page }) => {
    await page.locator('#data .danger').click()
    await page.locator('dialog .danger').waitFor()
  },
  'with what could not be loaded': async ({ page }) => {
    await page.route('**/auth/sessions?*', (route) => route.abort())
    await page.reload()
    await page.locator('#devices .problem').waitFor()
  },
  'while it is loading': async ({ page }) => {
    await page.route('**/auth/me', () => undefined)
    await page.reload()
    await page.locator('.skeleton').waitFor()
  },
}

describe.each([
  { locale: 'en-US', colorScheme: 'light', width: 1200 },
  { locale: 'de-DE', colorScheme: 'dark', width: 320 },
] as const)('/account in $locale, $colorScheme and $width pixels wide', ({ width, ...options }) => {
  it('has nothing in any state that axe finds, and nothing wider than the window (WCAG 2.2 AA)', async () => {
    const viewport = { width, height: 800 }
    const account = await openAccount(browser, service, { ...options, viewport, bypassCSP: true })
    for (const [state, enter] of Object.entries(STEPS)) {
      await enter(account)
      expect(await findBarriers(account.page), state).toEqual([])
      expect(await account.page.evaluate(() => document.documentElement.scrollWidth), state).toBe(width)
    }
    expect(account.faults).toEqual([])
  })
})
