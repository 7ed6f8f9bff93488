import type { BrowserContextOptions, Page, Route } from 'playwright-core'
import { beforeAll, describe, expect, it } from 'vitest'
import { logIn, PASSWORD } from '../support/account-page.ts'
import { findBarriers } from '../support/axe.ts'
import { makeFirstAdmin, openConsole } from '../support/console-page.ts'
import { change, query } from '../support/mail-service.ts'
import { browser, service, useServiceAndBrowser } from '../support/service-and-browser.ts'
import { makeLoginsOld, signUpAt } from '../support/sign-up.ts'

const SECTIONS = ['users', 'import', 'roles', 'audit', 'statistics', 'mails', 'webhooks', 'keys', 'health']
/** What the console asks, and not the pages and files that it is made of. */
const API = /^\/(users|roles|permissions|audit-events|stats|webhooks|signing-keys|health)(\/|$)/
const isAsked = ({ pathname }: URL) => API.test(pathname)
const SMALL: BrowserContextOptions = { viewport: { width: 320, height: 800 } }

useServiceAndBrowser()
beforeAll(async () => {
  await makeFirstAdmin(browser, service)
  change(service, "insert into roles (name, description) values ('support', 'Helps.'), ('auditor', 'Looks.')")
})

const openAsAdmin = (query: string | null = '', options: BrowserContextOptions = {}) =>
  openConsole(browser, service, { query, ...options })

/** Refuses a request as the service does. */
const refuse =
  (status: number, code: string, headers: Record<string, string> = {}) =>
  (route: Route) =>
    route.fulfill({ status, contentType: 'application/problem+json', headers, body: JSON.stringify({ code, status }) })

const idOf = (email: string) => String(query(service, 'select id from users where email = ?', email)[0]?.id)

describe('A section of the console', () => {
  const DENIED = [
    ['is offline', (route: Route) => route.abort(), 'The service cannot be reached.', { colorScheme: 'dark' }],
    ['asks too often', refuse(429, 'rate_limited', { 'Retry-After': '7' }), 'Please wait 7 seconds.', SMALL],
    [
      'meets a service that is down',
      refuse(503, 'dependency_unavailable', { 'Retry-After': '5' }),
      'Der Dienst ist gerade nicht verfügbar.',
      { locale: 'de-DE', ...SMALL },
    ],
    ['has lost its rights meanwhile', refuse(403, 'forbidden'), 'Your roles do not allow this.', {}],
    ['needs a second factor', refuse(403, 'enrolment_required'), 'asks for a second factor', SMALL],
  ] as const

  it.each(DENIED)('says so where it %s, with nothing for axe to find', async (_, answer, said, options) => {
    const { page, faults, show, follow } = await openAsAdmin(null, options)
    await page.route(isAsked, answer)
    await show('')
    for (const section of SECTIONS.filter((name) => name !== 'import')) {
      await follow(section)
      await page.locator('main').getByRole('alert').getByText(said).first().waitFor()
      expect(await findBarriers(page), section).toEqual([])
      expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth), section).toBeLessThanOrEqual(
        0,
      )
    }
    expect(faults).toEqual([])
  })

  it('is read when it is asked again, and its own script too', async () => {
    const { page, context, press } = await openAsAdmin('?section=keys')
    await page.getByRole('table').waitFor()
    await context.setOffline(true)
    await page.getByRole('link', { name: 'Webhooks' }).click()
    await page.getByRole('alert').getByText('The service cannot be reached.').first().waitFor()
    await context.setOffline(false)
    await press('Try again')
    await page.getByText('No endpoint is told of anything yet.').waitFor()
    await page.route(isAsked, (route) => route.abort())
    await page.getByRole('link', { name: 'Signing keys' }).click()
    await page.getByRole('alert').getByText('The service cannot be reached.').first().waitFor()
    await page.unroute(isAsked)
    await press('Try again')
    await page.getByRole('table').waitFor()
  })

  it('leads somebody who needs a second factor to where they add one', async () => {
    const { page, show } = await openAsAdmin(null)
    await page.route(isAsked, refuse(403, 'enrolment_required'))
    await show('')
    await page.getByRole('link', { name: 'Add a second factor' }).first().click()
    await page.getByRole('region', { name: 'Second step' }).waitFor()
  })

  it('has nothing for axe to find in German and dark', async () => {
    const { page, faults, show } = await openAsAdmin('', { locale: 'de-DE', colorScheme: 'dark' })
    for (const section of [...SECTIONS, `users&user=${idOf('admin@example.com')}`]) {
      await show(`?section=${section}`)
      await page.waitForLoadState('networkidle')
      expect((await page.getByRole('alert').allInnerTexts()).join(''), section).toBe('')
      expect(await findBarriers(page), section).toEqual([])
    }
    expect(faults).toEqual([])
  })

  it('leaves for the sign-in when the session has ended elsewhere, and comes back to its place', async () => {
    const email = await signUpAt(service.origin, PASSWORD)
    change(service, "insert into user_roles (user_id, role) values (?, 'admin')", idOf(email))
    const { page } = await openConsole(browser, service, { email, query: '?section=keys' })
    await page.getByRole('table').waitFor()
    change(service, 'delete from sessions where user_id = ?', idOf(email))
    await page.getByRole('link', { name: 'Audit log' }).click()
    await page.waitForURL('**/sign-in?**')
    expect(new URL(page.url()).searchParams.get('return_to')).toBe('/console?section=audit')
    await page.getByLabel('E‑mail address or username').fill(email)
    await page.getByLabel('Password', { exact: true }).fill(PASSWORD)
    await page.keyboard.press('Enter')
    await page.waitForURL('**/console?section=audit')
    await page.getByText('login.succeeded').first().waitFor()
  })

  it('pages through 10,000 events, and shows a new one live', async () => {
    change(
      service,
      `with recursive numbers (n) as (select 1 union all select n + 1 from numbers where n < 10000)
        insert into audit_events (id, type, at, user_id, details)
        select printf('00000000-0000-7000-8000-%012x', n), 'login.failed', n * 1000, 'somebody', '{}' from numbers`,
    )
    const { page, faults } = await openAsAdmin('?section=audit&userId=somebody')
    for (let pages = 1; pages <= 5; pages += 1) {
      await expect.poll(() => page.getByRole('row').count()).toBe(51)
      await page.getByRole('link', { name: 'Next page' }).click()
      await page.waitForURL(`**cursor=**`)
    }
    await page.getByRole('link', { name: 'First page' }).click()
    await page.getByRole('checkbox').check()
    change(
      service,
      `insert into audit_events (id, type, at, user_id, details)
        values ('the newest', 'login.failed', 10001000, 'somebody', '{}')`,
    )
    await page.getByRole('status').getByText('1 new.').waitFor()
    expect(await page.getByRole('row').count()).toBe(52)
    expect(faults).toEqual([])
  })
})

describe('A dialog of the console', () => {
  beforeAll(() =>
    change(
      service,
      `insert into webhooks (id, url, events, status, created_at)
        values ('hook', 'https://hooks.example.com/', '["login.failed"]', 'disabled', 1)`,
    ),
  )
  async function someoneSignedIn(): Promise<string> {
    const email = await signUpAt(service.origin, PASSWORD)
    const elsewhere = await browser.newContext()
    expect(await logIn(elsewhere, service, { email })).toBe(200)
    return idOf(email)
  }
  /** How each dialog is opened: the place, and the buttons that are pressed one after the other. */
  const DIALOGS: readonly [place: string, ...buttons: (string | RegExp)[]][] = [
    ['section=roles', 'Add a role'],
    ['section=roles', 'Change or delete support'],
    ['section=roles', 'Change or delete support', 'Delete support'],
    ['section=webhooks', 'Add an endpoint'],
    ['section=webhooks&webhook=hook', 'Replace the secret …'],
    ['section=webhooks&webhook=hook', 'Remove …'],
    ['section=keys', 'Rotate now …'],
    ['section=users&user=', 'Remove all second factors …'],
    ['section=users&user=', 'Sign out everywhere …'],
    ['section=users&user=', 'Require a new password …'],
    ['section=users&user=', 'Delete …'],
  ]

  it.each(DIALOGS)(
    'at %s has nothing for axe to find behind "%s", and gives the focus back',
    async (place, ...names) => {
      const user = place.endsWith('user=') ? await someoneSignedIn() : ''
      const { page, faults, show, press } = await openAsAdmin(null, SMALL)
      await page.route(
        ({ pathname }) => pathname === `/users/${user}`,
        async (route) => {
          const response = await route.fetch()
          const found = (await response.json()) as { mfa: object }
          await route.fulfill({ response, json: { ...found, mfa: { ...found.mfa, totp: true } } })
        },
      )
      await show(`?${place}${user}`)
      for (const name of names) await press(name)
      await page.getByRole('dialog').waitFor()
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme })
        expect(await findBarriers(page)).toEqual([])
      }
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(320)
      await page.keyboard.press('Escape')
      expect(await page.getByRole('dialog').count()).toBe(0)
      const opener = page.getByRole('button', { name: names[0] ?? '', exact: true })
      await expect.poll(() => opener.evaluate((it) => it === document.activeElement)).toBe(true)
      expect(faults).toEqual([])
    },
  )

  it('asks for a proof before what matters is done, and does it then', async () => {
    const email = await signUpAt(service.origin, PASSWORD)
    const { page, faults, press, hear } = await openAsAdmin(`?section=users&user=${idOf(email)}`)
    await press('Delete …')
    const dialog = page.getByRole('dialog', { name: 'Delete this account?' })
    await dialog.getByRole('textbox').fill(email)
    makeLoginsOld(service)
    await dialog.getByRole('button', { name: 'Delete the account' }).click()
    const proof = page.getByRole('dialog', { name: 'Confirm that it is you' })
    await proof.waitFor()
    expect(await findBarriers(page)).toEqual([])
    await proof.getByRole('button', { name: 'Cancel' }).click()
    await dialog.getByText('Nothing has changed, because you did not confirm that it is you.').waitFor()
    await dialog.getByRole('button', { name: 'Delete the account' }).click()
    await proof.getByLabel('Confirm with your password').fill(PASSWORD)
    await page.keyboard.press('Enter')
    await hear(`The account of ${email} is deleted.`)
    expect(faults).toEqual([])
  })
})

describe('Two administrators who change the same at once', () => {
  /** Opens the same place twice, before anybody changes anything. */
  async function openTwice(place: string): Promise<readonly [Page, Page, () => string[]]> {
    const [one, other] = await Promise.all([openAsAdmin(place), openAsAdmin(place)])
    for (const { page } of [one, other]) await page.waitForLoadState('networkidle')
    return [one.page, other.page, () => [...one.faults, ...other.faults]]
  }
  const press = (page: Page, name: string) => page.getByRole('button', { name, exact: true }).first().click()
  const hear = (page: Page, text: string) => page.getByRole('status').getByText(text).waitFor()

  it('both give the user a role, and neither takes that of the other', async () => {
    const email = await signUpAt(service.origin, PASSWORD)
    const [one, other, faults] = await openTwice(`?section=users&user=${idOf(email)}`)
    await one.getByRole('checkbox', { name: /^support/ }).check()
    await other.getByRole('checkbox', { name: /^auditor/ }).check()
    for (const page of [one, other]) {
      await press(page, 'Save roles')
      await hear(page, 'The roles are changed.')
    }
    const roles = query(service, 'select role from user_roles where user_id = ? order by role', idOf(email))
    expect(roles.map(({ role }) => role)).toEqual(['auditor', 'support', 'user'])
    expect(await other.getByRole('checkbox', { name: /^support/ }).isChecked()).toBe(true)
    expect(faults()).toEqual([])
  })

  it('both change the profile, and neither undoes what the other did', async () => {
    const email = await signUpAt(service.origin, PASSWORD)
    const username = `ada${crypto.randomUUID().slice(0, 8)}`
    const [one, other, faults] = await openTwice(`?section=users&user=${idOf(email)}`)
    await one.getByLabel('Name', { exact: true }).fill('Ada Lovelace')
    await other.getByLabel('Username', { exact: true }).fill(username)
    for (const page of [one, other]) {
      await press(page, 'Save')
      await hear(page, 'The profile is saved.')
    }
    const [user] = query(service, 'select name, username from users where email = ?', email)
    expect(user).toEqual({ name: 'Ada Lovelace', username })
    expect(faults()).toEqual([])
  })

  it('both write a note, and the later one sees the other before it is replaced', async () => {
    const email = await signUpAt(service.origin, PASSWORD)
    const [one, other, faults] = await openTwice(`?section=users&user=${idOf(email)}`)
    const field = (page: Page) => page.getByLabel('What other administrators should know')
    const save = (page: Page) => page.getByRole('button', { name: 'Save', exact: true }).last().click()
    await field(one).fill('Called on Monday.')
    await field(other).fill('Called on Tuesday.')
    await save(one)
    await hear(one, 'The note is saved.')
    await save(other)
    await other.getByRole('alert').getByText('“Called on Monday.”').waitFor()
    expect(await field(other).inputValue()).toBe('Called on Tuesday.')
    await save(other)
    await hear(other, 'The note is saved.')
    expect(faults()).toEqual([])
  })

  it('both change what roles permit, and what is refused leaves the rest saved and shown so', async () => {
    const [one, other, faults] = await openTwice('?section=roles')
    await one.getByRole('checkbox', { name: 'support: users:read' }).check()
    await other.getByRole('checkbox', { name: 'support: audit:read' }).check()
    for (const page of [one, other]) {
      await press(page, 'Save changes')
      await hear(page, 'The permissions are saved.')
    }
    const permissions = query(service, "select permission from role_permissions where role = 'support' order by 1")
    expect(permissions.map(({ permission }) => permission)).toEqual(['audit:read', 'users:read'])

    await one.getByRole('checkbox', { name: 'auditor: stats:read' }).check()
    await one.getByRole('checkbox', { name: 'support: stats:read' }).check()
    await one.route('**/roles/support', refuse(403, 'permission_not_held'))
    await press(one, 'Save changes')
    await one.getByRole('alert').getByText('has rights that you do not have yourself').waitFor()
    await hear(one, 'Not saved yet: support')
    expect(await one.getByRole('checkbox', { name: 'auditor: stats:read' }).isChecked()).toBe(true)
    expect(faults()).toEqual([])
  })

  it('one deletes the user whom the other changes, who is told so', async () => {
    const email = await signUpAt(service.origin, PASSWORD)
    const [one, other, faults] = await openTwice(`?section=users&user=${idOf(email)}`)
    await press(one, 'Delete …')
    await one.getByRole('dialog').getByRole('textbox').fill(email)
    await press(one, 'Delete the account')
    await hear(one, `The account of ${email} is deleted.`)
    await other.getByLabel('Name', { exact: true }).fill('Ada')
    await press(other, 'Save')
    await other.getByRole('alert').getByText('This is no longer there.').waitFor()
    expect(faults()).toEqual([])
  })
})
