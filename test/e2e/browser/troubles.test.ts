import type { BrowserContextOptions, Page, Route } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { de } from '../../../src/ui/texts/common/de.ts'
import { en } from '../../../src/ui/texts/common/en.ts'
import { logIn, PASSWORD } from '../support/account-page.ts'
import { findBarriers } from '../support/axe.ts'
import { recordFaults } from '../support/faults.ts'
import { change } from '../support/mail-service.ts'
import { browser, service, useServiceAndBrowser } from '../support/service-and-browser.ts'
import { signUpAt } from '../support/sign-up.ts'

useServiceAndBrowser()

/** A page with a form, what somebody types into it, the request that sends it, and what is there when all went well. */
interface Sample {
  isSignedIn?: boolean
  form: string
  fill: Readonly<Record<string, (email: string) => string>>
  route: RegExp
  done: string
}

const SAMPLES: Readonly<Record<string, Sample>> = {
  '/sign-in': {
    form: 'form',
    fill: { identifier: (email) => email, password: () => PASSWORD },
    route: /\/auth\/login$/,
    done: '#activity .row',
  },
  '/sign-up': {
    form: 'form',
    fill: { email: () => `${crypto.randomUUID()}@example.com`, password: () => PASSWORD },
    route: /\/auth\/register$/,
    done: '.done h1',
  },
  '/forgot-password': {
    form: 'form',
    fill: { email: (email) => email },
    route: /\/auth\/forgot-password$/,
    done: '.done h1',
  },
  '/account': {
    isSignedIn: true,
    form: '#profile form',
    fill: { name: () => 'Ada' },
    route: /\/auth\/me$/,
    done: '#profile .success:not(:empty)',
  },
}

const APPEARANCES = [
  { locale: 'en-US', colorScheme: 'light', width: 1200, texts: en },
  { locale: 'de-DE', colorScheme: 'dark', width: 320, texts: de },
] as const
type Texts = (typeof APPEARANCES)[number]['texts']

/** Answers as the service does when it refuses. */
const refuse = (status: number, code: string, seconds: number) => (route: Route) =>
  route.fulfill({
    status,
    contentType: 'application/problem+json',
    headers: { 'Retry-After': String(seconds) },
    body: JSON.stringify({ type: `urn:postern:problem:${code}`, title: code, status, code, requestId: 'none' }),
  })

/** Lets what only reads through, which the page asks for by itself when it is online again. */
const unlessRead = (answer: (route: Route) => Promise<void>) => (route: Route) =>
  route.request().method() === 'GET' ? route.continue() : answer(route)

/** What can come between a form and its answer, and what the page then says. */
const TROUBLES: Readonly<Record<string, { answer: (route: Route) => Promise<void>; says: (texts: Texts) => string }>> =
  {
    'no connection': {
      answer: (route) => route.abort('internetdisconnected'),
      says: (texts) => texts['problem.offline'],
    },
    'too many requests': {
      answer: refuse(429, 'rate_limited', 42),
      says: (texts) => texts['problem.seconds'].replace('{count}', '42'),
    },
    'too many requests for some minutes': {
      answer: refuse(429, 'rate_limited', 600),
      says: (texts) => texts['problem.minutes'].replace('{count}', '10'),
    },
    'a part of the service that is down': {
      answer: refuse(503, 'dependency_unavailable', 5),
      says: (texts) => texts['problem.unavailable'],
    },
    'an answer of something in between': {
      answer: (route) => route.fulfill({ status: 502, contentType: 'text/html', body: '<h1>Bad Gateway</h1>' }),
      says: (texts) => texts['problem.unavailable'],
    },
    'an error of the service': {
      answer: refuse(500, 'internal_error', 0),
      says: (texts) => texts['problem.other'],
    },
  }

/** Opens a page as somebody who has an account. */
async function open(path: string, { isSignedIn = false, width, ...options }: Opening) {
  const email = await signUpAt(service.origin, PASSWORD)
  const context = await browser.newContext({ ...options, viewport: { width, height: 800 } })
  const page = await context.newPage()
  const faults = recordFaults(page, service.origin)
  if (isSignedIn) expect(await logIn(context, service, { email })).toBe(200)
  await page.goto(service.origin + path)
  await page
    .locator(isSignedIn ? '#activity .row' : 'form')
    .first()
    .waitFor()
  return { context, page, email, faults }
}
type Opening = Pick<BrowserContextOptions, 'locale' | 'colorScheme'> & { isSignedIn?: boolean; width: number }

/** Expects that the page shuts nobody out (WCAG 2.2 AA), and that nothing is wider than the window. */
async function expectSound(page: Page, width: number, state: string): Promise<void> {
  expect(await findBarriers(page), state).toEqual([])
  expect(await page.evaluate(() => document.documentElement.scrollWidth), state).toBe(width)
}

describe.each(APPEARANCES)('in $locale, $colorScheme and $width pixels wide', ({ texts, width, ...options }) => {
  it.each(Object.entries(SAMPLES))(
    '%s says what went wrong, keeps what was typed, and works again',
    async (path, sample) => {
      const { form, fill, route, done, isSignedIn = false } = sample
      const { context, page, email, faults } = await open(path, { ...options, width, isSignedIn })
      const submit = page.locator(`${form} button[type=submit]`)
      for (const [name, value] of Object.entries(fill))
        await page.locator(`${form} input[name=${name}]`).fill(value(email))
      for (const [trouble, { answer, says }] of Object.entries(TROUBLES)) {
        await page.route(route, unlessRead(answer))
        await submit.click()
        await page.locator(form).getByRole('alert').getByText(says(texts), { exact: true }).waitFor()
        await expectSound(page, width, trouble)
        await page.unroute(route)
      }

      await context.setOffline(true)
      await submit.click()
      await page.locator(form).getByRole('alert').getByText(texts['problem.offline']).waitFor()
      await context.setOffline(false)

      let requests = 0
      const { promise: slowness, resolve: letThrough } = Promise.withResolvers<void>()
      await page.route(
        route,
        unlessRead(async (sent) => {
          requests += 1
          await slowness
          await sent.continue()
        }),
      )
      await submit.dblclick()
      await expect.poll(() => submit.getAttribute('aria-busy')).toBe('true')
      expect(await page.locator(form).getByRole('alert').innerText()).toBe('')
      await expectSound(page, width, 'while it waits for a slow answer')
      letThrough()
      await page.locator(done).first().waitFor()
      await expectSound(page, width, 'when all went well')
      expect(requests).toBe(1)
      expect(faults).toEqual([])
    },
  )

  it('/account leads to the sign-in where the session has ended meanwhile, and the sign-in back to it', async () => {
    const { page, email, faults } = await open('/account', { ...options, width, isSignedIn: true })
    change(service, 'delete from sessions where user_id = (select id from users where email = ?)', email)
    await page.locator('#profile form button[type=submit]').click()
    await page.waitForURL(/\/sign-in\?return_to=%2Faccount$/)
    await page.locator('input[name=identifier]').fill(email)
    await expectSound(page, width, 'the sign-in')
    await page.locator('input[name=password]').fill(PASSWORD)
    await page.keyboard.press('Enter')
    await page.waitForURL(`${service.origin}/account`)
    await page.locator('#activity .row').first().waitFor()
    expect(faults).toEqual([])
  })

  it('/account says in each section what could not be loaded, and loads it when asked again', async () => {
    const { page, faults } = await open('/account', { ...options, width, isSignedIn: true })
    const lists = { devices: /\/auth\/sessions\?/, passkeys: /\/auth\/passkeys/, activity: /\/auth\/me\/activity\?/ }
    for (const route of Object.values(lists)) await page.route(route, refuse(503, 'dependency_unavailable', 5))
    await page.reload()
    for (const section of Object.keys(lists))
      await page.locator(`#${section} .problem`).getByText(texts['problem.unavailable']).waitFor()
    await expectSound(page, width, 'with three lists that failed')
    for (const route of Object.values(lists)) await page.unroute(route)
    for (const section of Object.keys(lists)) {
      await page.locator(`#${section} .retry`).click()
      await page.locator(`#${section} .problem`).waitFor({ state: 'detached' })
    }
    await page.locator('#activity .row').first().waitFor()
    expect(faults).toEqual([])
  })
})

describe('/sign-in', () => {
  it('says how long to wait where too many logins of the account have failed', async () => {
    const { page, email, faults } = await open('/sign-in', { locale: 'en-US', width: 1200 })
    await page.locator('input[name=identifier]').fill(email)
    await page.locator('input[name=password]').fill('not my password')
    const alert = page.locator('form').getByRole('alert')
    const waiting = new RegExp(en['problem.seconds'].replace('{count}', String.raw`\d+`))
    for (let tries = 0; tries < 10 && !waiting.test(await alert.innerText()); tries += 1) {
      const answered = page.waitForResponse('**/auth/login')
      await page.keyboard.press('Enter')
      await answered
      await alert.getByText(/./).waitFor()
    }
    expect(await alert.innerText()).toMatch(waiting)
    await expectSound(page, 1200, 'while logins are throttled')
    expect(faults).toEqual([])
  })
})
