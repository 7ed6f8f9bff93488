import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PASSWORD } from '../support/account-page.ts'
import { findBarriers } from '../support/axe.ts'
import { launchBrowser } from '../support/browser.ts'
import { makeFirstAdmin, openConsole } from '../support/console-page.ts'
import { change, eventually, query } from '../support/mail-service.ts'
import { type Service, startService } from '../support/service.ts'
import { signUpAt } from '../support/sign-up.ts'

let service: Service
let browser: Browser
beforeAll(async () => {
  ;[service, browser] = await Promise.all([startService('--var', 'RATE_LIMITS:off'), launchBrowser()])
  await makeFirstAdmin(browser, service)
})
afterAll(async () => {
  await browser?.close()
  await service?.stop()
})

/** Gives a notice up that could not be delivered, as the service does. */
function failMail(mailId: string, tokenId: string): void {
  change(
    service,
    `insert into outbox (id, kind, recipient, mailbox, priority, locale, token_id, details, created_at, attempts, next_attempt_at, state)
      values (?1, 'password_changed', ?1 || '@example.com', ?1 || '@example.com', 1, 'en', nullif(?2, ''), '{}', 1, 10, 1, 'failed')`,
    ...[mailId, tokenId],
  )
  change(
    service,
    `insert into audit_events (id, type, at, user_id, details) select ?, 'mail.failed', 1, id,
      json_object('outboxId', ?, 'kind', 'password_changed', 'attempts', 10, 'reason', 'smtp 451') from users limit 1`,
    ...[`event of ${mailId}`, mailId],
  )
}

describe('The failed mails of the console', () => {
  it('are sent again by one button, once, and say why one cannot be', async () => {
    failMail('kept', '')
    failMail('expired', 'a token that is gone')
    const { page, context, faults, hear } = await openConsole(browser, service, {
      query: '?section=mails',
      viewport: { width: 320, height: 800 },
    })
    const stale = await context.newPage()
    await stale.goto(page.url())
    await stale.getByRole('row').nth(2).waitFor()
    const buttons = page.getByRole('button', { name: 'Send again' })
    await expect.poll(() => buttons.count()).toBe(2)
    for (const button of await buttons.all()) await button.click()
    await page.getByRole('alert').getByText('The link in this mail was used or has expired.').waitFor()
    await hear('The mail is on its way.')
    await expect.poll(() => buttons.count()).toBe(1)
    expect(await findBarriers(page)).toEqual([])
    await eventually(
      () => query(service, "select id from outbox where recipient = 'kept@example.com' and state = 'delivered'")[0],
    )

    for (const button of await stale.getByRole('button', { name: 'Send again' }).all()) await button.click()
    await stale.getByRole('alert').getByText('This mail was sent again already.').waitFor()
    expect(query(service, "select id from outbox where recipient = 'kept@example.com'")).toHaveLength(2)
    expect(faults).toEqual([])
    await context.close()
  })

  it('have no such button for somebody who may not change users', async () => {
    const email = await signUpAt(service.origin, PASSWORD)
    change(service, "insert into roles (name, description) values ('reader', '')")
    change(service, "insert into role_permissions (role, permission) values ('reader', 'audit:read')")
    change(service, "insert into user_roles (user_id, role) select id, 'reader' from users where email = ?", email)
    const { page, context } = await openConsole(browser, service, { email, query: '?section=mails' })
    await page.getByRole('row').nth(2).waitFor()
    expect(await page.getByRole('button', { name: 'Send again' }).count()).toBe(0)
    await context.close()
  })
})
