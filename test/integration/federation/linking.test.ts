import { afterAll, describe, expect, it } from 'vitest'
import { User } from '../../../src/contracts/users.ts'
import { canLogIn, giveSecondFactor, mailedToken, registered, signedIn, verified } from '../../support/accounts.ts'
import { answerOf, expectRefusal } from '../../support/answers.ts'
import { createBrowser } from '../../support/browser.ts'
import { callWorker } from '../../support/call-worker.ts'
import { bearer, newEmail, PASSWORD, post } from '../../support/client.ts'
import { auditOf, countRows, mailsSettled, rows } from '../../support/database.ts'
import { interceptEnv } from '../../support/intercept-env.ts'
import {
  locationOf,
  newSubject,
  oauthEnv,
  signInWithGoogle,
  startPath,
  stubProviders,
} from '../../support/providers.ts'

const providers = stubProviders()
const service = oauthEnv()
const TENANT = '9122040d-6c67-4c5b-b112-36a304b66dad'

let lastNumber = 0
/** Answers a new address whose mailbox Google runs. */
function newGmail(): string {
  lastNumber += 1
  return `person${lastNumber}@gmail.com`
}
const google = (email: string, claims: Record<string, unknown> = {}) => ({
  sub: newSubject(),
  email,
  email_verified: true,
  ...claims,
})

async function signInWithMicrosoft(email: string, claims: Record<string, unknown> = {}, env = service) {
  const browser = createBrowser(env)
  const authorization = await browser.open(startPath('microsoft'))
  const landing = locationOf(
    await browser.open(providers.microsoft(authorization, { sub: newSubject(), email, tid: TENANT, ...claims })),
  )
  return { browser, error: landing.searchParams.get('error') }
}

async function signInWithGitHub(email: string, verified = true) {
  const browser = createBrowser(service)
  const person = { id: Number(newSubject().slice(-6)) + 1, emails: [{ email, primary: true, verified }] }
  const landing = locationOf(await browser.open(providers.github(await browser.open(startPath('github')), person)))
  return { browser, error: landing.searchParams.get('error') }
}

const identitiesOf = (email: string) =>
  rows('select provider, subject from identities where user_id = (select id from users where email = ?)', email)

afterAll(mailsSettled)

describe('a verified local account (ASVS 6.8.1, CVE-2026-31813)', () => {
  it('is linked by the provider that runs its mailbox, and its owner is told', async () => {
    const account = await verified({ email: newGmail() })
    const { browser, error } = await signInWithGoogle(providers, service, google(account.email))
    expect(error).toBeNull()
    const user = await answerOf(await browser.fetch('GET', '/auth/me'), User)
    expect(user).toMatchObject({ id: account.id, providers: ['google'] })
    expect(await canLogIn(account.email, PASSWORD)).toBe(true)
    expect((await auditOf('identity.linked', account.id))[0]?.details).toEqual({ provider: 'google', how: 'address' })
    expect(await countRows('outbox', "kind = 'factor_added' and recipient = ?", account.email)).toBe(1)
  })

  it('is linked by Google for the domain whose Workspace it is', async () => {
    const account = await verified()
    const { error } = await signInWithGoogle(providers, service, google(account.email, { hd: 'example.com' }))
    expect(error).toBeNull()
    expect(await identitiesOf(account.email)).toHaveLength(1)
  })

  it.each([
    ['Google for an address elsewhere', (email: string) => signInWithGoogle(providers, service, google(email))],
    [
      "Google for another Workspace's address",
      (email: string) => signInWithGoogle(providers, service, google(email, { hd: 'other.example' })),
    ],
    ['GitHub', (email: string) => signInWithGitHub(email)],
    ['Microsoft, though the tenant owns the domain', (email: string) => signInWithMicrosoft(email, { xms_edov: true })],
  ])('is not taken over through %s: the person has to sign in first and then link', async (_, attack) => {
    const account = await verified()
    const { browser, error } = await attack(account.email)
    expect(error).toBe('account_exists')
    expect([...browser.jar]).toEqual([])
    expect(await identitiesOf(account.email)).toEqual([])
  })

  it('is not taken over by a tenant that writes any address into its records ("nOAuth", 2023), nor shown to exist', async () => {
    const account = await verified()
    const taken = await signInWithMicrosoft(account.email)
    const free = await signInWithMicrosoft(newEmail())
    expect([taken.error, free.error]).toEqual(['email_not_verified', 'email_not_verified'])
    expect([...taken.browser.jar]).toEqual([])
    expect(await identitiesOf(account.email)).toEqual([])
    expect(await countRows('outbox', "kind = 'already_registered' and recipient = ?", account.email)).toBe(1)
    expect(await canLogIn(account.email, PASSWORD)).toBe(true)
  })

  it('does not open to an unverified address, also where REQUIRE_EMAIL_VERIFICATION is off', async () => {
    const account = await verified()
    const lenient = oauthEnv({ REQUIRE_EMAIL_VERIFICATION: 'false' })
    expect((await signInWithMicrosoft(account.email, {}, lenient)).error).toBe('email_not_verified')
    expect(await identitiesOf(account.email)).toEqual([])
  })

  it('does not open to a second account of the same provider with the same address, because a mailbox may have changed hands', async () => {
    const email = newGmail()
    const first = google(email)
    await signInWithGoogle(providers, service, first)
    const { browser, error } = await signInWithGoogle(providers, service, google(email))
    expect(error).toBe('account_exists')
    expect([...browser.jar]).toEqual([])
    expect(await identitiesOf(email)).toEqual([{ provider: 'google', subject: first.sub }])
  })

  it('is not reached by changing the address at the provider (CVE-2026-31813)', async () => {
    const victim = await verified({ email: newGmail() })
    const attacker = google(newGmail())
    await signInWithGoogle(providers, service, attacker)
    const { browser } = await signInWithGoogle(providers, service, { ...attacker, email: victim.email })
    const user = await answerOf(await browser.fetch('GET', '/auth/me'), User)
    expect(user.email).toBe(attacker.email)
    expect(user.id).not.toBe(victim.id)
  })

  it.each([
    ['a full-width @', (email: string) => email.replace('@', '\uff20')],
    ['a Kelvin sign', (email: string) => email.replace('@example', '@e\u212aample')],
    ['a second @', (email: string) => `evil@${email}`],
    ['a line break', (email: string) => `${email}\r\nBcc: x@example.com`],
  ])('is not reached by an address with %s (GHSA-7rqj-j65f-68wh)', async (_, disguise) => {
    const account = await verified()
    const { error } = await signInWithGoogle(providers, service, google(disguise(account.email), { hd: 'example.com' }))
    expect(error).toBe('email_required')
    expect(await identitiesOf(account.email)).toEqual([])
  })

  it('stays closed once it is deactivated', async () => {
    const account = await verified({ email: newGmail() })
    await rows("update users set status = 'deactivated' where id = ?", account.id)
    expect((await signInWithGoogle(providers, service, google(account.email))).error).toBe('account_deactivated')
    expect(await identitiesOf(account.email)).toEqual([])
  })
})

describe('an unverified local account, when the owner of the address arrives (GHSA-g38m-r43w-p2q7)', () => {
  it('loses the password and the pending tokens of whoever made it', async () => {
    const trap = await registered({ email: newGmail() })
    const token = await mailedToken(trap.email, 'verify_email')
    const { browser, error } = await signInWithGoogle(providers, service, google(trap.email))
    expect(error).toBeNull()
    const user = await answerOf(await browser.fetch('GET', '/auth/me'), User)
    expect(user).toMatchObject({ id: trap.id, emailVerified: true, providers: ['google'] })
    expect(await canLogIn(trap.email, PASSWORD)).toBe(false)
    await expectRefusal(await post('/auth/verify-email', { token }), 400, 'invalid_token')
    expect(await rows('select password_hash from users where id = ?', trap.id)).toEqual([{ password_hash: null }])
    expect(await countRows('one_time_tokens', 'user_id = ?', trap.id)).toBe(0)
    expect((await auditOf('identity.linked', trap.id))[0]?.details).toEqual({ provider: 'google', how: 'claimed' })
  })

  it('keeps a link to set a password, which was mailed to the owner of the address, because the provider may be wrong', async () => {
    const trap = await registered()
    await post('/auth/forgot-password', { email: trap.email })
    const token = await mailedToken(trap.email, 'reset_password')
    await signInWithGitHub(trap.email)
    expect((await post('/auth/reset-password', { token, password: 'another battery staple' })).status).toBe(204)
    expect(await identitiesOf(trap.email)).toEqual([])
  })

  it('loses its sessions and its second factor where unverified accounts may sign in', async () => {
    const lenient = oauthEnv({ REQUIRE_EMAIL_VERIFICATION: 'false' })
    const email = newGmail()
    await callWorker(lenient, 'POST', '/auth/register', { body: { email, password: PASSWORD } })
    const login = await callWorker(lenient, 'POST', '/auth/login', { body: { identifier: email, password: PASSWORD } })
    const { tokens, user } = (await login.json()) as {
      tokens: { accessToken: string; refreshToken: string }
      user: { id: string }
    }
    await giveSecondFactor(user.id)
    expect((await signInWithGoogle(providers, lenient, google(email))).error).toBeNull()
    const headers = bearer(tokens.accessToken)
    for (const path of ['/auth/me', '/auth/session'])
      expect((await callWorker(lenient, 'GET', path, { headers })).status).toBe(401)
    const refreshed = await callWorker(lenient, 'POST', '/auth/refresh', {
      body: { refreshToken: tokens.refreshToken },
    })
    expect(refreshed.status).toBe(401)
    expect(await countRows('sessions', 'user_id = ?', user.id)).toBe(1)
  })

  it('loses the identity of a stranger who came by a provider that verifies nothing (pre-hijacking, Sudhodanan and Paverd 2022)', async () => {
    const email = newGmail()
    await signInWithMicrosoft(email)
    expect(await identitiesOf(email)).toHaveLength(1)
    const { error } = await signInWithGoogle(providers, service, google(email))
    expect(error).toBeNull()
    expect(await identitiesOf(email)).toMatchObject([{ provider: 'google' }])
  })

  it('refuses a login that was under way when the owner arrived', async () => {
    const email = newGmail()
    const lenient = oauthEnv({ REQUIRE_EMAIL_VERIFICATION: 'false' })
    await callWorker(lenient, 'POST', '/auth/register', { body: { email, password: PASSWORD } })
    let arrives: (() => Promise<unknown>) | null = () => signInWithGoogle(providers, lenient, google(email))
    const racing = interceptEnv(
      lenient,
      async (call, proceed) => {
        const arrival = call.sql.some((sql) => /insert into "sessions"/.test(sql)) ? arrives : null
        if (arrival) arrives = null
        await arrival?.()
        return await proceed()
      },
      { REQUIRE_EMAIL_VERIFICATION: 'false' },
    )
    const body = { identifier: email, password: PASSWORD }
    await expectRefusal(await callWorker(racing, 'POST', '/auth/login', { body }), 401, 'invalid_credentials')
    expect(arrives).toBeNull()
    expect(await countRows('sessions', 'user_id = (select id from users where email = ?)', email)).toBe(1)
  })

  it('keeps what its owner claimed while somebody signed it up once more', async () => {
    const email = newGmail()
    await post('/auth/register', { email, password: PASSWORD })
    let arrives: (() => Promise<unknown>) | null = () => signInWithGoogle(providers, service, google(email))
    const racing = interceptEnv(service, async (call, proceed) => {
      const arrival = call.sql.some((sql) => /insert into "users"/.test(sql)) ? arrives : null
      if (arrival) arrives = null
      await arrival?.()
      return await proceed()
    })
    const body = { email, password: 'somebody else chose this one' }
    expect((await callWorker(racing, 'POST', '/auth/register', { body })).status).toBe(202)
    expect(arrives).toBeNull()
    expect(await identitiesOf(email)).toMatchObject([{ provider: 'google' }])
    expect(await countRows('sessions', 'user_id = (select id from users where email = ?)', email)).toBe(1)
    expect(await rows('select password_hash from users where email = ?', email)).toEqual([{ password_hash: null }])
    expect(await canLogIn(email, body.password)).toBe(false)
  })

  it('loses the identity of a stranger also when the owner sets a password by mail', async () => {
    const email = newEmail()
    await signInWithMicrosoft(email)
    await post('/auth/register', { email, password: PASSWORD })
    const token = await mailedToken(email, 'reset_password')
    expect((await post('/auth/reset-password', { token, password: 'another battery staple' })).status).toBe(204)
    expect(await identitiesOf(email)).toEqual([])
    expect(await canLogIn(email, 'another battery staple')).toBe(true)
  })

  it('keeps its password when an identity with an unverified address arrives, until a reset by mail decides', async () => {
    const account = await registered()
    const { error } = await signInWithGitHub(account.email, false)
    expect(error).toBe('email_not_verified')
    expect(await identitiesOf(account.email)).toEqual([])
    expect(await rows('select password_hash from users where id = ?', account.id)).toEqual([{ password_hash: null }])
    expect(await countRows('one_time_tokens', "user_id = ? and purpose = 'verify_email'", account.id)).toBe(0)
    expect(await countRows('one_time_tokens', "user_id = ? and purpose = 'reset_password'", account.id)).toBe(1)
  })

  it('keeps identities that its own verified owner linked, when the password is reset', async () => {
    const account = await signedIn({ email: newGmail() })
    await signInWithGoogle(providers, service, google(account.email))
    await post('/auth/forgot-password', { email: account.email })
    const token = await mailedToken(account.email, 'reset_password')
    expect((await post('/auth/reset-password', { token, password: 'another battery staple' })).status).toBe(204)
    expect(await identitiesOf(account.email)).toHaveLength(1)
  })
})
