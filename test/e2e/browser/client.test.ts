import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { bundleClient, inPage, installClient } from '../support/client-page.ts'
import { launchBrowserForOrigins, type Origins, startOrigins } from '../support/origins.ts'
import { type Service, startService } from '../support/service.ts'
import { makeLoginsOld, signUpAt } from '../support/sign-up.ts'

const PASSWORD = 'four unrelated words here'
const HOUR_MS = 3_600_000

let browser: Browser
let origins: Origins
let service: Service
let script: string

beforeAll(async () => {
  ;[origins, browser, script] = await Promise.all([startOrigins(), launchBrowserForOrigins(), bundleClient()])
  const variables = ['RATE_LIMITS:off', `ISSUER:${origins.api}`, `ALLOWED_ORIGINS:${origins.app}`]
  service = await startService(...variables.flatMap((variable) => ['--var', variable]))
  origins.proxyTo(service.origin)
})
afterAll(async () => {
  await browser?.close()
  await origins?.close()
  await service?.stop()
})

/** A browser with as many tabs of an app, all of them signed in. */
async function signedIn(count: number, delivery: 'cookie' | 'body' = 'cookie') {
  const email = await signUpAt(service.origin, PASSWORD)
  const context = await browser.newContext({ ignoreHTTPSErrors: true })
  await installClient(context, script, { baseUrl: origins.api, password: PASSWORD, delivery })
  await context.clock.install()
  const tabs: Page[] = []
  for (let number = 0; number < count; number += 1) tabs.push(await openTab(context))
  const [first] = tabs
  if (first === undefined) throw new Error('no tab')
  const login = { identifier: email, password: PASSWORD }
  expect(await inPage(first, ({ auth }, login) => auth.login(login), login)).toMatchObject({ status: 'signed_in' })
  for (const tab of tabs) expect(await sessionOf(tab)).toMatchObject({ status: 'signed_in', user: { email } })
  return { context, tabs, first, email, login }
}

async function openTab(context: BrowserContext): Promise<Page> {
  const page = await context.newPage()
  await page.goto(origins.app)
  return page
}

const sessionOf = (page: Page) => inPage(page, ({ auth }) => auth.getSession())
const statusOf = (page: Page) => inPage(page, ({ auth }) => auth.session.status)
const refresh = (page: Page) => inPage(page, ({ auth }) => auth.refresh())
const readMe = (page: Page) => inPage(page, ({ auth }) => auth.request('GET /auth/me'))

/** Counts the refreshes while something is done. */
async function countRefreshes(work: () => Promise<unknown>): Promise<number> {
  const isRefresh = ({ method, path }: { method: string; path: string }) =>
    method === 'POST' && path === '/auth/refresh'
  const before = origins.seen.filter(isRefresh).length
  await work()
  return origins.seen.filter(isRefresh).length - before
}

describe('the client on a page of another origin', () => {
  it('signs in with cookies that no script can read, goes on after a reload, and signs out', async () => {
    const { context, first, email } = await signedIn(1)
    expect(await first.evaluate(() => document.cookie)).toBe('')
    expect(await inPage(first, () => JSON.stringify([{ ...localStorage }, { ...sessionStorage }]))).toBe('[{},{}]')
    await first.reload()
    expect(await statusOf(first)).toBe('loading')
    expect(await sessionOf(first)).toMatchObject({ user: { email } })
    await inPage(first, ({ auth }) => auth.logout())
    expect(await inPage(first, ({ heard }) => heard)).toEqual(['signed_in', 'signed_out'])
    await first.reload()
    expect(await sessionOf(first)).toEqual({ status: 'signed_out' })
    await context.close()
  })

  it('lets tabs that renew at the same moment do so by one request', async () => {
    const { context, tabs } = await signedIn(3)
    const count = await countRefreshes(async () => {
      expect(await Promise.all(tabs.map(refresh))).toEqual([true, true, true])
    })
    expect(count).toBe(1)
    for (const tab of tabs) expect(await readMe(tab)).toHaveProperty('email')
    await context.close()
  })

  it('stays signed in in tabs that renew at once where the browser has no locks and no channels', async () => {
    const email = await signUpAt(service.origin, PASSWORD)
    const context = await browser.newContext({ ignoreHTTPSErrors: true })
    await context.addInitScript(() => {
      Object.defineProperty(navigator, 'locks', { value: undefined })
      Object.defineProperty(globalThis, 'BroadcastChannel', { value: undefined })
    })
    await installClient(context, script, { baseUrl: origins.api, password: PASSWORD })
    const tabs = [await openTab(context), await openTab(context)]
    const login = { identifier: email, password: PASSWORD }
    await inPage(tabs[0] as Page, ({ auth }, login) => auth.login(login), login)
    for (let round = 0; round < 3; round += 1)
      expect(await Promise.all(tabs.map(refresh)), `round ${round}`).toEqual([true, true])
    for (const tab of tabs) expect(await readMe(tab)).toHaveProperty('email', email)
    await context.close()
  })

  it('renews once for all tabs when the machine wakes up after hours', async () => {
    const { context, tabs } = await signedIn(2)
    await Promise.all(tabs.map(refresh))
    const count = await countRefreshes(async () => {
      await context.clock.fastForward(8 * HOUR_MS)
      const answers = await Promise.all(tabs.map(readMe))
      for (const answer of answers) expect(answer).toHaveProperty('email')
    })
    expect(count).toBe(1)
    await context.close()
  })

  it('goes on with a lost access cookie, as when it has expired, without the app noticing', async () => {
    const { context, first, email } = await signedIn(1)
    await context.clearCookies({ name: '__Host-access' })
    const count = await countRefreshes(async () => {
      expect(await readMe(first)).toHaveProperty('email', email)
    })
    expect(count).toBe(1)
    await context.close()
  })

  it('tells every tab at once that one of them signed out', async () => {
    const { context, tabs, first } = await signedIn(2)
    await inPage(first, ({ auth }) => auth.logout())
    for (const tab of tabs) await vi.waitFor(async () => expect(await statusOf(tab)).toBe('signed_out'))
    await context.close()
  })

  it('learns at its next request that its session was ended on another device', async () => {
    const { context, first, login } = await signedIn(1)
    const post = (path: string, body: object, headers = {}) =>
      fetch(service.origin + path, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', ...headers },
        body: JSON.stringify(body),
      })
    const { tokens } = (await (await post('/auth/login', login)).json()) as { tokens: { accessToken: string } }
    const ended = await fetch(`${service.origin}/auth/sessions`, {
      method: 'DELETE',
      headers: { Authorization: `Bearer ${tokens.accessToken}` },
    })
    expect(ended.status).toBe(204)
    expect(await readMe(first)).toEqual({ code: 'unauthenticated' })
    expect(await inPage(first, ({ heard }) => heard)).toEqual(['signed_in', 'signed_out'])
    await context.close()
  })

  it('says that it is offline, stays signed in, and renews when the network is back', async () => {
    const { context, first, email } = await signedIn(1)
    await refresh(first)
    await context.setOffline(true)
    await context.clock.fastForward(HOUR_MS)
    expect(await readMe(first)).toEqual({ code: 'offline' })
    expect(await statusOf(first)).toBe('signed_in')
    const count = await countRefreshes(async () => {
      await context.setOffline(false)
      expect(await readMe(first)).toHaveProperty('email', email)
    })
    expect(count).toBe(1)
    await context.close()
  })

  it('steps up by its callback where a route asks for a recent login, and repeats the request', async () => {
    const { context, first } = await signedIn(1)
    // The login of this session is made old in the database, because the service has a clock of its own.
    makeLoginsOld(service)
    expect(await inPage(first, ({ auth }) => auth.request('POST /auth/mfa/totp'))).toHaveProperty('otpauthUri')
    expect(await inPage(first, ({ steppedUp }) => steppedUp)).toEqual([{ methods: ['password'], maxAgeSeconds: 600 }])
    await context.close()
  })
})

describe('the client with tokens in memory', () => {
  it('keeps them to itself: no cookie, nothing stored, and signed out after a reload', async () => {
    const { context, first } = await signedIn(1, 'body')
    expect(await context.cookies()).toEqual([])
    expect(await inPage(first, () => JSON.stringify([{ ...localStorage }, { ...sessionStorage }]))).toBe('[{},{}]')
    const before = await inPage(first, ({ auth }) => auth.accessToken())
    expect(await refresh(first)).toBe(true)
    const after = await inPage(first, ({ auth }) => auth.accessToken())
    expect([typeof before, typeof after, before === after]).toEqual(['string', 'string', false])
    await first.reload()
    expect(await sessionOf(first)).toEqual({ status: 'signed_out' })
    await context.close()
  })

  it('signs in again over a session that it holds, and steps up', async () => {
    const { context, first, login } = await signedIn(1, 'body')
    expect(await inPage(first, ({ auth }, login) => auth.login(login), login)).toHaveProperty('user')
    makeLoginsOld(service)
    expect(await inPage(first, ({ auth }) => auth.request('POST /auth/mfa/totp'))).toHaveProperty('otpauthUri')
    await inPage(first, ({ auth }) => auth.logout())
    expect(await statusOf(first)).toBe('signed_out')
    await context.close()
  })
})
