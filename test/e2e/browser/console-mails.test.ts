import { beforeAll, describe, expect, it } from 'vitest'
import { PASSWORD } from '../support/account-page.ts'
import { findBarriers } from '../support/axe.ts'
import { makeFirstAdmin, openConsole } from '../support/console-page.ts'
import { change, eventually, query } from '../support/mail-service.ts'
import { browser, service, useServiceAndBrowser } from '../support/service-and-browser.ts'
import { signUpAt } from '../support/sign-up.ts'

useServiceAndBrowser()
beforeAll(async () => {
  await makeFirstAdmin(browser, service)
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
    // Of two events of one moment, the list begins with that whose name is greater.
    const id = crypto.randomUUID()
    const [kept, expired] = [`z-${id}`, `a-${id}`]
    failMail(kept, '')
    failMail(expired, 'a token that is gone')
    const { page, context, faults, hear } = await openConsole(browser, service, {
      query: '?section=mails',
      viewport: { width: 320, height: 800 },
    })
    const stale = await context.newPage()
    await stale.goto(page.url())
    await stale.getByRole('row').nth(2).waitFor()
    const buttons = page.getByRole('button', { name: 'Send again' })
    await expect.poll(() => buttons.count()).toBe(2)
    // From the last to the first, because the button of a mail that was sent again is gone.
    await buttons.nth(1).click()
    await page.getByRole('alert').getByText('The link in this mail was used or has expired.').waitFor()
    await buttons.nth(0).click()
    await hear('The mail is on its way.')
    await expect.poll(() => buttons.count()).toBe(1)
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Sent again')
    expect(await findBarriers(page)).toEqual([])
    await eventually(
      () =>
        query(service, "select id from outbox where recipient = ? and state = 'delivered'", `${kept}@example.com`)[0],
    )

    await stale.getByRole('button', { name: 'Send again' }).nth(0).click()
    await stale.getByRole('alert').getByText('This mail was sent again already.').waitFor()
    expect(query(service, 'select id from outbox where recipient = ?', `${kept}@example.com`)).toHaveLength(2)
    await stale.reload()
    await stale.getByRole('row').nth(1).getByText('Sent again').waitFor()
    expect(await stale.getByRole('button', { name: 'Send again' }).count()).toBe(1)
    expect(faults).toEqual([])
  })

  it('leave the focus where somebody has moved it meanwhile', async () => {
    failMail(`first-${crypto.randomUUID()}`, '')
    failMail(`second-${crypto.randomUUID()}`, '')
    const { page, hear } = await openConsole(browser, service, { query: '?section=mails' })
    const held = Promise.withResolvers<void>()
    await page.route('**/retry', async (route) => {
      await held.promise
      await route.continue()
    })
    const buttons = page.getByRole('button', { name: 'Send again' })
    await buttons.nth(1).click()
    await buttons.nth(0).focus()
    held.resolve()
    await hear('The mail is on its way.')
    expect(await buttons.nth(0).evaluate((button) => button === document.activeElement)).toBe(true)
  })

  it('have no such button for somebody who may not change users', async () => {
    const email = await signUpAt(service.origin, PASSWORD)
    change(service, "insert into roles (name, description) values ('reader', '')")
    change(service, "insert into role_permissions (role, permission) values ('reader', 'audit:read')")
    change(service, "insert into user_roles (user_id, role) select id, 'reader' from users where email = ?", email)
    const { page } = await openConsole(browser, service, { email, query: '?section=mails' })
    await page.getByRole('row').nth(2).waitFor()
    expect(await page.getByRole('button', { name: 'Send again' }).count()).toBe(0)
  })
})
