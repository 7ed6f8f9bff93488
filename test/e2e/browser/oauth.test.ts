import { describe, expect, it } from 'vitest'
import { bench, useOAuthBench } from '../support/oauth-bench.ts'
import { browser, useBrowser } from '../support/service-and-browser.ts'

useOAuthBench()
useBrowser()

describe('a page of another origin, in Chromium', () => {
  it.each([
    ['by full-page redirect with cookies', '#cookies', 'cookies anna@basic.example', 'eve'],
    ['by redirect with a code, exchanged for tokens', '#tokens', 'tokens dora@basic.example', 'fay'],
  ])('signs in, and links another provider, %s', async (_, button, expected, other) => {
    bench.issuers.basic.signInAs(expected.split(/[ @]/)[1] ?? '')
    bench.issuers.post.signInAs(other)
    const page = await (await browser.newContext()).newPage()
    await page.goto(`${bench.app.origin}/`)
    await page.getByText('nobody').waitFor()
    await page.click(button)
    await page.getByText(`${expected} by basic`).waitFor()
    expect(page.url()).toBe(`${bench.app.origin}/`)
    const names = (await page.context().cookies(bench.service.origin)).map(({ name }) => name)
    expect(names.includes('__Host-access')).toBe(button === '#cookies')
    expect(names.filter((name) => name.startsWith('__Host-oauth-'))).toEqual([])
    expect(await page.evaluate(() => document.cookie)).toBe('')
    await page.click('#link')
    await page.getByText(`${expected} by basic and post`).waitFor()
    expect(page.url()).toBe(`${bench.app.origin}/`)
  })

  it('shows the person why it did not work', async () => {
    bench.issuers.basic.deny(true)
    const page = await (await browser.newContext()).newPage()
    await page.goto(`${bench.app.origin}/`)
    await page.click('#cookies')
    await page.getByText('error access_denied').waitFor()
  })
})
