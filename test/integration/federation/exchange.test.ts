import { afterAll, describe, expect, it, vi } from 'vitest'
import { MfaNeeded, SignedIn } from '../../../src/contracts/login.ts'
import { deactivate, giveSecondFactor, mailedToken } from '../../support/accounts.ts'
import { answerOf, expectRefusal } from '../../support/answers.ts'
import { totpCode } from '../../support/authenticator.ts'
import { APP, createBrowser } from '../../support/browser.ts'
import { callWorker } from '../../support/call-worker.ts'
import { bearer, logIn, newEmail, PASSWORD } from '../../support/client.ts'
import { auditOf, countRows, mailsSettled, rows } from '../../support/database.ts'
import {
  locationOf,
  newSubject,
  newVerifier,
  oauthEnv,
  REDIRECT,
  startPath,
  stubProviders,
} from '../../support/providers.ts'

const providers = stubProviders()
const service = oauthEnv()
const newPerson = () => ({ sub: newSubject(), email: newEmail(), email_verified: true, name: 'Ada' })

/** Begins a login that asks for its tokens in the body, and whose code then waits to be exchanged. */
async function waiting(person = newPerson(), redirectTo = REDIRECT) {
  const { codeVerifier, codeChallenge } = newVerifier()
  const browser = createBrowser(service)
  const authorization = await browser.open(startPath('google', { redirectTo, delivery: 'body', codeChallenge }))
  const response = await browser.open(providers.google(authorization, person))
  const landing = locationOf(response)
  return { browser, person, response, landing, code: landing.searchParams.get('code') ?? '', codeVerifier }
}

const exchange = (body: unknown, headers: Record<string, string> = {}) =>
  callWorker(service, 'POST', '/auth/oauth/exchange', { body, headers })

async function personWithSecondFactor() {
  const person = newPerson()
  const { code, codeVerifier } = await waiting(person)
  const { user } = await answerOf(await exchange({ code, codeVerifier }), SignedIn)
  return { person, user, secret: await giveSecondFactor(user.id) }
}

afterAll(mailsSettled)

describe('a login whose code was not exchanged yet', () => {
  it('ends when the password is reset, and when it is changed', async () => {
    // Google runs this mailbox, so its account stays linked after a reset.
    const person = { ...newPerson(), email: 'waits-for-a-code@gmail.com' }
    await waiting(person)
    const beforeReset = await waiting(person)
    await callWorker(service, 'POST', '/auth/forgot-password', { body: { email: person.email } })
    const reset = { token: await mailedToken(person.email, 'reset_password'), password: PASSWORD }
    expect((await callWorker(service, 'POST', '/auth/reset-password', { body: reset })).status).toBe(204)
    const { tokens } = await logIn(person.email)
    const beforeChange = await waiting(person)
    const change = { currentPassword: PASSWORD, newPassword: 'a third good one' }
    const headers = bearer(tokens.accessToken)
    expect((await callWorker(service, 'POST', '/auth/change-password', { body: change, headers })).status).toBe(204)
    for (const { code, codeVerifier } of [beforeReset, beforeChange])
      await expectRefusal(await exchange({ code, codeVerifier }), 401, 'invalid_code')
    const { code, codeVerifier } = await waiting(person)
    expect((await exchange({ code, codeVerifier })).status).toBe(200)
  })
})

describe('POST /auth/oauth/exchange (RFC 7636; ASVS 10.4.6)', () => {
  it('gives the tokens to the page that began the login, and sets no cookies', async () => {
    const { browser, response, landing, code, codeVerifier, person } = await waiting()
    expect(landing.origin + landing.pathname).toBe(REDIRECT)
    expect([...landing.searchParams.keys()]).toEqual(['code'])
    expect(response.headers.get('Referrer-Policy')).toBe('no-referrer')
    expect([...browser.jar]).toEqual([])
    const answered = await exchange({ code, codeVerifier })
    const { user, tokens, session } = await answerOf(answered, SignedIn)
    expect(user).toMatchObject({ email: person.email, providers: ['google'] })
    expect(session.deviceToken).toBeTypeOf('string')
    const me = await callWorker(service, 'GET', '/auth/me', { headers: bearer(tokens?.accessToken ?? '') })
    expect(me.status).toBe(200)
  })

  it('opens the session only at the exchange, and for the device that exchanges', async () => {
    const { code, codeVerifier, person } = await waiting()
    const sessions = () => countRows('sessions', 'user_id = (select id from users where email = ?)', person.email)
    expect(await sessions()).toBe(0)
    await exchange({ code, codeVerifier })
    expect(await sessions()).toBe(1)
  })

  it('replaces a code or an error that stood in redirectTo before', async () => {
    const { landing } = await waiting(newPerson(), `${REDIRECT}?code=planted&error=planted&tab=1`)
    expect(landing.searchParams.getAll('code')).toHaveLength(1)
    expect(landing.searchParams.get('code')).not.toBe('planted')
    expect(landing.searchParams.has('error')).toBe(false)
    expect(landing.searchParams.get('tab')).toBe('1')
  })

  it('accepts a code once', async () => {
    const { code, codeVerifier } = await waiting()
    expect((await exchange({ code, codeVerifier })).status).toBe(200)
    await expectRefusal(await exchange({ code, codeVerifier }), 401, 'invalid_code')
  })

  it('lets one of 50 simultaneous exchanges of a code win (GHSA-hc7v-rggr-4hvx)', async () => {
    const { code, codeVerifier, person } = await waiting()
    const answers = await Promise.all(Array.from({ length: 50 }, () => exchange({ code, codeVerifier })))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    expect(answers.filter(({ status }) => status === 401)).toHaveLength(49)
    expect(await countRows('sessions', 'user_id = (select id from users where email = ?)', person.email)).toBe(1)
  })

  it('refuses a stolen code without its verifier, and the owner can still exchange it', async () => {
    const { code, codeVerifier } = await waiting()
    await expectRefusal(await exchange({ code, codeVerifier: newVerifier().codeVerifier }), 401, 'invalid_code')
    await expectRefusal(await exchange({ code }), 401, 'invalid_code')
    expect((await exchange({ code, codeVerifier })).status).toBe(200)
  })

  it('refuses a code after a minute', async () => {
    const { code, codeVerifier } = await waiting()
    vi.useFakeTimers({ now: Date.now() + 60_001, toFake: ['Date'] })
    try {
      await expectRefusal(await exchange({ code, codeVerifier }), 401, 'invalid_code')
    } finally {
      vi.useRealTimers()
    }
  })

  it('refuses a code that was made from the database alone (docs/decisions/0002-derived-tokens.md)', async () => {
    const { code, codeVerifier } = await waiting()
    const [version, id, generation, salt] = code.split('.')
    const forged = [version, id, generation, salt, 'A'.repeat(43)].join('.')
    await expectRefusal(await exchange({ code: forged, codeVerifier }), 401, 'invalid_code')
    const refresh = await callWorker(service, 'POST', '/auth/refresh', { body: { refreshToken: code } })
    await expectRefusal(refresh, 401, 'invalid_refresh_token')
  })

  it.each([
    [{ code: 'x' }],
    [{ code: 'x', codeVerifier: 'short' }],
    [{ code: 'x', codeVerifier: `${'x'.repeat(42)} ` }],
    [{ codeVerifier: 'x'.repeat(43) }],
    [{ code: 'x', codeVerifier: 'x'.repeat(43), delivery: 'cookie' }],
  ])('refuses %j', async (body) => {
    const response = await exchange(body)
    expect([400, 401]).toContain(response.status)
  })

  it('refuses an account that was deactivated in that minute (GHSA-2vg6-77g8-24mp)', async () => {
    const { code, codeVerifier, person } = await waiting()
    const [{ id } = {}] = await rows('select id from users where email = ?', person.email)
    await deactivate(String(id))
    await expectRefusal(await exchange({ code, codeVerifier }), 403, 'account_deactivated')
  })
})

describe('a second factor, where set, is asked of a federated login too', () => {
  it('asks a page that wants tokens for it', async () => {
    const { person, user, secret } = await personWithSecondFactor()
    const { code, codeVerifier } = await waiting(person)
    const { ticket, methods } = await answerOf(await exchange({ code, codeVerifier }), MfaNeeded)
    expect(methods).toEqual(['totp'])
    const signedIn = await callWorker(service, 'POST', '/auth/login/mfa', {
      body: { ticket, method: 'totp', code: totpCode(secret) },
    })
    expect(signedIn.status).toBe(200)
    const logins = await auditOf('login.succeeded', user.id)
    expect(logins.at(-1)?.details).toMatchObject({ methods: ['fed', 'otp', 'mfa'] })
  })

  it('gives a page that wants cookies a code that only its own browser can exchange', async () => {
    const { person, secret } = await personWithSecondFactor()
    const browser = createBrowser(service)
    const response = await browser.open(providers.google(await browser.open(startPath('google')), person))
    const code = locationOf(response).searchParams.get('code') ?? ''
    const verifier = response.headers.getSetCookie().find((line) => line.startsWith('__Host-exchange='))
    expect(verifier).toMatch(/; Max-Age=60; Path=\/; HttpOnly; Secure; SameSite=Lax$/)
    expect([...browser.jar.keys()]).toEqual(['__Host-exchange'])
    await expectRefusal(await exchange({ code }), 401, 'invalid_code')
    const foreign = await browser.fetchFrom('https://evil.example', 'POST', '/auth/oauth/exchange', { code })
    await expectRefusal(foreign, 403, 'csrf_refused')
    const cookie = `__Host-exchange=${browser.jar.get('__Host-exchange')}`
    await expectRefusal(await exchange({ code }, { cookie }), 403, 'csrf_refused')
    const { ticket } = await answerOf(await browser.fetch('POST', '/auth/oauth/exchange', { code }), MfaNeeded)
    expect([...browser.jar.keys()]).toEqual([])
    const login = { ticket, method: 'totp', code: totpCode(secret), delivery: 'cookie' }
    expect((await browser.fetch('POST', '/auth/login/mfa', login)).status).toBe(200)
    expect((await browser.fetch('GET', '/auth/me')).status).toBe(200)
  })

  it('gives a page that wants cookies and sent a challenge a code that needs the verifier of the page', async () => {
    const { person } = await personWithSecondFactor()
    const { codeVerifier, codeChallenge } = newVerifier()
    const browser = createBrowser(service)
    const authorization = await browser.open(startPath('google', { codeChallenge }))
    const code = locationOf(await browser.open(providers.google(authorization, person))).searchParams.get('code')
    expect([...browser.jar.keys()]).toEqual([])
    await answerOf(await exchange({ code, codeVerifier }, { Origin: APP }), MfaNeeded)
  })
})
