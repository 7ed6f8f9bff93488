import { afterAll, describe, expect, it } from 'vitest'
import { User } from '../../../src/contracts/users.ts'
import { openProviderTokens } from '../../../src/services/federation/provider-tokens.ts'
import { settings } from '../../support/accounts.ts'
import { answerOf } from '../../support/answers.ts'
import { APP, createBrowser } from '../../support/browser.ts'
import { callWorker } from '../../support/call-worker.ts'
import { newEmail, tokenIn, waitForMail } from '../../support/client.ts'
import { auditOf, countRows, mailsSettled, rows } from '../../support/database.ts'
import {
  locationOf,
  newSubject,
  oauthEnv,
  REDIRECT,
  signInWithGoogle,
  startPath,
  stubProviders,
} from '../../support/providers.ts'

const providers = stubProviders()
const service = oauthEnv()
const person = (claims: Record<string, unknown> = {}) => ({
  sub: newSubject(),
  email: newEmail(),
  email_verified: true,
  name: 'Ada Lovelace',
  ...claims,
})

afterAll(mailsSettled)

describe('the way back from Google, with cookies', () => {
  it('makes an account at the first login and signs it in', async () => {
    const claims = person()
    const { browser, landing } = await signInWithGoogle(providers, service, claims)
    expect(landing.href).toBe(REDIRECT)
    expect([...browser.jar.keys()].sort()).toEqual(['__Host-access', '__Host-device', '__Secure-refresh'])
    const user = await answerOf(await browser.fetch('GET', '/auth/me'), User)
    expect(user).toMatchObject({
      email: claims.email,
      emailVerified: true,
      username: null,
      name: 'Ada Lovelace',
      roles: ['user'],
      providers: ['google'],
    })
    expect((await auditOf('user.registered', user.id))[0]?.details).toEqual({ provider: 'google' })
    expect((await auditOf('login.succeeded', user.id))[0]?.details).toMatchObject({ methods: ['fed'] })
    const [identity] = await rows('select * from identities where user_id = ?', user.id)
    expect(identity).toMatchObject({ issuer: 'https://accounts.google.com', subject: claims.sub, sealed_tokens: null })
  })

  it('recognises a person by issuer and subject, whatever the address has become (CVE-2026-31813)', async () => {
    const claims = person()
    await signInWithGoogle(providers, service, claims)
    const { browser } = await signInWithGoogle(providers, service, { ...claims, email: newEmail() })
    const user = await answerOf(await browser.fetch('GET', '/auth/me'), User)
    expect(user.email).toBe(claims.email)
    expect(await countRows('identities', 'user_id = ?', user.id)).toBe(1)
  })

  it('tells the owner of a login on a new device, and not of one on a known device', async () => {
    const claims = person()
    const { browser } = await signInWithGoogle(providers, service, claims)
    await signInWithGoogle(providers, browser, claims)
    expect(await countRows('outbox', "kind = 'new_device' and recipient = ?", claims.email)).toBe(0)
    await signInWithGoogle(providers, service, claims)
    expect(await countRows('outbox', "kind = 'new_device' and recipient = ?", claims.email)).toBe(1)
  })

  it('lets two tabs log in at the same time', async () => {
    const browser = createBrowser(service)
    const first = await browser.open(startPath('google', { redirectTo: `${APP}/first` }))
    const second = await browser.open(startPath('google', { redirectTo: `${APP}/second` }))
    const claims = person()
    expect(locationOf(await browser.open(providers.google(second, claims))).href).toBe(`${APP}/second`)
    expect(locationOf(await browser.open(providers.google(first, claims))).href).toBe(`${APP}/first`)
  })

  it.each([
    ['one with a line break (CWE-93)', 'Ada\r\nBcc: x@example.com', null],
    ['one with invisible characters', 'Ada\u200bLovelace', null],
    ['an endless one', 'x'.repeat(101), null],
    ['an empty one', '  ', null],
    ['one to trim', ' Ada ', 'Ada'],
  ])('cleans the name: %s', async (_, name, expected) => {
    const { browser } = await signInWithGoogle(providers, service, person({ name }))
    expect((await answerOf(await browser.fetch('GET', '/auth/me'), User)).name).toBe(expected)
  })

  it('refuses a deactivated account', async () => {
    const claims = person()
    await signInWithGoogle(providers, service, claims)
    await rows("update users set status = 'deactivated' where email = ?", claims.email)
    const { browser, error } = await signInWithGoogle(providers, service, claims)
    expect(error).toBe('account_deactivated')
    expect([...browser.jar]).toEqual([])
  })

  it('makes one account of 50 simultaneous first logins (ASVS 2.3.3)', async () => {
    const claims = person()
    const browsers = await Promise.all(
      Array.from({ length: 50 }, async () => {
        const browser = createBrowser(service)
        return { browser, callback: providers.google(await browser.open(startPath('google')), claims) }
      }),
    )
    const landings = await Promise.all(browsers.map(({ browser, callback }) => browser.open(callback)))
    expect(new Set(landings.map((landing) => locationOf(landing).href))).toEqual(new Set([REDIRECT]))
    expect(await countRows('users', 'email = ?', claims.email)).toBe(1)
    expect(await countRows('identities', 'subject = ?', claims.sub)).toBe(1)
    expect(
      await countRows('audit_events', "type = 'user.registered' and details = ?", '{"provider":"google"}'),
    ).toBeGreaterThan(0)
  })
})

describe('the way back from GitHub', () => {
  async function signInWithGitHub(
    emails: { email: string; primary: boolean; verified: boolean }[],
    id = Number(newSubject().slice(-6)) + 1,
  ) {
    const browser = createBrowser(service)
    const callback = providers.github(await browser.open(startPath('github')), { id, emails })
    const landing = locationOf(await browser.open(callback))
    return { browser, id, error: landing.searchParams.get('error') }
  }

  it('signs in with the primary, verified address, and recognises the person by the numeric id', async () => {
    const email = newEmail()
    const { browser, id } = await signInWithGitHub([
      { email: newEmail(), primary: false, verified: true },
      { email, primary: true, verified: true },
    ])
    expect(await answerOf(await browser.fetch('GET', '/auth/me'), User)).toMatchObject({ email, providers: ['github'] })
    const again = await signInWithGitHub([{ email: newEmail(), primary: true, verified: true }], id)
    expect(await answerOf(await again.browser.fetch('GET', '/auth/me'), User)).toMatchObject({ email })
  })

  it('refuses a person without an address, because an account needs one', async () => {
    const { browser, error } = await signInWithGitHub([])
    expect(error).toBe('email_required')
    expect([...browser.jar]).toEqual([])
  })
})

describe('the way back from LinkedIn and Microsoft', () => {
  it('signs in through LinkedIn, which knows neither PKCE nor nonce', async () => {
    const env = oauthEnv({ LINKEDIN_CLIENT_ID: 'client-id', LINKEDIN_CLIENT_SECRET: 'client-secret' })
    const browser = createBrowser(env)
    const claims = person({ email_verified: 'true' })
    const authorization = await browser.open(startPath('linkedin'))
    expect(locationOf(await browser.open(providers.linkedin(authorization, claims))).href).toBe(REDIRECT)
    const user = await answerOf(await browser.fetch('GET', '/auth/me'), User)
    expect(user).toMatchObject({ email: claims.email, emailVerified: true, providers: ['linkedin'] })
  })

  it('keeps the same subject of two Microsoft tenants apart', async () => {
    const subject = newSubject()
    const users: string[] = []
    for (const tid of ['9122040d-6c67-4c5b-b112-36a304b66dad', 'f8cdef31-a31e-4b4a-93e4-5f571e91255a']) {
      const iss = `https://login.microsoftonline.com/${tid}/v2.0`
      const claims = { tid, iss, sub: subject, email: newEmail(), xms_edov: true }
      const browser = createBrowser(service)
      await browser.open(providers.microsoft(await browser.open(startPath('microsoft')), claims))
      users.push((await answerOf(await browser.fetch('GET', '/auth/me'), User)).id)
    }
    expect(new Set(users).size).toBe(2)
  })
})

describe('an address that the provider did not verify', () => {
  it('gets a verification mail, and signs in once it is verified', async () => {
    const claims = person({ email_verified: false })
    const { browser, error } = await signInWithGoogle(providers, service, claims)
    expect(error).toBe('email_not_verified')
    expect([...browser.jar]).toEqual([])
    expect((await signInWithGoogle(providers, service, claims)).error).toBe('email_not_verified')
    const token = tokenIn(await waitForMail(claims.email))
    expect((await callWorker(service, 'POST', '/auth/verify-email', { body: { token } })).status).toBe(200)
    const { browser: later } = await signInWithGoogle(providers, service, claims)
    expect(await answerOf(await later.fetch('GET', '/auth/me'), User)).toMatchObject({ emailVerified: true })
  })

  it('signs nobody in before it is verified, at any number of tries, also where unverified accounts may log in (ASVS 6.3.8)', async () => {
    const lenient = oauthEnv({ REQUIRE_EMAIL_VERIFICATION: 'false' })
    const claims = person({ email_verified: false })
    for (let attempt = 0; attempt < 3; attempt += 1) {
      const { browser, error } = await signInWithGoogle(providers, lenient, claims)
      expect(error).toBe('email_not_verified')
      expect([...browser.jar]).toEqual([])
    }
    expect(await countRows('outbox', "kind = 'verify_email' and recipient = ?", claims.email)).toBe(3)
  })

  it('is verified by a later login, once the provider has verified it', async () => {
    const claims = person({ email_verified: false })
    await signInWithGoogle(providers, service, claims)
    const { browser } = await signInWithGoogle(providers, service, { ...claims, email_verified: true })
    expect(await answerOf(await browser.fetch('GET', '/auth/me'), User)).toMatchObject({
      emailVerified: true,
      providers: ['google'],
    })
  })
})

describe("the provider's tokens", () => {
  const keeping = oauthEnv({ KEEP_PROVIDER_TOKENS: 'true' })

  it('are kept only where configuration asks for it, sealed, and opened for their own identity alone', async () => {
    const claims = person()
    await signInWithGoogle(providers, keeping, claims)
    const [{ sealed_tokens: sealed } = {}] = await rows(
      'select sealed_tokens from identities where subject = ?',
      claims.sub,
    )
    expect(sealed).toMatch(/^eyJ/)
    expect(atob(String(sealed).split('.')[0] ?? '')).toContain('A256GCM')
    const identity = { issuer: 'https://accounts.google.com', subject: claims.sub }
    expect(await openProviderTokens(settings, identity, String(sealed))).toMatchObject({
      accessToken: 'ya29.a0AfB_example',
    })
    expect(await openProviderTokens(settings, { ...identity, subject: 'other' }, String(sealed))).toBeNull()
  })

  it('are deleted at the next login once they are configured off', async () => {
    const claims = person()
    await signInWithGoogle(providers, keeping, claims)
    await signInWithGoogle(providers, service, claims)
    expect(await rows('select sealed_tokens from identities where subject = ?', claims.sub)).toEqual([
      { sealed_tokens: null },
    ])
  })
})
