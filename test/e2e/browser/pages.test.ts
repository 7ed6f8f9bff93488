import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { findBarriers } from '../support/axe.ts'
import { openPage } from '../support/browser.ts'
import { type Mail, waitForMail } from '../support/mailbox.ts'
import { browser, service, useServiceAndBrowser } from '../support/service-and-browser.ts'
import { signUpAt } from '../support/sign-up.ts'

const PASSWORD = 'four unrelated words here'
const NEW_PASSWORD = 'four other words instead'
const INVITED = 'invited@example.com'
const INVITATION_TOKEN = 'x'.repeat(43)
const INVITATION = `${INVITED}.9999999999.${createHash('sha256').update(INVITATION_TOKEN).digest('base64url')}`

useServiceAndBrowser(`ADMIN_INVITATION:${INVITATION}`)

async function post(path: string, body: object): Promise<Response> {
  return await fetch(service.origin + path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  })
}

async function register(): Promise<string> {
  const email = `${crypto.randomUUID()}@example.com`
  expect((await post('/auth/register', { email, password: PASSWORD })).status).toBe(202)
  return email
}

const logIn = (identifier: string, password: string) => post('/auth/login', { identifier, password })

const mailTo = (email: string, path: string) => waitForMail(service.origin, email, path)

const registerVerified = () => signUpAt(service.origin, PASSWORD)

describe('/verify-email', () => {
  it('confirms when a person presses the button and not when the link is opened, and sends the token nowhere else', async () => {
    const email = await register()
    const { link } = await mailTo(email, '/verify-email')
    const { page, faults } = await openPage(browser, service.origin)
    const urls: string[] = []
    page.on('request', (request) => urls.push(request.url(), request.headers().referer ?? ''))
    await page.goto(link)
    expect(page.url()).toBe(`${service.origin}/verify-email`)
    expect((await logIn(email, PASSWORD)).status).toBe(401)

    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Your address is confirmed' }).waitFor()
    expect((await logIn(email, PASSWORD)).status).toBe(200)
    expect(faults).toEqual([])
    expect(urls.filter((url) => url.includes('token'))).toEqual([])
  })

  it.each([
    ['encodes the =', (link: string) => link.replace('token=', 'token%3D')],
    ['encodes the #', (link: string) => link.replace('#', '%23')],
    ['adds parameters', (link: string) => `${link.replace('#', '?utm_source=mail#')}&utm_medium=mail`],
    ['takes the full stop behind the link for a part of it', (link: string) => `${link}.`],
  ])('understands a link whose mail program %s', async (_, mangle) => {
    const email = await register()
    const { link } = await mailTo(email, '/verify-email')
    const { page } = await openPage(browser, service.origin)
    await page.goto(mangle(link))
    await page.getByRole('button', { name: 'Confirm address' }).click()
    await page.getByRole('heading', { name: 'Your address is confirmed' }).waitFor()
    expect(page.url()).toBe(`${service.origin}/verify-email`)
  })

  it('understands a second link that is opened in the same tab', async () => {
    const email = await register()
    const { link } = await mailTo(email, '/verify-email')
    const { page } = await openPage(browser, service.origin)
    await page.goto(`${service.origin}/verify-email#token=v1.used`)
    await page.getByRole('button', { name: 'Confirm address' }).click()
    await page.getByRole('alert').getByText('This link no longer works').waitFor()
    await page.goto(link)
    await page.getByRole('alert').waitFor({ state: 'hidden' })
    await page.getByRole('button', { name: 'Confirm address' }).click()
    await page.getByRole('heading', { name: 'Your address is confirmed' }).waitFor()
  })

  it('no longer has the token when somebody goes back to it', async () => {
    const email = await register()
    const { link } = await mailTo(email, '/verify-email')
    const { page } = await openPage(browser, service.origin)
    await page.goto(link)
    // The script of the page has begun once it has taken the token out of the address.
    await page.waitForURL(`${service.origin}/verify-email`)
    await page.goto(`${service.origin}/`)
    await page.goBack()
    await page.getByLabel('Code').waitFor()
    expect(page.url()).toBe(`${service.origin}/verify-email`)

    // A browser that keeps the whole page, so that the user can go back to it, says so when the user leaves the page.
    await page.goto(link)
    await page.waitForURL(`${service.origin}/verify-email`)
    await page.getByRole('button', { name: 'Use the code' }).waitFor()
    await page.evaluate(() => dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true })))
    await page.getByLabel('Code').waitFor()
  })

  it('takes the code of the mail, typed with a gap', async () => {
    const email = await register()
    const { code } = await mailTo(email, '/verify-email')
    const { page } = await openPage(browser, service.origin)
    await page.goto(`${service.origin}/verify-email`)
    await page.getByLabel('E‑mail address').fill(` ${email} `)
    await page.getByLabel('Code').fill(`${code.slice(0, 4)} ${code.slice(4)}`)
    await page.getByRole('button', { name: 'Confirm address' }).click()
    await page.getByRole('heading', { name: 'Your address is confirmed' }).waitFor()
    expect((await logIn(email, PASSWORD)).status).toBe(200)
  })

  it('says that a used link no longer works and offers the code', async () => {
    const email = await register()
    const { link, code } = await mailTo(email, '/verify-email')
    await post('/auth/verify-email', { email, code })
    const { page } = await openPage(browser, service.origin)
    await page.goto(link)
    await page.getByRole('button', { name: 'Confirm address' }).click()
    await page.getByRole('alert').getByText('This link no longer works').waitFor()
    await page.getByLabel('Code').waitFor()
  })

  it('marks what is missing before anything is sent', async () => {
    const { page } = await openPage(browser, service.origin)
    await page.goto(`${service.origin}/verify-email`)
    await page.getByLabel('E‑mail address').fill('nonsense')
    await page.getByRole('button', { name: 'Confirm address' }).click()
    await page.getByText('This does not look like an e‑mail address.').waitFor()
    expect(await page.getByLabel('E‑mail address').evaluate((input) => input === document.activeElement)).toBe(true)
  })

  it('sends a new mail to the address that is typed, without a code', async () => {
    const email = await register()
    const { link } = await mailTo(email, '/verify-email')
    const { page, faults } = await openPage(browser, service.origin)
    await page.goto(`${service.origin}/verify-email`)
    const again = page.getByRole('button', { name: 'Send me a new mail' })
    await again.click()
    expect(await page.getByText('Please fill this in.').count()).toBe(1)
    await page.getByLabel('E‑mail address').fill(email)
    await again.click()
    await page.getByRole('status').getByText('a new mail is on its way').waitFor()
    expect(await findBarriers(page)).toEqual([])
    await expect.poll(async () => (await mailTo(email, '/verify-email')).link).not.toBe(link)
    expect(faults).toEqual([])
  })

  it('says beside the code that it is wrong, and moves there', async () => {
    const { page, faults } = await openPage(browser, service.origin)
    await page.goto(`${service.origin}/verify-email`)
    await page.getByLabel('E‑mail address').fill(await register())
    const code = page.getByLabel('Code')
    await code.fill('1234567')
    await page.getByRole('button', { name: 'Confirm address' }).click()
    await page.locator('.field-error').getByText('The code has eight digits.').waitFor()
    await code.fill('00000000')
    await page.getByRole('button', { name: 'Confirm address' }).click()
    await page.locator('.field-error').getByText('This code does not fit').waitFor()
    expect(await code.evaluate((input) => input === document.activeElement)).toBe(true)
    expect(await findBarriers(page)).toEqual([])
    expect(faults).toEqual([])
  })

  it('asks nothing before the button is pressed, and leaves a session alone that the browser has', async () => {
    const [email, other] = [await register(), await registerVerified()]
    const { link } = await mailTo(email, '/verify-email')
    const { page } = await openPage(browser, service.origin)
    const headers = { Origin: service.origin }
    const data = { identifier: other, password: PASSWORD, delivery: 'cookie' }
    expect((await page.request.post(`${service.origin}/auth/login`, { headers, data })).status()).toBe(200)
    const asked: string[] = []
    page.on('request', (request) => request.resourceType() === 'fetch' && asked.push(new URL(request.url()).pathname))
    await page.goto(link, { waitUntil: 'networkidle' })
    expect(asked).toEqual([])
    await page.getByRole('button', { name: 'Confirm address' }).dblclick()
    await page.getByRole('heading', { name: 'Your address is confirmed' }).waitFor()
    expect(asked).toEqual(['/auth/verify-email'])
    const me = await page.request.get(`${service.origin}/auth/me`)
    expect(await me.json()).toMatchObject({ email: other })
  })

  it("speaks the reader's language", async () => {
    const { page } = await openPage(browser, service.origin, 'de-AT')
    await page.goto(`${service.origin}/verify-email`)
    await page.getByRole('button', { name: 'Adresse bestätigen' }).waitFor()
    expect(await page.locator('html').getAttribute('lang')).toBe('de')
  })
})

describe('/reset-password', () => {
  it('explains a refused password, then sets a good one', async () => {
    const email = await registerVerified()
    await post('/auth/forgot-password', { email })
    const { link } = await mailTo(email, '/reset-password')
    const { page, faults } = await openPage(browser, service.origin)
    await page.goto(link)
    const password = page.getByLabel('New password')
    await password.fill('password1')
    await page.getByRole('button', { name: 'Set new password' }).click()
    await page.locator('.field-error').getByText('common').waitFor()
    expect(await password.getAttribute('aria-invalid')).toBe('true')

    await password.fill(NEW_PASSWORD)
    await page.getByRole('button', { name: 'Set new password' }).click()
    await page.getByRole('heading', { name: 'Your password is changed' }).waitFor()
    expect((await logIn(email, PASSWORD)).status).toBe(401)
    expect((await logIn(email, NEW_PASSWORD)).status).toBe(200)
    expect(faults).toEqual([])
  })

  it('keeps a typed password where the link is too old, and forgets it when the page is left', async () => {
    const { page, faults } = await openPage(browser, service.origin)
    await page.goto(`${service.origin}/reset-password#token=v1.used`)
    const password = page.getByLabel('New password')
    expect(await password.getAttribute('autocomplete')).toBe('new-password')
    expect(await password.getAttribute('passwordrules')).toContain('minlength')
    await password.fill(NEW_PASSWORD)
    await page.getByRole('button', { name: 'Set new password' }).click()
    await page.getByRole('alert').getByText('This link no longer works').waitFor()
    const email = page.getByLabel('E‑mail address')
    expect(await email.evaluate((input) => input === document.activeElement)).toBe(true)
    expect(await password.inputValue()).toBe(NEW_PASSWORD)
    await email.fill('somebody@example.com')
    // A browser that keeps the whole page for going back says so when the page is left.
    await page.evaluate(() => dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true })))
    await expect.poll(() => password.inputValue()).toBe('')
    expect(await email.inputValue()).toBe('')
    expect(faults).toEqual([])
  })
})

describe('/confirm-email-change', () => {
  /** Asks for a change, and answers the mail that the new address gets. */
  async function requestChange(newEmail: string): Promise<Mail> {
    const signedIn = await logIn(await registerVerified(), PASSWORD)
    const { tokens } = (await signedIn.json()) as { tokens: { accessToken: string } }
    const response = await fetch(`${service.origin}/auth/change-email`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${tokens.accessToken}` },
      body: JSON.stringify({ newEmail, password: PASSWORD }),
    })
    expect(response.status).toBe(202)
    return await mailTo(newEmail, '/confirm-email-change')
  }

  it('confirms by the link, on a press of the button only', async () => {
    const newEmail = `${crypto.randomUUID()}@example.com`
    const { link } = await requestChange(newEmail)
    const { page, faults } = await openPage(browser, service.origin)
    await page.goto(link)
    expect((await logIn(newEmail, PASSWORD)).status).toBe(401)
    await page.getByRole('button', { name: 'Confirm new address' }).click()
    await page.getByRole('heading', { name: 'Your new address is confirmed' }).waitFor()
    expect((await logIn(newEmail, PASSWORD)).status).toBe(200)
    expect(faults).toEqual([])
  })

  it('confirms by the code, without a link', async () => {
    const newEmail = `${crypto.randomUUID()}@example.com`
    const { code } = await requestChange(newEmail)
    const { page, faults } = await openPage(browser, service.origin)
    await page.goto(`${service.origin}/confirm-email-change`)
    await page.getByLabel('New e‑mail address').fill(newEmail)
    await page.getByLabel('Code').fill(code)
    await page.getByRole('button', { name: 'Confirm new address' }).click()
    await page.getByRole('heading', { name: 'Your new address is confirmed' }).waitFor()
    expect((await logIn(newEmail, PASSWORD)).status).toBe(200)
    expect(faults).toEqual([])
  })
})

describe('/not-me', () => {
  /** Changes the password of an account, as somebody does who knows it, and answers the link of the notice. */
  async function robbed(): Promise<{ email: string; link: string }> {
    const email = await registerVerified()
    const { tokens } = (await (await logIn(email, PASSWORD)).json()) as { tokens: { accessToken: string } }
    const response = await fetch(`${service.origin}/auth/change-password`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${tokens.accessToken}` },
      body: JSON.stringify({ currentPassword: PASSWORD, newPassword: NEW_PASSWORD }),
    })
    expect(response.status).toBe(204)
    return { email, link: (await mailTo(email, '/not-me')).link }
  }

  it('undoes on a press of the button and not when the link is opened, and sends the token nowhere else', async () => {
    const { email, link } = await robbed()
    const { page, faults } = await openPage(browser, service.origin)
    const urls: string[] = []
    page.on('request', (request) => urls.push(request.url(), request.headers().referer ?? ''))
    await page.goto(link)
    expect(page.url()).toBe(`${service.origin}/not-me`)
    expect((await logIn(email, NEW_PASSWORD)).status).toBe(200)
    await page.getByRole('button', { name: 'This was not me' }).click()
    await page.getByRole('heading', { name: 'Your account is as it was before' }).waitFor()
    expect((await logIn(email, NEW_PASSWORD)).status).toBe(401)
    await page.goto((await mailTo(email, '/reset-password')).link)
    await page.getByLabel('New password').fill('four words of the owner')
    await page.getByRole('button', { name: 'Set new password' }).click()
    await page.getByRole('heading', { name: 'Your password is changed' }).waitFor()
    expect((await logIn(email, 'four words of the owner')).status).toBe(200)
    expect(faults).toEqual([])
    expect(urls.filter((url) => url.includes('token'))).toEqual([])
  })

  it('says that a used link no longer works, in the language of the reader, and has no button then', async () => {
    const { link } = await robbed()
    const first = await openPage(browser, service.origin)
    await first.page.goto(link)
    await first.page.getByRole('button', { name: 'This was not me' }).click()
    await first.page.getByRole('heading', { name: 'Your account is as it was before' }).waitFor()
    const { page, faults } = await openPage(browser, service.origin, 'de-AT')
    await page.goto(link)
    await page.getByRole('button', { name: 'Das war ich nicht' }).click()
    await page.getByRole('alert').getByText('Dieser Link gilt nicht oder nicht mehr').waitFor()
    expect(await page.getByRole('button').count()).toBe(0)
    expect(faults).toEqual([])
  })
})

describe('/accept-invitation', () => {
  it('asks for a good password, makes an administrator once, and says that a used link does not work', async () => {
    const { page, faults } = await openPage(browser, service.origin)
    const link = `${service.origin}/accept-invitation#token=${INVITATION_TOKEN}`
    const accept = page.getByRole('button', { name: 'Set password and accept' })
    await page.goto(link)
    await accept.click()
    await page.getByText('Please choose a password.').waitFor()
    await page.getByLabel('New password', { exact: true }).fill('password')
    await accept.click()
    await page.locator('.field-error').getByText('common').waitFor()
    await page.getByLabel('New password', { exact: true }).fill(NEW_PASSWORD)
    await accept.click()
    await page.getByRole('heading', { name: 'You are an administrator' }).waitFor()
    expect((await logIn(INVITED, NEW_PASSWORD)).status).toBe(200)
    await page.goto('about:blank')
    await page.goto(link)
    await page.getByLabel('New password', { exact: true }).fill(PASSWORD)
    await accept.click()
    await page.getByRole('alert').getByText('This link does not work').waitFor()
    expect(await page.getByRole('button').count()).toBe(0)
    expect(faults).toEqual([])
  })
})

describe('/keep-factors', () => {
  it('asks for a press of its button, and says that a link does not work', async () => {
    const { page, faults } = await openPage(browser, service.origin)
    await page.goto(`${service.origin}/keep-factors#token=v1.used`)
    await page.getByRole('button', { name: 'Keep my second factors' }).click()
    await page.getByRole('alert').getByText('This link does not work').waitFor()
    await page.goto(`${service.origin}/keep-factors`)
    await page.getByRole('alert').getByText('This link does not work').waitFor()
    expect(faults).toEqual([])
  })
})

describe('the pages that mails lead to, and those that nobody is sent to', () => {
  const PAGES = [
    '/verify-email',
    '/reset-password',
    '/confirm-email-change',
    '/not-me',
    '/keep-factors',
    '/accept-invitation',
    '/',
    '/nothing-is-here',
  ]

  it.each(PAGES)('%s: axe finds nothing, in both schemes, and nothing is cut off at 320 pixels', async (path) => {
    const { page, faults } = await openPage(browser, service.origin, 'de-AT')
    await page.setViewportSize({ width: 320, height: 640 })
    for (const token of ['#token=v1.used', '']) {
      await page.goto('about:blank')
      await page.goto(service.origin + path + token)
      await page.getByRole('heading', { level: 1 }).waitFor()
      expect(await page.evaluate(() => document.documentElement.lang)).toBe('de')
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme })
        expect(await findBarriers(page), `${colorScheme} ${token}`).toEqual([])
      }
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(320)
    }
    expect(faults).toEqual([])
  })

  it.each(PAGES)('%s says what to do where scripts are switched off', async (path) => {
    const page = await (await fetch(service.origin + path, { headers: { Accept: 'text/html' } })).text()
    expect(page).toMatch(/<title>.+<\/title>/)
    expect(page).toMatch(/<noscript>.*Please switch JavaScript on to use this page/)
  })
})

describe('/dev/mailbox', () => {
  it('shows a mail that has just been sent, its code to copy and its link to open', async () => {
    const { page, faults } = await openPage(browser, service.origin)
    await page.goto(`${service.origin}/dev/mailbox`)
    const email = await register()
    await page.getByLabel('Only mails to').fill(email)
    await page.getByRole('link', { name: email }).click()
    const { code, link } = await mailTo(email, '/verify-email')
    await page.getByRole('button', { name: `Copy ${code}` }).click()
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(code)
    expect(await page.getByRole('link', { name: 'Open /verify-email' }).getAttribute('href')).toBe(link)
    await page.frameLocator('iframe').getByText('Confirm address', { exact: true }).waitFor()
    await page.getByRole('button', { name: 'Text' }).click()
    await page.locator('pre').getByText(link).waitFor()
    expect(faults).toEqual([])
  })
})
