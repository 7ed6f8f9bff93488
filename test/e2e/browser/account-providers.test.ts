import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { openAccount } from '../support/account-page.ts'
import { bench, useOAuthBench } from '../support/oauth-bench.ts'
import { browser, useBrowser } from '../support/service-and-browser.ts'

useOAuthBench()
useBrowser()

/** Presses a button of the provider "post". A second one has its name, which never answers, and stands below it. */
const press = (page: Page, does: 'Connect' | 'Disconnect') =>
  page
    .getByRole('button', { name: `${does} Test post`, exact: true })
    .first()
    .click()

describe('the connected accounts', () => {
  it('are connected at the provider, which leads back here, and disconnected', async () => {
    bench.issuers.post.signInAs('ben')
    const others = [bench.issuers.post.settings.issuer]
    const { page, hear, section, faults } = await openAccount(browser, bench.service, { others })
    await press(page, 'Connect')
    await press(page, 'Disconnect')
    await hear('Test post is disconnected.')
    const connect = section('Connected accounts').getByRole('button', { name: 'Connect Test post', exact: true })
    await expect.poll(() => connect.count()).toBe(2)
    expect(page.url()).toBe(`${bench.service.origin}/account`)
    expect(faults).toEqual([])
  })

  it('are refused where another user has them or the person cancels, and the page says so', async () => {
    bench.issuers.post.signInAs('fay')
    const first = await openAccount(browser, bench.service)
    await press(first.page, 'Connect')
    await first.page.getByRole('button', { name: 'Disconnect Test post' }).waitFor()
    const { page, section } = await openAccount(browser, bench.service)
    const alert = section('Connected accounts').getByRole('alert')
    bench.issuers.post.deny(true)
    await press(page, 'Connect')
    await alert.getByText('You have cancelled it').waitFor()
    bench.issuers.post.deny(false)
    await press(page, 'Connect')
    await alert.getByText('belongs to somebody else here').waitFor()
    expect(page.url()).toBe(`${bench.service.origin}/account`)
  })
})
