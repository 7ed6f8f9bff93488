import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openAccount } from '../support/account-page.ts'
import { launchBrowser } from '../support/browser.ts'
import { bench, useOAuthBench } from '../support/oauth-bench.ts'

useOAuthBench()

describe('the connected accounts', () => {
  let browser: Browser
  beforeAll(async () => {
    browser = await launchBrowser()
  })
  afterAll(async () => {
    await browser?.close()
  })

  it('are connected at the provider, which leads back here, and disconnected', async () => {
    bench.issuers.post.signInAs('ben')
    const { context, page, press, hear, section, faults } = await openAccount(browser, bench.service)
    await press('Connect Test post')
    await press('Disconnect Test post')
    await hear('Test post is disconnected.')
    await section('Connected accounts').getByRole('button', { name: 'Connect Test post', exact: true }).waitFor()
    expect(page.url()).toBe(`${bench.service.origin}/account`)
    expect(faults).toEqual([])
    await context.close()
  })

  it('are refused where another user has them or the person cancels, and the page says so', async () => {
    bench.issuers.post.signInAs('fay')
    const first = await openAccount(browser, bench.service)
    await first.press('Connect Test post')
    await first.page.getByRole('button', { name: 'Disconnect Test post' }).waitFor()
    const { context, page, press, section } = await openAccount(browser, bench.service)
    await press('Connect Test post')
    await section('Connected accounts').getByRole('alert').getByText('belongs to somebody else here').waitFor()
    expect(page.url()).toBe(`${bench.service.origin}/account`)
    bench.issuers.post.deny(true)
    await press('Connect Test post')
    await section('Connected accounts').getByRole('alert').getByText('You have cancelled it').waitFor()
    await context.close()
    await first.context.close()
  })
})
