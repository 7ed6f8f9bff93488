import { afterAll, describe, expect, it } from 'vitest'
import { LinkAnswer } from '../../../src/contracts/federation.ts'
import { SignedIn } from '../../../src/contracts/login.ts'
import { User } from '../../../src/contracts/users.ts'
import { signedIn, verified } from '../../support/accounts.ts'
import { answerOf, expectRefusal } from '../../support/answers.ts'
import { APP, createBrowser, type TestBrowser } from '../../support/browser.ts'
import { callWorker } from '../../support/call-worker.ts'
import { bearer, newEmail, PASSWORD } from '../../support/client.ts'
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
const body = { redirectTo: REDIRECT }
const newPerson = () => ({ sub: newSubject(), email: newEmail(), email_verified: true })

/** Creates a verified account and signs it in with cookies in a browser. */
async function inBrowser() {
  const account = await verified()
  const browser = createBrowser(service)
  const login = { identifier: account.email, password: PASSWORD, delivery: 'cookie' }
  if ((await browser.fetch('POST', '/auth/login', login)).status !== 200) throw new Error('login')
  return { ...account, browser }
}

/** Follows a link from its URL to the page to which it returns. */
async function follow(browser: TestBrowser, url: string, person = newPerson()) {
  const authorization = await browser.open(url)
  return locationOf(await browser.open(providers.google(authorization, person)))
}

const providersOf = async (userId: string) =>
  (await rows('select provider from identities where user_id = ? order by provider', userId)).map(
    ({ provider }) => provider,
  )

afterAll(mailsSettled)

describe('POST /auth/oauth/{provider}/link', () => {
  it('links whoever comes back to the account of the browser that asked, whatever the address', async () => {
    const { browser, id, email } = await inBrowser()
    const { url } = await answerOf(await browser.fetch('POST', '/auth/oauth/google/link', body), LinkAnswer)
    const person = newPerson()
    expect((await follow(browser, url, person)).href).toBe(REDIRECT)
    expect(await answerOf(await browser.fetch('GET', '/auth/me'), User)).toMatchObject({ email, providers: ['google'] })
    expect((await auditOf('identity.linked', id))[0]?.details).toEqual({ provider: 'google', how: 'signed_in' })
    expect(await countRows('outbox', "kind = 'factor_added' and recipient = ?", email)).toBe(1)
    const { browser: elsewhere } = await signInWithGoogle(providers, service, person)
    expect((await answerOf(await elsewhere.fetch('GET', '/auth/me'), User)).id).toBe(id)
  })

  it('opens no session, and changes none', async () => {
    const { browser, id } = await inBrowser()
    const cookies = new Map(browser.jar)
    const { url } = await answerOf(await browser.fetch('POST', '/auth/oauth/google/link', body), LinkAnswer)
    await follow(browser, url)
    expect(browser.jar).toEqual(cookies)
    expect(await countRows('sessions', 'user_id = ?', id)).toBe(1)
  })

  it('makes a page with a bearer token, whose browser kept no cookie, confirm the link with the same session', async () => {
    const account = await signedIn()
    const asked = await callWorker(service, 'POST', '/auth/oauth/google/link', {
      body,
      headers: bearer(account.tokens.accessToken),
    })
    const { url } = await answerOf(asked, LinkAnswer)
    const code = (await follow(createBrowser(service), url)).searchParams.get('code')
    expect(await providersOf(account.user.id)).toEqual([])
    const confirm = (headers: Record<string, string>) =>
      callWorker(service, 'POST', '/auth/oauth/exchange', { body: { code }, headers })
    await expectRefusal(await confirm({}), 401, 'unauthenticated')
    const stranger = await signedIn()
    await expectRefusal(await confirm(bearer(stranger.tokens.accessToken)), 401, 'invalid_code')
    const { user, session, tokens } = await answerOf(await confirm(bearer(account.tokens.accessToken)), SignedIn)
    expect(user).toMatchObject({ id: account.user.id, providers: ['google'] })
    expect({ id: session.id, tokens }).toEqual({ id: account.session.id, tokens: undefined })
    await expectRefusal(await confirm(bearer(account.tokens.accessToken)), 401, 'invalid_code')
    expect(await providersOf(account.user.id)).toEqual(['google'])
  })

  it("does not link a victim's identity to an attacker's account (link CSRF, RFC 9700 §4.7)", async () => {
    const attacker = await signedIn()
    const asked = await callWorker(service, 'POST', '/auth/oauth/google/link', {
      body,
      headers: bearer(attacker.tokens.accessToken),
    })
    const { url } = await answerOf(asked, LinkAnswer)
    const victim = await inBrowser()
    const landing = await follow(victim.browser, url)
    expect(await providersOf(attacker.user.id)).toEqual([])
    const code = landing.searchParams.get('code')
    await expectRefusal(await victim.browser.fetch('POST', '/auth/oauth/exchange', { code }), 401, 'invalid_code')
    expect(await providersOf(attacker.user.id)).toEqual([])
    expect(await providersOf(victim.id)).toEqual([])
  })

  it('does not let an attacker finish a link that a victim began', async () => {
    const victim = await inBrowser()
    const { url } = await answerOf(await victim.browser.fetch('POST', '/auth/oauth/google/link', body), LinkAnswer)
    const callback = providers.google(await victim.browser.open(url), newPerson())
    await expectRefusal(await createBrowser(service).open(callback), 400, 'invalid_state')
  })

  it('links nothing once the session that asked has ended', async () => {
    const { browser, id } = await inBrowser()
    const { url } = await answerOf(await browser.fetch('POST', '/auth/oauth/google/link', body), LinkAnswer)
    const callback = providers.google(await browser.open(url), newPerson())
    await rows('delete from sessions where user_id = ?', id)
    expect(locationOf(await browser.open(callback)).href).toBe(`${REDIRECT}?error=unauthenticated`)
    expect(await providersOf(id)).toEqual([])
  })

  it('refuses an identity of somebody else here, and another of a provider that is linked', async () => {
    const taken = newPerson()
    await signInWithGoogle(providers, service, taken)
    const { browser, id } = await inBrowser()
    const link = async (person: ReturnType<typeof newPerson>) => {
      const { url } = await answerOf(await browser.fetch('POST', '/auth/oauth/google/link', body), LinkAnswer)
      return (await follow(browser, url, person)).searchParams.get('error')
    }
    expect(await link(taken)).toBe('identity_taken')
    const mine = newPerson()
    expect(await link(mine)).toBeNull()
    expect(await link(mine)).toBeNull()
    expect(await link(newPerson())).toBe('provider_already_linked')
    expect(await countRows('identities', 'user_id = ?', id)).toBe(1)
    expect((await auditOf('identity.link_failed', id)).map(({ details }) => details)).toEqual([
      { provider: 'google', reason: 'identity_taken' },
      { provider: 'google', reason: 'provider_already_linked' },
    ])
    expect(await auditOf('login.failed', id)).toEqual([])
  })

  it('records in the audit trail that a confirmed link was refused, and does not call it a login', async () => {
    const taken = newPerson()
    await signInWithGoogle(providers, service, taken)
    const { user, tokens } = await signedIn()
    const headers = bearer(tokens.accessToken)
    const asked = await callWorker(service, 'POST', '/auth/oauth/google/link', { body, headers })
    const { url } = await answerOf(asked, LinkAnswer)
    const code = (await follow(createBrowser(service), url, taken)).searchParams.get('code')
    const confirmed = await callWorker(service, 'POST', '/auth/oauth/exchange', { body: { code }, headers })
    await expectRefusal(confirmed, 409, 'identity_taken')
    expect(await auditOf('identity.link_failed', user.id)).toMatchObject([{ details: { reason: 'identity_taken' } }])
    expect(await auditOf('login.failed', user.id)).toEqual([])
  })

  it('asks for a recent login (ASVS 7.5.1)', async () => {
    const { browser, id } = await inBrowser()
    await rows('update sessions set authenticated_at = ? where user_id = ?', Date.now() - 601_000, id)
    const response = await browser.fetch('POST', '/auth/oauth/google/link', body)
    const problem = await expectRefusal(response, 403, 'step_up_required')
    expect(problem).toMatchObject({ maxAgeSeconds: 600, methods: ['password'] })
  })

  it('refuses whoever is not signed in, and pages of other origins', async () => {
    await expectRefusal(await callWorker(service, 'POST', '/auth/oauth/google/link', { body }), 401, 'unauthenticated')
    const { browser } = await inBrowser()
    const forged = await browser.fetchFrom('https://evil.example', 'POST', '/auth/oauth/google/link', body)
    await expectRefusal(forged, 403, 'csrf_refused')
  })

  it('refuses a foreign redirectTo, an unknown provider, and a field it does not know', async () => {
    const { browser } = await inBrowser()
    const foreign = await browser.fetch('POST', '/auth/oauth/google/link', { redirectTo: 'https://evil.example/' })
    await expectRefusal(foreign, 400, 'redirect_not_allowed')
    await expectRefusal(await browser.fetch('POST', '/auth/oauth/linkedin/link', body), 404, 'not_found')
    const extra = await browser.fetch('POST', '/auth/oauth/google/link', { ...body, userId: 'other' })
    await expectRefusal(extra, 400, 'invalid_request')
  })

  it('refuses a ticket that is forged, or of another provider or purpose', async () => {
    const { browser } = await inBrowser()
    const { url } = await answerOf(await browser.fetch('POST', '/auth/oauth/google/link', body), LinkAnswer)
    const [, cookie = ''] = [...browser.jar].find(([name]) => name.startsWith('__Host-oauth-')) ?? []
    for (const path of [
      url.replace('/google/', '/github/'),
      `${url.slice(0, -3)}AAA`,
      `/auth/oauth/google/link?ticket=${cookie}`,
      '/auth/oauth/google/link?ticket=x',
    ])
      await expectRefusal(await browser.open(path), 400, 'invalid_state')
  })
})

describe('DELETE /auth/oauth/{provider}', () => {
  it('unlinks, tells the owner, and the identity signs nobody in any more', async () => {
    const { browser, id, email } = await inBrowser()
    const { url } = await answerOf(await browser.fetch('POST', '/auth/oauth/google/link', body), LinkAnswer)
    const person = newPerson()
    await follow(browser, url, person)
    expect((await browser.fetch('DELETE', '/auth/oauth/google')).status).toBe(204)
    expect(await providersOf(id)).toEqual([])
    expect((await auditOf('identity.unlinked', id))[0]?.details).toEqual({ provider: 'google' })
    expect(await countRows('outbox', "kind = 'factor_removed' and recipient = ?", email)).toBe(1)
    const { browser: later } = await signInWithGoogle(providers, service, person)
    expect((await answerOf(await later.fetch('GET', '/auth/me'), User)).id).not.toBe(id)
  })

  it('never removes the last way to sign in', async () => {
    const { browser } = await signInWithGoogle(providers, service, newPerson())
    await expectRefusal(await browser.fetch('DELETE', '/auth/oauth/google'), 409, 'last_login_method')
    const { id } = await answerOf(await browser.fetch('GET', '/auth/me'), User)
    expect(await providersOf(id)).toEqual(['google'])
    expect(await auditOf('identity.unlinked', id)).toEqual([])
  })

  it('does not count a provider that is no longer configured as a way to sign in', async () => {
    const { browser } = await signInWithGoogle(providers, service, newPerson())
    const { id } = await answerOf(await browser.fetch('GET', '/auth/me'), User)
    await rows(
      `insert into identities (id, user_id, provider, issuer, subject, how, created_at, last_used_at)
        values ('gone-1', ?, 'gone', 'https://gone.example', 'x', 'linked', 1, 1)`,
      id,
    )
    await expectRefusal(await browser.fetch('DELETE', '/auth/oauth/google'), 409, 'last_login_method')
    expect((await browser.fetch('DELETE', '/auth/oauth/gone')).status).toBe(204)
  })

  it('leaves one way to sign in when 50 requests unlink two providers at once (ASVS 2.3.3)', async () => {
    const { browser } = await signInWithGoogle(providers, service, newPerson())
    const { id } = await answerOf(await browser.fetch('GET', '/auth/me'), User)
    const { url } = await answerOf(await browser.fetch('POST', '/auth/oauth/github/link', body), LinkAnswer)
    const person = { id: Number(newSubject().slice(-6)) + 1, emails: [] }
    expect(locationOf(await browser.open(providers.github(await browser.open(url), person))).href).toBe(REDIRECT)
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, nth) => browser.fetch('DELETE', `/auth/oauth/${nth % 2 ? 'google' : 'github'}`)),
    )
    expect(answers.filter(({ status }) => status === 204)).toHaveLength(1)
    expect(await providersOf(id)).toHaveLength(1)
  })

  it('answers 404 for a provider that is not linked', async () => {
    const { browser } = await inBrowser()
    for (const provider of ['google', 'unknown', '%00'])
      await expectRefusal(await browser.fetch('DELETE', `/auth/oauth/${provider}`), 404, 'not_found')
  })

  it('leaves the identities of other users alone', async () => {
    const owner = await signInWithGoogle(providers, service, newPerson())
    const { id } = await answerOf(await owner.browser.fetch('GET', '/auth/me'), User)
    const { browser } = await inBrowser()
    await expectRefusal(await browser.fetch('DELETE', '/auth/oauth/google'), 404, 'not_found')
    expect(await providersOf(id)).toEqual(['google'])
  })

  it('refuses whoever is not signed in, and pages of other origins', async () => {
    await expectRefusal(await callWorker(service, 'DELETE', '/auth/oauth/google'), 401, 'unauthenticated')
    const { browser } = await inBrowser()
    const forged = await browser.fetchFrom('https://evil.example', 'DELETE', '/auth/oauth/google', undefined)
    await expectRefusal(forged, 403, 'csrf_refused')
  })
})

describe('an account without a password', () => {
  it('can link another provider after a recent login, and then unlink the first', async () => {
    const { browser } = await signInWithGoogle(providers, service, newPerson())
    const { url } = await answerOf(await browser.fetch('POST', '/auth/oauth/github/link', body), LinkAnswer)
    const person = { id: Number(newSubject().slice(-6)) + 1, emails: [] }
    await browser.open(providers.github(await browser.open(url), person))
    expect((await browser.fetch('DELETE', '/auth/oauth/google')).status).toBe(204)
    const later = createBrowser(service)
    const landing = locationOf(await later.open(providers.github(await later.open(startPath('github')), person)))
    expect(landing.href).toBe(`${APP}/signed-in`)
  })

  it('is told that it confirms by a mailed code', async () => {
    const { browser } = await signInWithGoogle(providers, service, newPerson())
    const { id } = await answerOf(await browser.fetch('GET', '/auth/me'), User)
    await rows('update sessions set authenticated_at = 1 where user_id = ?', id)
    const response = await browser.fetch('POST', '/auth/oauth/github/link', body)
    expect((await expectRefusal(response, 403, 'step_up_required')).methods).toEqual(['email'])
  })
})
