import { describe, expect, it, vi } from 'vitest'
import { waitForText } from '../support/mailbox.ts'
import { openPasskeyPage } from '../support/passkey-page.ts'
import { browser, service, useServiceAndBrowser } from '../support/service-and-browser.ts'
import { signUpAt } from '../support/sign-up.ts'

const PASSWORD = 'four unrelated words here'

useServiceAndBrowser()

/** Opens a page of the service in which somebody new is signed in by cookies. */
async function signedInPage() {
  const email = await signUpAt(service.origin, PASSWORD)
  const opened = await openPasskeyPage(browser, service.origin)
  const logIn = () => opened.call('/auth/login', { identifier: email, password: PASSWORD, delivery: 'cookie' })
  expect((await logIn()).status).toBe(200)
  const signOut = async () => expect((await opened.call('/auth/logout', {})).status).toBe(204)
  const me = async () => (await opened.call('/auth/me', undefined, 'GET')).body
  return { ...opened, email, logIn, signOut, me }
}

describe('a passkey in Chromium', () => {
  it('is registered, and signs in without a name', async () => {
    const { register, signIn, signOut, me, email, authenticators } = await signedInPage()
    const authenticator = await authenticators.add()
    const registered = await register()
    expect(registered).toMatchObject({ status: 201, body: { passkey: { transports: ['internal'] } } })
    expect(registered.body.recoveryCodes).toHaveLength(10)
    expect(await authenticators.credentials(authenticator)).toMatchObject([{ isResidentCredential: true }])
    await signOut()
    expect((await me()).code).toBe('unauthenticated')
    expect(await signIn()).toMatchObject({ status: 200, body: { status: 'signed_in', user: { email } } })
    expect(await me()).toMatchObject({ email, mfa: { passkeys: 1 } })
  })

  it('is not registered twice by one authenticator', async () => {
    const { register, authenticators } = await signedInPage()
    await authenticators.add()
    expect((await register()).status).toBe(201)
    expect(await register()).toMatchObject({ error: 'InvalidStateError' })
  })

  it('of a security key that finds nothing by itself and verifies nobody is a second factor', async () => {
    const { register, signIn, signOut, logIn, me, call, authenticators } = await signedInPage()
    const authenticator = await authenticators.add({
      transport: 'usb',
      hasResidentKey: false,
      hasUserVerification: false,
      isUserVerified: false,
    })
    expect((await register()).status).toBe(201)
    expect(await authenticators.credentials(authenticator)).toMatchObject([{ isResidentCredential: false }])
    await signOut()
    const { status, body } = await logIn()
    expect({ status, body }).toMatchObject({ status: 200, body: { status: 'mfa_required' } })
    expect(body.methods).toContain('passkey')
    expect((await me()).code).toBe('unauthenticated')
    expect((await signIn({ mfaTicket: String(body.ticket) })).status).toBe(200)
    const session = await call('/auth/session', undefined, 'GET')
    expect(session.body.methods).toEqual(['pwd', 'swk', 'user', 'mfa'])
  })

  it('opens nothing alone where the authenticator does not verify its user', async () => {
    const { register, signIn, signOut, me, authenticators } = await signedInPage()
    const authenticator = await authenticators.add()
    expect((await register()).status).toBe(201)
    await signOut()
    await authenticators.verifyUser(authenticator, false)
    expect(await signIn()).toMatchObject({ status: 0, error: 'NotAllowedError' })
    // A page that asks for less gets an answer of the browser, which the service refuses.
    const { status, body } = await signIn({ changed: { userVerification: 'discouraged' } })
    expect({ status, code: body.code }).toEqual({ status: 401, code: 'invalid_passkey' })
    expect((await me()).code).toBe('unauthenticated')
    await authenticators.verifyUser(authenticator, true)
    expect((await signIn()).status).toBe(200)
  })

  it('signs in from a copy too, and the owner is told by mail', async () => {
    const { register, signIn, signOut, email, authenticators } = await signedInPage()
    const original = await authenticators.add()
    expect((await register()).status).toBe(201)
    for (let login = 0; login < 2; login += 1) expect((await signIn()).status).toBe(200)
    const [credential] = await authenticators.credentials(original)
    if (credential === undefined) throw new Error('no credential')
    await authenticators.remove(original)
    await authenticators.put(await authenticators.add(), { ...credential, signCount: 0 })
    await signOut()
    expect((await signIn()).status).toBe(200)
    await waitForText(service.origin, email, /this count went back/)
  })

  it('can be cancelled or left until it times out, and works the next time', async () => {
    const { register, signIn, signOut, page, authenticators } = await signedInPage()
    const authenticator = await authenticators.add()
    await authenticators.touch(authenticator, false)
    expect(await register({ timeout: 1000 })).toMatchObject({ error: 'NotAllowedError' })
    await authenticators.touch(authenticator, true)
    expect((await register()).status).toBe(201)
    await signOut()
    await authenticators.touch(authenticator, false)
    const cancelled = signIn()
    await page.waitForTimeout(1000)
    await page.evaluate(() => {
      const library = (
        globalThis as unknown as { SimpleWebAuthnBrowser: { WebAuthnAbortService: { cancelCeremony(): void } } }
      ).SimpleWebAuthnBrowser
      library.WebAuthnAbortService.cancelCeremony()
    })
    expect(await cancelled).toMatchObject({ error: 'AbortError' })
    expect(await signIn({ changed: { timeout: 1000 } })).toMatchObject({ error: 'NotAllowedError' })
    await authenticators.touch(authenticator, true)
    expect((await signIn()).status).toBe(200)
  })

  it('is suggested in an input field (conditional mediation)', async () => {
    const { register, signIn, signOut, email, page, authenticators } = await signedInPage()
    await authenticators.add()
    expect((await register()).status).toBe(201)
    await signOut()
    expect(await page.evaluate(() => PublicKeyCredential.isConditionalMediationAvailable())).toBe(true)
    expect(await signIn({ useBrowserAutofill: true })).toMatchObject({ status: 200, body: { user: { email } } })
  })

  it('is forgotten by its authenticator once the service no longer knows it (Signal API)', async () => {
    const { register, signIn, signOut, call, page, authenticators } = await signedInPage()
    const authenticator = await authenticators.add()
    const { body } = await register()
    const { id, credentialId } = body.passkey as { id: string; credentialId: string }
    const list = await call('/auth/passkeys', undefined, 'GET')
    expect(list.body).toMatchObject({ rpId: 'localhost', items: [{ id, credentialId }] })
    expect((await call(`/auth/passkeys/${id}`, undefined, 'DELETE')).status).toBe(204)
    await signOut()
    const refused = await signIn()
    expect(refused).toMatchObject({ status: 401, body: { code: 'invalid_passkey', unknownCredential: true } })
    await page.evaluate(
      async (signal) => {
        const { signalUnknownCredential } = PublicKeyCredential as unknown as {
          signalUnknownCredential(signal: object): Promise<void>
        }
        await signalUnknownCredential.call(PublicKeyCredential, signal)
      },
      { rpId: String(list.body.rpId), credentialId },
    )
    await vi.waitUntil(async () => (await authenticators.credentials(authenticator)).length === 0, { timeout: 10_000 })
  })
})
