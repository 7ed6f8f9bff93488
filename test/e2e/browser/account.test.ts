import { readFile } from 'node:fs/promises'
import { type TOTP, URI } from 'otpauth'
import { describe, expect, it } from 'vitest'
import { type AccountPage, logIn, openAccount, PASSWORD } from '../support/account-page.ts'
import { change } from '../support/mail-service.ts'
import { waitForMail } from '../support/mailbox.ts'
import { browser, service, useServiceAndBrowser } from '../support/service-and-browser.ts'
import { makeLoginsOld } from '../support/sign-up.ts'

const NEW_PASSWORD = 'four other words instead'

useServiceAndBrowser()

const linkTo = async (email: string, path: string) => (await waitForMail(service.origin, email, path)).link

/** Signs the account in on another device. */
async function signInElsewhere({ email }: AccountPage) {
  const context = await browser.newContext()
  expect(await logIn(context, service, { email })).toBe(200)
  return { context, isSignedIn: async () => (await context.request.get(`${service.origin}/auth/me`)).ok() }
}

const typedIn = (page: AccountPage['page'], label: string) => page.getByLabel(label, { exact: true }).inputValue()

describe('/account', () => {
  it('sends somebody who is signed out to the sign-in, and is back afterwards', async () => {
    const { page, email, press } = await openAccount(browser, service)
    await press('Sign out')
    await page.waitForURL(/\/sign-in\?return_to=%2Faccount$/)
    await page.getByLabel('E‑mail address or username').fill(email)
    await page.getByLabel('Password', { exact: true }).fill(PASSWORD)
    await page.keyboard.press('Enter')
    await page.waitForURL(`${service.origin}/account`)
    await page.getByRole('heading', { name: 'Your account', exact: true }).waitFor()
  })

  it('leaves when somebody signs out in another tab', async () => {
    const { context, page } = await openAccount(browser, service)
    const other = await context.newPage()
    await other.goto(`${service.origin}/account`)
    await other.getByRole('button', { name: 'Sign out', exact: true }).click()
    await page.waitForURL(/\/sign-in/)
  })

  it('leads to its sections, and back by the button of the browser', async () => {
    const { page, faults } = await openAccount(browser, service)
    await page.getByRole('link', { name: 'Devices' }).click()
    expect(page.url()).toBe(`${service.origin}/account#devices`)
    await page.goBack()
    expect(page.url()).toBe(`${service.origin}/account`)
    await page.goto(`${service.origin}/`)
    await page.goto(`${service.origin}/account#data`)
    await expect
      .poll(() => page.locator('#data').evaluate((it) => it.getBoundingClientRect().top < innerHeight))
      .toBe(true)
    expect(faults).toEqual([])
  })

  it('marks in its navigation the section that is being read, also after going back', async () => {
    const { page, faults } = await openAccount(browser, service)
    const marked = () => page.locator('nav [aria-current=location]').allInnerTexts()
    await page.locator('#activity .row').first().waitFor()
    expect(await marked()).toEqual(['Profile'])
    for (const name of ['Devices', 'Activity', 'Your data', 'Passkeys']) {
      await page.getByRole('link', { name, exact: true }).click()
      await expect.poll(marked).toEqual([name])
    }
    await page.goBack()
    await expect.poll(marked).toEqual(['Your data'])
    await page.mouse.wheel(0, -100_000)
    await expect.poll(marked).toEqual(['Profile'])
    await page.mouse.wheel(0, 100_000)
    await expect.poll(marked).toEqual(['Your data'])
    expect(faults).toEqual([])
  })

  it('says what could not be loaded, and loads it when asked again', async () => {
    const { page, section } = await openAccount(browser, service)
    await page.route('**/auth/sessions?*', (route) => route.abort())
    await page.reload()
    await section('Devices').getByRole('alert').getByText('The service cannot be reached.').waitFor()
    await page.unroute('**/auth/sessions?*')
    await section('Devices').getByRole('button', { name: 'Try again' }).click()
    await section('Devices').getByText('This device').waitFor()
    await page.route('**/auth/me', (route) => route.abort())
    await page.reload()
    await page.getByRole('alert').getByText('The service cannot be reached.').waitFor()
    await page.unroute('**/auth/me')
    await page.getByRole('button', { name: 'Try again' }).click()
    await section('Profile').waitFor()
  })
})

describe('the profile', () => {
  it('is saved, marks a username that is taken, and lets a name be removed', async () => {
    const { page, press, hear, faults } = await openAccount(browser, service)
    const username = `ada${crypto.randomUUID().slice(0, 8)}`
    await page.getByLabel('Name', { exact: true }).fill('Ada Lovelace')
    await page.getByLabel('Username').fill(username)
    await press('Save')
    await hear('Your profile is saved.')
    await page.reload()
    expect(await typedIn(page, 'Name')).toBe('Ada Lovelace')
    await page.getByLabel('Name', { exact: true }).fill('')
    await press('Save')
    await hear('Your profile is saved.')
    await page.reload()
    expect([await typedIn(page, 'Name'), await typedIn(page, 'Username')]).toEqual(['', username])

    const other = await openAccount(browser, service)
    await other.page.getByLabel('Username').fill(username)
    await other.press('Save')
    await other.page.getByText('This username is taken.').waitFor()
    const field = other.page.getByLabel('Username')
    expect(await field.evaluate((it) => [it.ariaInvalid, it === document.activeElement])).toEqual(['true', true])
    expect([...faults, ...other.faults]).toEqual([])
  })
})

describe('the address and the password', () => {
  it('changes the address when the link is opened, and not before', async () => {
    const { page, email, press, hear } = await openAccount(browser, service)
    const newEmail = `${crypto.randomUUID()}@example.com`
    await press('Change address')
    await page.getByLabel('New e‑mail address').fill(newEmail)
    await press('Send the link')
    await hear(`Open the e‑mail that we have sent to ${newEmail}.`)
    await page.getByRole('region', { name: 'E‑mail and password' }).getByText(email, { exact: true }).waitFor()
    await page.goto(await linkTo(newEmail, '/confirm-email-change'))
    await page.getByRole('button', { name: 'Confirm new address' }).click()
    await page.getByRole('heading', { name: 'Your new address is confirmed' }).waitFor()
    await page.goto(`${service.origin}/account`)
    await page.getByRole('region', { name: 'E‑mail and password' }).getByText(newEmail, { exact: true }).waitFor()
  })

  it('changes the password, says when the current one is wrong, and signs other devices out', async () => {
    const account = await openAccount(browser, service)
    const { page, email, press, hear, section, faults } = account
    const elsewhere = await signInElsewhere(account)
    await page.reload()
    await section('Devices').getByRole('listitem').nth(1).waitFor()
    await press('Change password')
    await page.getByLabel('Current password').fill('not my password')
    await page.getByLabel('New password').fill(NEW_PASSWORD)
    await page.keyboard.press('Enter')
    await page.getByText('This is not your password.').waitFor()
    await page.getByLabel('Current password').fill(PASSWORD)
    await page.keyboard.press('Enter')
    await hear('Your password is changed.')
    await section('Devices').getByRole('listitem').nth(1).waitFor({ state: 'detached' })
    expect(await elsewhere.isSignedIn()).toBe(false)
    expect(await logIn(elsewhere.context, service, { email })).toBe(401)
    expect(await logIn(elsewhere.context, service, { email, password: NEW_PASSWORD })).toBe(200)
    expect(faults).toEqual([])
  })

  it('mails a link to somebody who has no password', async () => {
    const { email, press, hear } = await openAccount(browser, service)
    await press('Change password')
    await press('I have none, or do not know it')
    await hear(`Open the e‑mail that we have sent to ${email}`)
    expect(await linkTo(email, '/reset-password')).toContain('#token=')
  })
})

describe('the second step', () => {
  /** Sets the authenticator app up, and gives the app and the recovery codes. */
  async function setUp({ page, press, hear }: AccountPage): Promise<{ app: TOTP; codes: string[] }> {
    await press('Set up the app')
    const uri = await page.getByRole('link', { name: 'Open it on this device' }).getAttribute('href')
    const app = URI.parse(uri ?? '') as TOTP
    expect(
      await page.getByRole('img', { name: 'QR code' }).evaluate((it: HTMLImageElement) => it.naturalWidth),
    ).not.toBe(0)
    expect((await page.locator('.secret').innerText()).replaceAll(' ', '')).toBe(app.secret.base32)
    await page.getByLabel('Code that the app shows').fill(app.generate().replace(/^.../, '$& '))
    await press('Switch on')
    await page.getByRole('dialog', { name: 'Your recovery codes' }).waitFor()
    const codes = await page.getByRole('dialog').getByRole('listitem').allInnerTexts()
    await hear('Your authenticator app is on.')
    return { app, codes }
  }

  it('is set up by an app, whose recovery codes can be copied, downloaded and printed, and not lost by a key', async () => {
    const account = await openAccount(browser, service)
    const { page, email, press, faults } = account
    await press('Set up the app')
    await page.getByLabel('Code that the app shows').fill('000000')
    await press('Switch on')
    await page.getByText('This code is wrong, was used already, or is too old.').waitFor()
    await page.getByRole('region', { name: 'Second step' }).getByRole('button', { name: 'Cancel' }).click()

    const { codes } = await setUp(account)
    expect(new Set(codes).size).toBe(10)
    await page.keyboard.press('Escape')
    await page.keyboard.press('Escape')
    const dialog = page.getByRole('dialog', { name: 'Your recovery codes' })
    await dialog.waitFor()
    await press('Copy')
    await dialog.getByText('The codes are copied.').waitFor()
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(codes.join('\n'))
    const [file] = await Promise.all([
      page.waitForEvent('download'),
      dialog.getByRole('button', { name: 'Download' }).click(),
    ])
    const content = await readFile(await file.path(), 'utf8')
    for (const line of [email, ...codes]) expect(content).toContain(line)
    await page.emulateMedia({ media: 'print' })
    expect(await dialog.getByRole('listitem').first().isVisible()).toBe(true)
    expect(await page.getByRole('region', { name: 'Profile', includeHidden: true }).isVisible()).toBe(false)
    await page.emulateMedia({ media: null })
    await press('I have kept them')
    await page.getByText('10 of 10 are left.').waitFor()
    expect(faults).toEqual([])
  })

  it('asks for a proof before the app is removed, and changes nothing where that is refused', async () => {
    const account = await openAccount(browser, service)
    const { page, press, hear } = account
    const { codes } = await setUp(account)
    await press('I have kept them')
    makeLoginsOld(service)
    await press('Remove the app')
    const asking = page.getByRole('dialog', { name: 'Remove the authenticator app?' })
    await asking.getByRole('button', { name: 'Remove the app' }).click()
    const proof = page.getByRole('dialog', { name: 'Confirm that it is you' })
    await proof.getByRole('button', { name: 'Cancel' }).click()
    await asking.getByText('Nothing has changed, because you did not confirm that it is you.').waitFor()
    await asking.getByRole('button', { name: 'Remove the app' }).click()
    while (!(await proof.getByLabel('One of your recovery codes').isVisible()))
      await proof.getByRole('button', { name: 'Another way' }).click()
    await proof.getByLabel('One of your recovery codes').fill(codes[0] ?? '')
    await proof.getByRole('button', { name: 'Confirm' }).click()
    await hear('Your authenticator app is removed.')
    await page.getByRole('button', { name: 'Set up the app' }).waitFor()
  })

  it('gives new recovery codes, and the old ones go', async () => {
    const account = await openAccount(browser, service)
    const { page, press } = account
    const { codes } = await setUp(account)
    await press('I have kept them')
    await press('Make new codes')
    await page.getByRole('dialog').getByRole('button', { name: 'Make new codes' }).click()
    const dialog = page.getByRole('dialog', { name: 'Your recovery codes' })
    await dialog.waitFor()
    const fresh = await dialog.getByRole('listitem').allInnerTexts()
    expect(fresh.filter((code) => codes.includes(code))).toEqual([])
    await press('I have kept them')
  })
})

describe('passkeys', () => {
  it('are added, renamed and removed, and one device has no second one', async () => {
    const { page, press, hear, section, authenticators, faults } = await openAccount(browser, service)
    const authenticator = await authenticators.add()
    await section('Passkeys').getByText('You have no passkey yet.').waitFor()
    await press('Add a passkey')
    await press('I have kept them')
    await hear(/is added\.$/)
    await section('Passkeys').getByText('On one device').waitFor()
    await press('Add a passkey')
    await section('Passkeys').getByRole('alert').getByText('This device has a passkey').waitFor()

    await section('Passkeys')
      .getByRole('button', { name: /^Rename/ })
      .click()
    await page.getByLabel('Name of the passkey').fill('My laptop')
    await page.keyboard.press('Enter')
    await section('Passkeys').getByText('My laptop', { exact: true }).waitFor()
    await press('Remove “My laptop”')
    await page.keyboard.press('Escape')
    expect(await page.getByRole('dialog').count()).toBe(0)
    const remove = page.getByRole('button', { name: 'Remove “My laptop”' })
    expect(await remove.evaluate((it) => it === document.activeElement)).toBe(true)
    await remove.click()
    await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click()
    await hear('“My laptop” is removed.')
    await section('Passkeys').getByText('You have no passkey yet.').waitFor()
    expect(await page.locator('#passkeys-title').evaluate((it) => it === document.activeElement)).toBe(true)
    expect(await authenticators.credentials(authenticator)).toEqual([])
    expect(faults).toEqual([])
  })
})

describe('devices', () => {
  it('are listed with this one first, and are signed out one by one or all at once', async () => {
    const account = await openAccount(browser, service)
    const { page, press, hear, section } = account
    const others = [await signInElsewhere(account), await signInElsewhere(account), await signInElsewhere(account)]
    await page.reload()
    const rows = section('Devices').getByRole('listitem')
    await expect.poll(() => rows.count()).toBe(4)
    expect(await rows.first().innerText()).toMatch(/Chrome on Linux\s+This device/)
    await rows.nth(1).getByRole('button', { name: 'Sign out Chrome on Linux' }).click()
    await hear('Chrome on Linux is signed out.')
    await expect.poll(() => rows.count()).toBe(3)
    await press('Sign out all other devices')
    await hear('All other devices are signed out.')
    await expect.poll(() => rows.count()).toBe(1)
    for (const { isSignedIn } of others) expect(await isSignedIn()).toBe(false)
  })
})

describe('the activity', () => {
  const rowsOf = ({ section }: AccountPage) => section('Activity').getByRole('listitem')

  it('says what happened, the newest first, and counts together what was alike', async () => {
    const account = await openAccount(browser, service)
    const { page, press, hear, faults } = account
    await rowsOf(account).first().getByText('New sign-in.').waitFor()
    expect(await rowsOf(account).first().innerText()).toMatch(/This device\s+.*\d{4}.* · Chrome on Linux/)
    expect(await rowsOf(account).last().innerText()).toContain('The account was made.')

    const elsewhere = await browser.newContext()
    for (let times = 0; times < 3; times += 1)
      expect(await logIn(elsewhere, service, { email: account.email, password: 'not the password' })).toBe(401)
    await page.getByLabel('Name', { exact: true }).fill('Ada')
    await press('Save')
    await hear('Your profile is saved.')
    await rowsOf(account).first().getByText('The profile was changed: name, username.').waitFor()
    expect(await rowsOf(account).nth(1).innerText()).toMatch(/^A sign-in failed\.\s+3 times/)
    expect(faults).toEqual([])
  })

  it('shows older events when asked, and says what could not be loaded', async () => {
    const account = await openAccount(browser, service)
    const { page, press, section, faults } = account
    await page.evaluate(async () => {
      const change = (body: object) =>
        fetch('/auth/me', {
          method: 'PATCH',
          headers: { 'Content-Type': 'application/json' },
          body: JSON.stringify(body),
        })
      for (let times = 0; times < 4; times += 1) {
        await change({ name: `Ada ${times}` })
        await change({ username: `ada${crypto.randomUUID().slice(0, 8)}` })
      }
    })
    await page.reload()
    await expect.poll(() => rowsOf(account).count()).toBe(5)
    await page.route('**/auth/me/activity?*', (route) => route.abort())
    await press('Show older activity')
    await section('Activity').getByRole('alert').getByText('The service cannot be reached.').waitFor()
    await page.unroute('**/auth/me/activity?*')
    await press('Show older activity')
    await section('Activity').getByText('The account was made.').waitFor()
    expect(
      await rowsOf(account)
        .nth(5)
        .evaluate((row) => row === document.activeElement),
    ).toBe(true)
    expect(await section('Activity').getByRole('button').count()).toBe(0)
    expect(faults).toEqual([])
  })

  it('says that it was an administrator', async () => {
    const account = await openAccount(browser, service)
    const admin = await openAccount(browser, service)
    change(service, "insert into user_roles select id, 'admin' from users where email = ?", admin.email)
    await admin.page.evaluate(async (email) => {
      const { items } = await (await fetch(`/users?q=${email}`)).json()
      const headers = { 'Content-Type': 'application/json' }
      await fetch(`/users/${items[0].id}`, { method: 'PATCH', headers, body: JSON.stringify({ name: 'Ada' }) })
    }, account.email)
    await account.page.reload()
    await account.section('Activity').getByText('The profile was changed: name.').waitFor()
    expect(await rowsOf(account).first().innerText()).toMatch(/ · by an administrator$/)
  })
})

describe('the data', () => {
  it('is downloaded as a file', async () => {
    const { page, email, press } = await openAccount(browser, service)
    const [file] = await Promise.all([page.waitForEvent('download'), press('Download')])
    expect(await readFile(await file.path(), 'utf8')).toContain(email)
  })

  it('is deleted after the address was typed, and the page says what happens then', async () => {
    const { context, page, email, press, faults } = await openAccount(browser, service)
    await press('Delete account…')
    const dialog = page.getByRole('dialog', { name: 'Delete your account?' })
    await dialog.getByLabel(`Type ${email} to confirm`).fill('someone@example.com')
    await press('Delete my account')
    await dialog.getByText('This is not the address of this account.').waitFor()
    await dialog.getByLabel(`Type ${email} to confirm`).fill(email)
    makeLoginsOld(service)
    await press('Delete my account')
    const proof = page.getByRole('dialog', { name: 'Confirm that it is you' })
    await proof.getByLabel('Confirm with your password').fill(PASSWORD)
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Your account is being deleted' }).waitFor()
    expect(page.url()).toBe(`${service.origin}/account`)
    expect(await logIn(context, service, { email })).toBe(401)
    expect(faults).toEqual([])
  })
})
