import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { promisify } from 'node:util'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { launchBrowser } from './support/browser.ts'
import { type Service, startService } from './support/service.ts'

const README = new URL('../../README.md', import.meta.url)
const DOCUMENTED_ORIGIN = 'http://localhost:8787'
/** What the tour registers, and what the pages sign in with after it. */
const EMAIL = 'ada@example.com'
const PASSWORD = 'correct horse battery staple'

let readme: string
let app: Server
let appOrigin: string
let service: Service
let browser: Browser
let shownPage = ''

beforeAll(async () => {
  app = createServer((_, response) => response.setHeader('Content-Type', 'text/html').end(shownPage))
  await new Promise<void>((resolve) => app.listen(0, 'localhost', resolve))
  appOrigin = `http://localhost:${(app.address() as AddressInfo).port}`
  ;[readme, service, browser] = await Promise.all([
    readFile(README, 'utf8'),
    startService('--var', `ALLOWED_ORIGINS:${appOrigin}`),
    launchBrowser(),
  ])
})
afterAll(async () => {
  await browser?.close()
  await service?.stop()
  app?.close()
})

/** The code block behind a comment, speaking to the service of this test. */
function blockAfter(comment: string): string {
  const block = new RegExp(`<!-- ${comment} -->\\n\`\`\`\\w+\\n([\\s\\S]*?)\`\`\``).exec(readme)?.[1]
  if (block === undefined) throw new Error(`no block after ${comment}`)
  return block.replaceAll(DOCUMENTED_ORIGIN, service.origin)
}

describe('README', () => {
  it('has a tour with curl that runs as written', async () => {
    const { stdout } = await promisify(execFile)('bash', ['-eu', '-c', blockAfter('tour')])
    const expected = [
      '{"status":"verification_sent"}',
      '{"status":"verified"}',
      `"email":"${EMAIL}","emailVerified":true`,
      '"current":true',
      '"tokenType":"Bearer"',
      '204',
      '"code":"unauthenticated"',
    ]
    const positions = expected.map((part) => stdout.indexOf(part))
    expect(positions).not.toContain(-1)
    expect(positions).toEqual([...positions].sort((a, b) => a - b))
  })

  it.each(['cookies', 'tokens'])('has a page that signs in with %s, in a browser', async (example) => {
    shownPage = blockAfter(`example: ${example}`)
    const page = await browser.newPage()
    await page.goto(appOrigin)
    await page.fill('[name=identifier]', EMAIL)
    await page.fill('[name=password]', PASSWORD)
    await page.click('form button')
    await page.waitForFunction((email) => document.querySelector('pre')?.textContent?.includes(email), EMAIL)
    await page.close()
  })

  it('has a page that stays signed in when its access cookie has run out, and signs out', async () => {
    shownPage = blockAfter('example: cookies')
    const context = await browser.newContext()
    const page = await context.newPage()
    await page.goto(appOrigin)
    await page.fill('[name=identifier]', EMAIL)
    await page.fill('[name=password]', PASSWORD)
    await page.click('form button')
    await page.waitForFunction((email) => document.querySelector('pre')?.textContent?.includes(email), EMAIL)
    await context.clearCookies({ name: '__Host-access' })
    await page.reload()
    await page.waitForFunction((email) => document.querySelector('pre')?.textContent?.includes(email), EMAIL)
    await page.click('#out')
    await page.waitForFunction(() => document.querySelector('pre')?.textContent?.includes('signed out'))
    await page.reload()
    await page.waitForFunction(() => document.querySelector('pre')?.textContent?.includes('unauthenticated'))
    await context.close()
  })
})
