import { mailedToken } from './accounts.ts'
import { createBrowser, type TestBrowser } from './browser.ts'
import { callWorker } from './call-worker.ts'
import { newEmail, PASSWORD } from './client.ts'
import { countRows, rows } from './database.ts'
import { locationOf, newSubject, REDIRECT, type StubbedProviders, startPath } from './providers.ts'

const TENANT = '9122040d-6c67-4c5b-b112-36a304b66dad'
export const OWNERS_PASSWORD = 'tr0ubadour of the north'

/** These are the ways to sign in to an account, as the table of docs/security.md names them. */
export type WayIn = 'password' | 'provider' | 'linked' | 'session'

/**
 * Creates somebody who comes to an address. A visitor has the actions that a person can take at a deployment, and
 * remembers by what they could sign in afterwards.
 */
export function createVisitor(service: Env, providers: StubbedProviders, { password }: { password: string }) {
  const browser = createBrowser(service)
  const microsoft = { sub: newSubject(), tid: TENANT }
  const github = { id: Number(newSubject().slice(-6)) + 1 }
  const ask = (path: string, body: unknown) => callWorker(service, 'POST', path, { body })
  return {
    browser,
    microsoft,
    github,
    ask,
    register: (email: string) => ask('/auth/register', { email, password }),
    logIn: (email: string) => browser.fetch('POST', '/auth/login', { identifier: email, password, delivery: 'cookie' }),
    async signInWithMicrosoft(email: string, claims: Record<string, unknown>) {
      const authorization = await browser.open(startPath('microsoft'))
      return landed(await browser.open(providers.microsoft(authorization, { ...microsoft, email, ...claims })))
    },
    async signInWithGoogle(email: string) {
      const claims = { sub: newSubject(), email, email_verified: true }
      return landed(await browser.open(providers.google(await browser.open(startPath('google')), claims)))
    },
    async signInWithGitHub(email: string) {
      const person = { ...github, emails: [{ email, primary: true, verified: true }] }
      return landed(await browser.open(providers.github(await browser.open(startPath('github')), person)))
    },
    async linkGitHub() {
      const answer = await browser.fetch('POST', '/auth/oauth/github/link', { redirectTo: REDIRECT })
      const { url } = (await answer.json()) as { url: string }
      const person = { ...github, emails: [{ email: newEmail(), primary: true, verified: true }] }
      return landed(await browser.open(providers.github(await browser.open(url), person)))
    },
    /** Presses Confirm in the newest verification mail, where there is one. */
    async confirm(email: string) {
      if ((await countRows('one_time_tokens', "email = ? and purpose = 'verify_email'", email)) === 0) return
      await ask('/auth/verify-email', { token: await mailedToken(email, 'verify_email') })
    },
    async setPasswordByMail(email: string) {
      await ask('/auth/forgot-password', { email })
      const token = await mailedToken(email, 'reset_password')
      const { status } = await ask('/auth/reset-password', { token, password })
      if (status !== 204) throw new Error(`reset: ${status}`)
    },
  }
}
export type Visitor = ReturnType<typeof createVisitor>

/** Answers the error with which a login by a provider ended, or null where there was none. */
function landed(response: Response): string | null {
  return locationOf(response).searchParams.get('error')
}

/**
 * Answers which of a visitor's ways to sign in still open the account with this address. `lenient` is a deployment that
 * lets unverified accounts sign in, so that none of them is overlooked.
 */
export async function waysLeft(
  visitor: Visitor,
  email: string,
  { lenient, password = PASSWORD }: { lenient: Env; password?: string },
) {
  const [account] = await rows('select id from users where email = ?', email)
  const isLinked = (subject: string) =>
    countRows('identities', 'user_id = ? and subject = ?', account?.id, subject).then((count) => count > 0)
  const login = await callWorker(lenient, 'POST', '/auth/login', { body: { identifier: email, password } })
  const ways: Record<WayIn, boolean> = {
    session: await isSignedIn(visitor.browser, email),
    password: login.status === 200,
    provider: await isLinked(visitor.microsoft.sub),
    linked: await isLinked(String(visitor.github.id)),
  }
  return (Object.keys(ways) as WayIn[]).filter((way) => ways[way]).sort()
}

/**
 * Answers whether a browser is signed in to the account with this address. It tries a read that needs only the token
 * and a read that asks the database.
 */
async function isSignedIn(browser: TestBrowser, email: string): Promise<boolean> {
  const [byToken, byRow] = [await browser.fetch('GET', '/auth/session'), await browser.fetch('GET', '/auth/me')]
  if (byToken.status !== byRow.status) throw new Error(`the session is half dead: ${byToken.status}, ${byRow.status}`)
  return byRow.status === 200 && ((await byRow.json()) as { email: string }).email === email
}
