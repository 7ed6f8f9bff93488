import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { READER, readmeBlock, runTour } from '../support/readme.ts'
import { type Service, startService } from '../support/service.ts'
import { browser, useBrowser } from '../support/service-and-browser.ts'

let app: Server
let appOrigin: string
let service: Service
let context: BrowserContext
let page: Page
let served = ''

useBrowser()
beforeAll(async () => {
  app = createServer((_, response) => response.setHeader('Content-Type', 'text/html').end(served))
  await new Promise<void>((resolve) => app.listen(0, 'localhost', resolve))
  appOrigin = `http://localhost:${(app.address() as AddressInfo).port}`
  service = await startService('--var', `ALLOWED_ORIGINS:${appOrigin}`)
  await runTour(service.origin)
})
afterAll(async () => {
  await service?.stop()
  app?.close()
})
beforeEach(async () => {
  context = await browser.newContext()
  page = await context.newPage()
})

const shows = (text: string) =>
  page.waitForFunction((wanted) => document.querySelector('pre')?.textContent?.includes(wanted), text)

async function signIn(example: string): Promise<void> {
  served = await readmeBlock(`example: ${example}`, service.origin)
  await page.goto(appOrigin)
  await page.fill('[name=identifier]', READER.email)
  await page.fill('[name=password]', READER.password)
  await page.click('form button')
  await shows(READER.email)
}

describe('the pages of the README', () => {
  it('sign in with tokens, kept in memory', async () => {
    await signIn('tokens')
    expect(await context.cookies()).toEqual([])
  })

  it('sign in with cookies, stay signed in when the access cookie has run out, and sign out', async () => {
    await signIn('cookies')
    await context.clearCookies({ name: '__Host-access' })
    await page.reload()
    await shows(READER.email)
    await page.click('#out')
    await shows('signed out')
    await page.reload()
    await shows('unauthenticated')
  })

  // It comes last, because the reader's logins ask for the passkey from then on.
  it('add a passkey, and sign in with it', async () => {
    const cdp = await context.newCDPSession(page)
    await cdp.send('WebAuthn.enable')
    const traits = { hasResidentKey: true, hasUserVerification: true, isUserVerified: true }
    const options = { protocol: 'ctap2', transport: 'internal', automaticPresenceSimulation: true, ...traits } as const
    await cdp.send('WebAuthn.addVirtualAuthenticator', { options })
    await signIn('passkeys')
    await page.click('#add')
    await shows('"recoveryCodes":')
    await context.clearCookies()
    await page.click('#use')
    await shows('"passkeys": 1')
    expect((await context.cookies()).map(({ name }) => name)).toContain('__Host-access')
  })
})
