import type { Browser, BrowserContext } from 'playwright-core'
import { waitForMail } from './mailbox.ts'
import { loadInRounds, type PageLoad } from './slow-network.ts'

/** A page, and what somebody came for who opens it. */
export interface TimedPage {
  path: string
  usable: string
  isSignedIn?: true
}

/** Every hosted page, except for those of developers. */
export const TIMED_PAGES: readonly TimedPage[] = [
  { path: '/sign-in', usable: 'form button[type=submit]' },
  { path: '/sign-up', usable: 'form button[type=submit]' },
  { path: '/forgot-password', usable: 'form button[type=submit]' },
  { path: '/verify-email', usable: 'input[name=code]' },
  { path: '/reset-password', usable: 'input[name=code]' },
  { path: '/confirm-email-change', usable: 'input[name=code]' },
  { path: '/not-me#token=v1.a', usable: 'form button[type=submit]' },
  { path: '/keep-factors#token=v1.a', usable: 'form button[type=submit]' },
  { path: '/accept-invitation#token=a', usable: 'form button[type=submit]' },
  { path: '/account', usable: '#profile form button[type=submit]', isSignedIn: true },
  { path: '/console', usable: 'input[type=search]', isSignedIn: true },
  { path: '/', usable: 'a.primary' },
]

const ADMIN = { email: 'admin@example.com', password: 'four unrelated words here' }

/** Signs the first administrator of a new service in, because most is to be loaded for one. */
export async function signInAsAdmin(browser: Browser, origin: string): Promise<Cookies> {
  const context = await browser.newContext()
  const post = async (path: string, data: object) => {
    const response = await context.request.post(origin + path, { headers: { Origin: origin }, data })
    if (!response.ok()) throw new Error(`${path}: ${response.status()} ${await response.text()}`)
  }
  await post('/auth/register', ADMIN)
  const { code } = await waitForMail(origin, ADMIN.email, '/verify-email')
  await post('/auth/verify-email', { email: ADMIN.email, code })
  await post('/auth/login', { identifier: ADMIN.email, password: ADMIN.password, delivery: 'cookie' })
  const cookies = await context.storageState()
  await context.close()
  return cookies
}

type Cookies = Awaited<ReturnType<BrowserContext['storageState']>>

/** Opens a page as somebody who has never been there, or who is signed in where the page is for them alone. */
export async function openTimed(
  browser: Browser,
  origin: string,
  { path, usable, isSignedIn }: TimedPage,
  admin: Cookies,
): Promise<PageLoad> {
  const context = await browser.newContext(isSignedIn ? { storageState: admin } : {})
  try {
    return await loadInRounds(await context.newPage(), origin + path, usable)
  } finally {
    await context.close()
  }
}
