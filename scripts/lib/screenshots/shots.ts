import type { Page } from 'playwright-core'
import type { Cast } from './cast.ts'
import { CAREFUL, fixedId, NEWCOMER, PASSWORD } from './people.ts'

/** A page in one of its states. */
export interface Shot {
  /** It names the files. */
  name: string
  title: string
  /** What is opened: a path of the service, with what follows it. */
  path: string
  as?: keyof Cast['cookies']
  /** What is done on the page before the picture is taken. It finds everything in any language. */
  act?(page: Page): Promise<unknown>
  /** A page with one form in its middle needs less room than others. */
  isCard?: true
  /** Whether it is a further state of a page, of which two pictures are enough: English and light, German and dark. */
  isState?: true
  /** The pages for developers are in English alone. */
  isEnglishOnly?: true
  /** Whether there are pictures of a small phone as well. */
  isOnPhoneToo?: true
}

const TOKEN = '#token=v1.Zm9yLWEtcGljdHVyZS1vbmx5'

const submit = (page: Page) => page.locator('form button[type=submit]').first().click()

async function fill(page: Page, values: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, value] of Object.entries(values)) await page.locator(`input[name=${name}]`).fill(value)
}

/** Presses the button at this place of a section of the account. */
const pressIn = (section: string, nth: number) => (page: Page) => page.locator(`#${section} button`).nth(nth).click()

async function signIn(page: Page, email: string, password: string): Promise<void> {
  await fill(page, { identifier: email, password })
  await submit(page)
}

const card = (shot: Omit<Shot, 'isCard'>): Shot => ({ ...shot, isCard: true })
const ofAccount = (shot: Omit<Shot, 'path'>): Shot => ({ path: '/account', as: 'owner', ...shot })
const ofConsole = (name: string, title: string, rest: Partial<Shot> = {}): Shot => ({
  name: `console-${name}`,
  title,
  path: `/console?section=${name}`,
  as: 'admin',
  ...rest,
})

/** All pictures, by the chapters of `docs/pages.md`. */
export const CHAPTERS: Readonly<Record<string, readonly Shot[]>> = {
  // The first ones, because the others leave their traces in the audit log.
  'The console': [
    ofConsole('users', 'Users', { isOnPhoneToo: true }),
    ofConsole('user', 'A user', { isState: true, path: `/console?section=users&user=${fixedId(3)}` }),
    ofConsole('roles', 'Roles and permissions'),
    ofConsole('audit', 'Audit log', { isOnPhoneToo: true }),
    ofConsole('statistics', 'Statistics', { isOnPhoneToo: true }),
    ofConsole('mails', 'Failed mails'),
    ofConsole('webhooks', 'Webhooks'),
    ofConsole('webhook', 'A webhook', { isState: true, path: `/console?section=webhooks&webhook=${fixedId(300)}` }),
    ofConsole('keys', 'Signing keys'),
    ofConsole('health', 'System health'),
    ofConsole('import', 'Import'),
    ofConsole('no-rights', 'Somebody without rights', { isState: true, path: '/console', as: 'owner' }),
  ],
  'The account': [
    ofAccount({ name: 'account', title: 'The own account', isOnPhoneToo: true }),
    ofAccount({
      isState: true,
      name: 'account-devices',
      title: 'Devices',
      act: (page) => page.locator('#devices').scrollIntoViewIfNeeded(),
    }),
    ofAccount({
      isState: true,
      name: 'account-activity',
      title: 'Activity',
      act: (page) => page.locator('#activity').scrollIntoViewIfNeeded(),
    }),
    ofAccount({
      isState: true,
      name: 'account-authenticator',
      title: 'Setting up an authenticator app',
      act: setUpApp,
    }),
    ofAccount({ isState: true, name: 'account-recovery-codes', title: 'New recovery codes', act: finishApp }),
    ofAccount({
      isState: true,
      name: 'account-step-up',
      title: 'Confirming that it is you',
      as: 'careful',
      act: pressIn('passkeys', 0),
    }),
    ofAccount({
      isState: true,
      name: 'account-delete',
      title: 'Deleting the account',
      act: (page) => page.locator('#data button').last().click(),
    }),
  ],
  'Signing in and up': [
    card({ name: 'sign-in', title: 'Sign in', path: '/sign-in', isOnPhoneToo: true }),
    card({
      isState: true,
      name: 'sign-in-refused',
      title: 'A wrong password',
      path: '/sign-in',
      act: (page) => signIn(page, 'nobody@example.com', 'not the password'),
    }),
    card({
      name: 'sign-in-second-step',
      title: 'The second step',
      path: '/sign-in',
      act: (page) => signIn(page, CAREFUL.email, PASSWORD),
    }),
    card({ name: 'sign-up', title: 'Sign up', path: '/sign-up' }),
    card({
      isState: true,
      name: 'sign-up-refused',
      title: 'A password that is known from leaks',
      path: '/sign-up',
      act: async (page) => {
        await fill(page, { email: NEWCOMER.email, password: 'password' })
        await submit(page)
      },
    }),
    card({
      isState: true,
      name: 'sign-up-mailed',
      title: 'After the sign-up',
      path: '/sign-up',
      act: async (page) => {
        await fill(page, { email: 'alonzo@example.com', password: PASSWORD })
        await submit(page)
      },
    }),
    card({ name: 'forgot-password', title: 'Forgot the password', path: '/forgot-password' }),
    card({
      isState: true,
      name: 'forgot-password-mailed',
      title: 'After that',
      path: '/forgot-password',
      act: async (page) => {
        await fill(page, { email: NEWCOMER.email })
        await submit(page)
      },
    }),
  ],
  'Where the links of mails lead': [
    card({ name: 'verify-email', title: 'Confirm an address', path: `/verify-email${TOKEN}`, isOnPhoneToo: true }),
    card({
      isState: true,
      name: 'verify-email-code',
      title: 'The same by the code of the mail',
      path: '/verify-email',
    }),
    card({
      isState: true,
      name: 'verify-email-refused',
      title: 'A link that was used',
      path: `/verify-email${TOKEN}`,
      act: submit,
    }),
    card({ name: 'reset-password', title: 'Choose a new password', path: `/reset-password${TOKEN}` }),
    card({ name: 'confirm-email-change', title: 'Confirm a new address', path: `/confirm-email-change${TOKEN}` }),
    card({ name: 'not-me', title: 'This was not me', path: `/not-me${TOKEN}` }),
    card({ name: 'keep-factors', title: 'Keep the second factors', path: `/keep-factors${TOKEN}` }),
    card({ name: 'accept-invitation', title: 'Become an administrator', path: `/accept-invitation${TOKEN}` }),
  ],
  'The rest': [
    card({ name: 'index', title: 'The start page', path: '/' }),
    card({ name: '404', title: 'Nothing is there', path: '/nothing-is-here' }),
    { name: 'docs', title: 'The API, to read and to try', path: '/docs#post-auth-login' },
  ],
  'In development': [
    { name: 'dev-mailbox', title: 'The mailbox', path: '/dev/mailbox', isEnglishOnly: true, isOnPhoneToo: true },
    card({
      name: 'dev-first-admin',
      title: 'The first administrator',
      path: '/dev/first-admin',
      isEnglishOnly: true,
    }),
  ],
}

async function setUpApp(page: Page): Promise<void> {
  await pressIn('factors', 0)(page)
  await page.locator('#factors .qr').waitFor()
  await page.locator('#factors').evaluate('(it) => it.scrollIntoView()')
}

async function finishApp(page: Page): Promise<void> {
  await setUpApp(page)
  await fill(page, { code: '123456' })
  await page.locator('#factors button[type=submit]').click()
  await page.locator('dialog .codes').waitFor()
}
