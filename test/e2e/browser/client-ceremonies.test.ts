import type { Page } from 'playwright-core'
import { beforeAll, describe, expect, it } from 'vitest'
import { bundleClient, type ClientWindow, inPage, installClient } from '../support/client-page.ts'
import { bench, useOAuthBench } from '../support/oauth-bench.ts'
import { authenticatorsOf } from '../support/passkey-page.ts'
import { browser, useBrowser } from '../support/service-and-browser.ts'
import { makeLoginsOld, signUpAt } from '../support/sign-up.ts'

const PASSWORD = 'four unrelated words here'
/** What browsers before 2025 lack. */
const MODERN = ['parseCreationOptionsFromJSON', 'parseRequestOptionsFromJSON']

useOAuthBench()
useBrowser()

let script: string
beforeAll(async () => {
  script = await bundleClient()
})

/** A page of another origin than the service's, with nothing on it but the client. */
async function openApp({ delivery = 'cookie' as 'cookie' | 'body', isOld = false } = {}) {
  const context = await browser.newContext()
  if (isOld)
    await context.addInitScript((names) => {
      for (const name of names) Object.defineProperty(PublicKeyCredential, name, { value: undefined })
      PublicKeyCredential.prototype.toJSON = () => {
        throw new TypeError('an extension of a password manager')
      }
    }, MODERN)
  await installClient(context, script, { baseUrl: bench.service.origin, password: PASSWORD, delivery })
  const page = await context.newPage()
  await page.goto(`${bench.app.origin}/empty`)
  const cdp = await context.newCDPSession(page)
  await cdp.send('WebAuthn.enable', { enableUI: false })
  return { context, page, authenticators: authenticatorsOf(cdp) }
}

async function signedIn(wishes: Parameters<typeof openApp>[0] = {}) {
  const email = await signUpAt(bench.service.origin, PASSWORD)
  const opened = await openApp(wishes)
  const login = { identifier: email, password: PASSWORD }
  await inPage(opened.page, ({ auth }, login) => auth.login(login), login)
  return { ...opened, email, login }
}

describe('passkeys by the client', () => {
  it.each([
    ['a browser of today', { isOld: false }],
    ['an older browser', { isOld: true }],
    ['an app that keeps tokens', { delivery: 'body' as const }],
  ])('are registered and sign in, in %s', async (_, wishes) => {
    const { page, authenticators, email } = await signedIn(wishes)
    await authenticators.add()
    const registered = await inPage(page, ({ auth, Postern }) => Postern.registerPasskey(auth, { name: 'Laptop' }))
    expect(registered).toMatchObject({ passkey: { name: 'Laptop' }, recoveryCodes: expect.any(Array) })
    await inPage(page, ({ auth }) => auth.logout())
    const signed = await inPage(page, ({ auth, Postern }) => Postern.signInWithPasskey(auth))
    expect(signed).toMatchObject({ status: 'signed_in', user: { email } })
    expect(await inPage(page, ({ auth }) => auth.session)).toMatchObject({ user: { mfa: { passkeys: 1 } } })
  })

  it('are suggested in a field, and complete a login and a step-up', async () => {
    const { page, authenticators, email, login } = await signedIn()
    await authenticators.add()
    await inPage(page, ({ auth, Postern }) => Postern.registerPasskey(auth))
    await inPage(page, ({ auth }) => auth.logout())
    expect(await inPage(page, ({ Postern }) => Postern.canSuggestPasskeys())).toBe(true)
    expect(await inPage(page, ({ auth, Postern }) => Postern.suggestPasskeys(auth))).toHaveProperty('user.email', email)
    await inPage(page, ({ auth }) => auth.logout())
    const second = await inPage(
      page,
      async ({ auth, Postern }, login) => {
        const answer = await auth.login(login)
        if (answer.status !== 'mfa_required') throw new Error(answer.status)
        return await Postern.signInWithPasskey(auth, { mfaTicket: answer.ticket })
      },
      login,
    )
    expect(second).toHaveProperty('user.email', email)
    makeLoginsOld(bench.service)
    await inPage(page, ({ auth, Postern }) => Postern.stepUpWithPasskey(auth))
    expect(await inPage(page, ({ auth }) => auth.request('POST /auth/mfa/totp'))).toHaveProperty('otpauthUri')
  })

  it('end as cancelled when the person closes the dialog, and as aborted when the page ends it', async () => {
    const { page, authenticators } = await signedIn()
    const authenticator = await authenticators.add()
    await inPage(page, ({ auth, Postern }) => Postern.registerPasskey(auth))
    await authenticators.verifyUser(authenticator, false)
    expect(await inPage(page, ({ auth, Postern }) => Postern.signInWithPasskey(auth))).toEqual({ code: 'cancelled' })
    await authenticators.touch(authenticator, false)
    const aborted = await inPage(page, async ({ auth, Postern }) => {
      const typing = new AbortController()
      setTimeout(() => typing.abort(), 200)
      const error = await Postern.suggestPasskeys(auth, { signal: typing.signal }).catch((thrown: Error) => thrown)
      return (error as Error).name
    })
    expect(aborted).toBe('AbortError')
  })

  it('that the service no longer knows are forgotten by their authenticator', async () => {
    const { page, authenticators } = await signedIn()
    const authenticator = await authenticators.add()
    const { passkey } = await inPage(page, ({ auth, Postern }) => Postern.registerPasskey(auth))
    await inPage(page, ({ auth }, id) => auth.request('DELETE /auth/passkeys/{id}', { path: { id } }), passkey.id)
    const refused = await inPage(page, ({ auth, Postern }) => Postern.signInWithPasskey(auth))
    expect(refused).toEqual({ code: 'invalid_passkey' })
    expect(await authenticators.credentials(authenticator)).toEqual([])
  })
})

describe('providers by the client', () => {
  /** Leaves for a provider, and waits until the browser is back. */
  async function leave(page: Page, provider: string, kind: 'signInWithProvider' | 'linkProvider') {
    await page.evaluate(
      ({ provider, kind, redirectTo }) => {
        const { auth, Postern } = globalThis as unknown as ClientWindow
        void Postern[kind](auth, provider, { redirectTo })
      },
      { provider, kind, redirectTo: `${bench.app.origin}/empty/${kind}` },
    )
    await page.waitForURL((url) => url.pathname === `/empty/${kind}`)
  }

  it.each(['cookie', 'body'] as const)(
    'sign in with PKCE, delivery %s, and leave no code in the address',
    async (delivery) => {
      const who = delivery === 'cookie' ? 'anna' : 'dora'
      bench.issuers.basic.signInAs(who)
      const { page } = await openApp({ delivery })
      await leave(page, 'basic', 'signInWithProvider')
      await inPage(page, ({ auth, Postern }) => Postern.finishProviderSignIn(auth))
      expect(page.url()).toBe(`${bench.app.origin}/empty/signInWithProvider`)
      const session = await inPage(page, ({ auth }) => auth.getSession())
      expect(session).toMatchObject({ status: 'signed_in', user: { email: `${who}@basic.example` } })
      expect(await inPage(page, () => ({ ...sessionStorage }))).toEqual({})
      bench.issuers.post.signInAs(delivery === 'cookie' ? 'eve' : 'fay')
      await leave(page, 'post', 'linkProvider')
      expect(new URL(page.url()).search).toBe('')
      if (delivery === 'body') {
        // The tokens were in the memory of the page that the person left.
        await leave(page, 'basic', 'signInWithProvider')
        await inPage(page, ({ auth, Postern }) => Postern.finishProviderSignIn(auth))
      }
      const linked = await inPage(page, ({ auth }) => auth.getSession())
      expect(linked).toMatchObject({ user: { providers: ['basic', 'post'] } })
    },
  )

  it('throw the code of what the provider refused', async () => {
    bench.issuers.basic.deny(true)
    const { page } = await openApp()
    await leave(page, 'basic', 'signInWithProvider')
    const refused = await inPage(page, ({ auth, Postern }) => Postern.finishProviderSignIn(auth))
    expect(refused).toEqual({ code: 'access_denied' })
    expect(page.url()).toBe(`${bench.app.origin}/empty/signInWithProvider`)
  })

  it('take no code that this tab did not ask for', async () => {
    const { page } = await openApp()
    await page.goto(`${bench.app.origin}/empty?code=planted`)
    expect(await inPage(page, ({ auth, Postern }) => Postern.finishProviderSignIn(auth))).toBeNull()
    expect(page.url()).toContain('code=planted')
  })
})
