import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { ATTACKS, runAttack } from '../support/attacks.ts'
import { launchBrowserForOrigins, type Origins, startOrigins } from '../support/origins.ts'
import { type Service, startService } from '../support/service.ts'
import { signUpAt } from '../support/sign-up.ts'

const PASSWORD = 'four unrelated words here'
const ATTACKER_PASSWORD = 'other unrelated words there'

let browser: Browser
let origins: Origins
let service: Service

beforeAll(async () => {
  ;[origins, browser] = await Promise.all([startOrigins(), launchBrowserForOrigins()])
})
afterAll(async () => {
  await browser?.close()
  await origins?.close()
})

async function start(...variables: string[]): Promise<void> {
  const common = ['RATE_LIMITS:off', `ISSUER:${origins.api}`, `ALLOWED_ORIGINS:${origins.app}`]
  service = await startService(...[...common, ...variables].flatMap((variable) => ['--var', variable]))
  origins.proxyTo(service.origin)
}

interface Answer {
  status: number
  body: Record<string, unknown> | null
}

/** Calls `fetch` with credentials, as a single-page app does. */
async function call(page: Page, method: string, path: string, body?: object): Promise<Answer> {
  return await page.evaluate(
    async ({ url, init }) => {
      const response = await fetch(url, { credentials: 'include', ...init })
      const text = await response.text()
      return { status: response.status, body: text === '' ? null : JSON.parse(text) }
    },
    {
      url: origins.api + path,
      init: {
        method,
        ...(body ? { headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) } : {}),
      },
    },
  )
}

async function openPage(context: BrowserContext, origin: string): Promise<Page> {
  const page = await context.newPage()
  await page.goto(origin)
  return page
}

const newContext = () => browser.newContext({ ignoreHTTPSErrors: true })
const loginBody = (identifier: string, password: string) => ({ identifier, password, delivery: 'cookie' })

async function signedInPage(): Promise<{ context: BrowserContext; page: Page; email: string }> {
  const email = await signUpAt(service.origin, PASSWORD)
  const context = await newContext()
  const page = await openPage(context, origins.app)
  expect((await call(page, 'POST', '/auth/login', loginBody(email, PASSWORD))).status).toBe(200)
  return { context, page, email }
}

const cookieNames = async (context: BrowserContext) => (await context.cookies()).map(({ name }) => name).sort()

describe('a page of a listed origin', () => {
  beforeAll(() => start())
  afterAll(async () => void (await service.stop()))

  it('signs in with cookies, reads, changes, refreshes and signs out', async () => {
    const { context, page, email } = await signedInPage()
    expect(await cookieNames(context)).toEqual(['__Host-access', '__Host-device', '__Secure-refresh'])
    for (const cookie of await context.cookies())
      expect(cookie).toMatchObject({ httpOnly: true, secure: true, sameSite: 'Lax', domain: 'auth.example.test' })
    expect(await call(page, 'GET', '/auth/me')).toMatchObject({ status: 200, body: { email } })
    expect(await call(page, 'PATCH', '/auth/me', { name: 'Ada' })).toMatchObject({ status: 200, body: { name: 'Ada' } })
    const before = await context.cookies(`${origins.api}/auth`)
    expect(await call(page, 'POST', '/auth/refresh')).toEqual({ status: 200, body: { expiresIn: 900 } })
    expect(await context.cookies(`${origins.api}/auth`)).not.toEqual(before)
    expect((await call(page, 'GET', '/auth/session')).status).toBe(200)

    expect((await call(page, 'POST', '/auth/logout')).status).toBe(204)
    expect(await cookieNames(context)).toEqual(['__Host-device'])
    expect((await call(page, 'GET', '/auth/me')).status).toBe(401)
    expect((await call(page, 'POST', '/auth/refresh')).status).toBe(401)
    await context.close()
  })

  it('shows no script a cookie, on its own origin or on that of the API', async () => {
    const { context, page } = await signedInPage()
    expect(await page.evaluate(() => document.cookie)).toBe('')
    await page.goto(`${origins.api}/docs`)
    expect(await page.evaluate(() => document.cookie)).toBe('')
    await context.close()
  })

  it('sends one preflight, whose answer is kept', async () => {
    const { context, page } = await signedInPage()
    const preflights = () =>
      origins.seen.filter(({ method, path }) => method === 'OPTIONS' && path === '/auth/me').length
    const before = preflights()
    for (const name of ['Ada', 'Grace', 'Edith'])
      expect((await call(page, 'PATCH', '/auth/me', { name })).status).toBe(200)
    expect(preflights() - before).toBe(1)
    await context.close()
  })

  it('stays signed in in two tabs that refresh at once, again and again (GHSA-392p-2q2v-4372)', async () => {
    const { context, page } = await signedInPage()
    const tabs = [page, await openPage(context, origins.app), await openPage(context, origins.app)]
    for (let round = 0; round < 5; round += 1) {
      const answers = await Promise.all(tabs.map((tab) => call(tab, 'POST', '/auth/refresh')))
      expect(answers.map(({ status }) => status)).toEqual([200, 200, 200])
      for (const tab of tabs) expect((await call(tab, 'GET', '/auth/me')).status).toBe(200)
    }
    expect((await call(page, 'GET', '/auth/sessions')).body?.items).toHaveLength(1)
    await context.close()
  })

  it('can read refusals, so that it can tell its user', async () => {
    const context = await newContext()
    const page = await openPage(context, origins.app)
    const refused = await call(page, 'POST', '/auth/login', loginBody('nobody@example.com', PASSWORD))
    expect(refused).toMatchObject({ status: 401, body: { code: 'invalid_credentials' } })
    await context.close()
  })
})

// The requests of a sibling carry the cookies whatever `SameSite` says, and with `None` those of another site carry
// them too. Only the check of the origin can then refuse them.
describe.each([
  { sameSite: 'Lax', attackers: ['sibling', 'hostile'] as const },
  { sameSite: 'None', attackers: ['hostile'] as const },
])('pages that are not listed, COOKIE_SAME_SITE=$sameSite (ASVS 3.5.1-3.5.3)', ({ sameSite, attackers }) => {
  let victim: Awaited<ReturnType<typeof signedInPage>>
  let attackerLogin = ''
  let before: Answer[]
  let firstSeen = 0

  /** Reads everything of the victim that an attack could change, as the victim's own page sees it. */
  const look = async (): Promise<Answer[]> => {
    const answers = [await call(victim.page, 'GET', '/auth/me'), await call(victim.page, 'GET', '/auth/sessions')]
    return JSON.parse(JSON.stringify(answers, (key, value) => (key === 'lastSeenAt' ? undefined : value)))
  }

  beforeAll(async () => {
    await start(`COOKIE_SAME_SITE:${sameSite}`)
    firstSeen = origins.seen.length
    victim = await signedInPage()
    attackerLogin = JSON.stringify(loginBody(await signUpAt(service.origin, ATTACKER_PASSWORD), ATTACKER_PASSWORD))
    before = await look()
    expect(before.map(({ status }) => status)).toEqual([200, 200])
  })
  afterAll(async () => {
    await victim.context.close()
    await service.stop()
  })

  describe.each(attackers)('%s', (who) => {
    let page: Page
    beforeAll(async () => {
      page = await victim.context.newPage()
    })
    afterAll(() => page.close())
    beforeEach(() => page.goto(origins[who]))

    it.each(Object.keys(ATTACKS))('changes and reads nothing by %s', async (name) => {
      const attack = ATTACKS[name]
      if (!attack) throw new Error(name)
      const cookies = await victim.context.cookies()
      const first = origins.seen.length
      const read = await runAttack(page, attack, { api: origins.api, self: origins[who], login: attackerLogin })
      if (attack.by === 'beacon') await vi.waitUntil(() => origins.seen.length > first, { timeout: 30_000 })
      expect(read).toBeNull()
      const unsafe = origins.seen.slice(first).filter(({ method }) => !['GET', 'OPTIONS'].includes(method))
      for (const { status } of unsafe) expect(status).toBe(403)
      expect(await victim.context.cookies()).toEqual(cookies)
      expect(await look()).toEqual(before)
    })

    it('learns nothing of a window it opens', async () => {
      for (const path of ['/auth/me', '/docs']) {
        const opened = page.context().waitForEvent('page')
        await page.evaluate((url) => Object.assign(window, { opened: window.open(url) }), origins.api + path)
        const popup = await opened
        await popup.waitForLoadState()
        expect(await popup.evaluate(() => window.opener)).toBeNull()
        const handle = await page.evaluate(() => {
          const { opened: other } = window as unknown as { opened: Window }
          return { closed: other.closed, frames: other.length }
        })
        expect(handle).toEqual({ closed: true, frames: 0 })
        await popup.close()
      }
    })
  })

  it('sent the cookies with their requests, so that the tests above prove something', () => {
    const posts = origins.seen.slice(firstSeen).filter(({ method }) => method === 'POST')
    const riding = (origin: string) => posts.filter((post) => post.origin === origin && post.hasCookies).length
    if (sameSite === 'Lax') expect(riding(origins.sibling)).toBeGreaterThan(5)
    expect(riding(origins.hostile) > 0).toBe(sameSite === 'None')
    expect(posts.some(({ origin }) => origin === 'null')).toBe(true)
  })
})
