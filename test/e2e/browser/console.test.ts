import type { BrowserContextOptions, Page } from 'playwright-core'
import { beforeAll, describe, expect, it } from 'vitest'
import { PASSWORD } from '../support/account-page.ts'
import { findBarriers } from '../support/axe.ts'
import { openPage } from '../support/browser.ts'
import { makeFirstAdmin, openConsole as openConsoleOf } from '../support/console-page.ts'
import { withDatabase } from '../support/mail-service.ts'
import { browser, service, useServiceAndBrowser } from '../support/service-and-browser.ts'
import { signUpAt } from '../support/sign-up.ts'

const CROWD = 100_000

useServiceAndBrowser()
beforeAll(async () => {
  withDatabase(service, false, (database) => {
    database.exec(`with recursive numbers (n) as (select 1 union all select n + 1 from numbers where n < ${CROWD})
      insert into users (id, email, email_verified_at, username, name, name_folded, status, created_at, last_seen_at)
      select printf('00000000-0000-7000-8000-%012x', n), printf('p%06d@crowd.example', n), 1, printf('u%06d', n),
        printf('Person %06d', n), printf('person %06d', n), iif(n % 7000 = 0, 'deactivated', 'active'), n * 1000, null
      from numbers`)
  })
  await makeFirstAdmin(browser, service)
})

/** Opens a place of the console as an administrator. */
const openConsole = (query = '', options: BrowserContextOptions = {}) =>
  openConsoleOf(browser, service, { query, ...options })

const heading = (page: Page, name: string | RegExp) => page.getByRole('heading', { level: 1, name }).waitFor()

describe('/console', () => {
  it('sends somebody who is signed out to the sign-in, and knows where they wanted to go', async () => {
    const { page } = await openPage(browser, service.origin)
    await page.goto(`${service.origin}/console?section=audit&type=login.failed`)
    await page.waitForURL('**/sign-in?**')
    expect(new URL(page.url()).searchParams.get('return_to')).toBe('/console?section=audit&type=login.failed')
  })

  it('says so to somebody without rights, and shows them no section', async () => {
    const email = await signUpAt(service.origin, PASSWORD)
    const { page, faults } = await openConsoleOf(browser, service, { email, query: '?section=users' })
    await heading(page, 'Your account has no rights here')
    expect(await page.getByRole('navigation').getByRole('link').count()).toBe(0)
    expect(faults).toEqual([])
  })

  it.each(['users', 'import', 'roles', 'audit', 'statistics', 'mails', 'webhooks', 'keys', 'health'])(
    'shows %s without a fault, with nothing for axe to find and no scrolling sideways at 320 px',
    async (section) => {
      const { page, faults } = await openConsole(`?section=${section}`, {
        viewport: { width: 320, height: 800 },
      })
      await page.waitForLoadState('networkidle')
      expect(await findBarriers(page)).toEqual([])
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(320)
      expect(faults).toEqual([])
    },
  )
})

describe('The users of the console', () => {
  it('are found as one types among 100,000, by an address that the back button and a reload understand', async () => {
    const { page, faults } = await openConsole()
    await page.getByRole('link', { name: 'Person 100000' }).waitFor()
    await page.keyboard.press('/')
    await page.keyboard.type('p000777', { delay: 20 })
    await page.waitForURL('**q=p000777')
    await page.getByRole('link', { name: 'Person 000777' }).click()
    await heading(page, 'Person 000777')
    await page.goBack()
    expect(await page.getByRole('searchbox', { name: 'Search' }).inputValue()).toBe('p000777')
    await page.getByRole('link', { name: 'Person 000777' }).waitFor()
    await page.reload()
    await page.getByRole('link', { name: 'Person 000777' }).waitFor()
    expect(await page.getByRole('row').count()).toBe(2)
    expect(faults).toEqual([])
  })

  it('are read page by page', async () => {
    const { page } = await openConsole('?section=users')
    await page.getByRole('link', { name: 'Next page' }).click()
    await page.getByRole('link', { name: 'First page' }).waitFor()
    await page.waitForURL('**cursor=**')
    await page.getByRole('link', { name: 'Person 099950' }).waitFor()
    await page.goBack()
    await page.getByRole('link', { name: 'Person 100000' }).waitFor()
  })

  it('are deactivated with a way to undo it, and deleted only after their address was typed', async () => {
    const email = await signUpAt(service.origin, PASSWORD)
    const { page, faults } = await openConsole(`?section=users&q=${email}`)
    await page.getByRole('link', { name: email }).click()
    await page.getByRole('button', { name: 'Deactivate' }).click()
    await page.getByRole('status').getByText(`${email} is deactivated`).waitFor()
    await page.getByRole('button', { name: 'Undo' }).click()
    await page.getByRole('status').getByText('This was undone.').waitFor()
    expect(statusOf(email)).toBe('active')

    await page.getByRole('button', { name: 'Delete …' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('textbox').fill('somebody@else.example')
    await dialog.getByRole('button', { name: 'Delete the account' }).click()
    await dialog.getByText('This is not the same.').waitFor()
    expect(statusOf(email)).toBe('active')
    await dialog.getByRole('textbox').fill(email)
    await dialog.getByRole('button', { name: 'Delete the account' }).click()
    await page.getByRole('status').getByText('is deleted').waitFor()
    expect(statusOf(email)).toBeUndefined()
    await heading(page, 'Users')
    expect(faults).toEqual([])
  })

  it('get a role, a name and a note', async () => {
    const email = await signUpAt(service.origin, PASSWORD)
    const { page } = await openConsole(`?section=users&q=${email}`)
    await page.getByRole('link', { name: email }).click()
    await page.getByRole('textbox', { name: 'Name', exact: true }).fill('Ada Lovelace')
    await page.getByRole('button', { name: 'Save', exact: true }).click()
    await heading(page, 'Ada Lovelace')
    await page.getByRole('checkbox', { name: /^admin/ }).check()
    await page.getByRole('button', { name: 'Save roles' }).click()
    await page.getByRole('status').getByText('The roles are changed.').waitFor()
    await page.getByRole('textbox', { name: 'What other administrators' }).fill('Asked for a refund.')
    await page.getByRole('button', { name: 'Save', exact: true }).last().click()
    await page.getByRole('status').getByText('The note is saved.').waitFor()
    await page.reload()
    expect(await page.getByRole('textbox', { name: 'What other administrators' }).inputValue()).toBe(
      'Asked for a refund.',
    )
    expect(await page.getByRole('checkbox', { name: /^admin/ }).isChecked()).toBe(true)
  })
})

const statusOf = (email: string): unknown =>
  withDatabase(service, true, (database) => database.prepare('select status from users where email = ?').get(email))
    ?.status

describe('The other sections of the console', () => {
  it('make a role, save what was ticked in the matrix, and delete the role', async () => {
    const { page, faults } = await openConsole('?section=roles')
    await page.getByRole('button', { name: 'Add a role' }).click()
    await page.getByRole('textbox', { name: 'Name' }).fill('support')
    await page.getByRole('textbox', { name: 'Description' }).fill('Helps people.')
    await page.getByRole('button', { name: 'Add the role' }).click()
    await page.getByRole('checkbox', { name: 'support: users:read' }).check()
    await page.getByRole('button', { name: 'Save changes' }).click()
    await page.getByRole('status').getByText('The permissions are saved.').waitFor()
    await page.reload()
    expect(await page.getByRole('checkbox', { name: 'support: users:read' }).isChecked()).toBe(true)
    expect(await page.getByRole('checkbox', { name: 'admin: users:read' }).isDisabled()).toBe(true)

    await page.getByRole('button', { name: 'Change or delete support' }).click()
    await page.getByRole('button', { name: 'Delete support', exact: true }).click()
    await page.getByRole('textbox', { name: 'Type support to confirm' }).fill('support')
    await page.getByRole('button', { name: 'Delete support', exact: true }).click()
    await page.getByRole('status').getByText('is deleted').waitFor()
    expect(faults).toEqual([])
  })

  it('filter the audit log by its address, and show what happens now', async () => {
    const { page, faults } = await openConsole('?section=audit&type=user.registered&live=1')
    await page.getByText('user.registered').first().waitFor()
    const before = await page.getByRole('row').count()
    await signUpAt(service.origin, PASSWORD)
    await page.getByRole('status').getByText('1 new.').waitFor()
    expect(await page.getByRole('row').count()).toBe(before + 1)
    await page.getByRole('button', { name: 'Check the log' }).click()
    await page.getByRole('status').getByText('the log is as it was written').waitFor()
    expect(faults).toEqual([])
  })

  it('show the statistics as charts, and each as a table', async () => {
    const { page, faults } = await openConsole('?section=statistics&days=7')
    await page.locator('.chart svg').first().waitFor()
    await page.getByText('As a table').first().click()
    expect(await page.getByRole('table').first().getByRole('row').count()).toBe(8)
    expect(faults).toEqual([])
  })

  it('show the secret of a new webhook once', async () => {
    const { page, faults } = await openConsole('?section=webhooks')
    await page.getByRole('button', { name: 'Add an endpoint' }).click()
    await page.getByRole('textbox').fill('https://hooks.example.com/postern')
    await page.getByRole('checkbox', { name: 'login.failed' }).check()
    await page.getByRole('button', { name: 'Add', exact: true }).click()
    await page.getByText(/^whsec_/).waitFor()
    await page.getByRole('button', { name: 'Close' }).first().click()
    await page.getByRole('link', { name: 'https://hooks.example.com/postern' }).click()
    await heading(page, 'https://hooks.example.com/postern')
    expect(await page.getByText(/^whsec_/).count()).toBe(0)
    expect(faults).toEqual([])
  })
})
