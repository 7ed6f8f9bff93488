import { afterAll, describe, expect, it } from 'vitest'
import { MfaNeeded, SignedIn } from '../../src/contracts/login.ts'
import { giveSecondFactor, SAME_ORIGIN, signedInByCookie, verified } from '../support/accounts.ts'
import { answerOf, cookiesOf, expectRefusal } from '../support/answers.ts'
import { totpCode } from '../support/authenticator.ts'
import { createBrowser } from '../support/browser.ts'
import { bearer, get, newEmail, PASSWORD, post } from '../support/client.ts'
import { auditOf, countRows, mailsSettled, rows } from '../support/database.ts'
import { locationOf, newSubject, oauthEnv, signInWithGoogle, startPath, stubProviders } from '../support/providers.ts'
import { isOnBlocklist } from '../support/shards.ts'

const providers = stubProviders()
const service = oauthEnv()
const ACCESS = '__Host-access'
const REFRESH = '__Secure-refresh'

afterAll(mailsSettled)

/** Signs a browser in, and answers the account with the tokens of the cookies. */
async function inBrowser() {
  const account = await signedInByCookie()
  const accessToken = account.cookies[ACCESS]?.value ?? ''
  const refreshToken = account.cookies[REFRESH]?.value ?? ''
  const [session] = await rows('select id from sessions where user_id = ?', account.id)
  const cookies = { [ACCESS]: accessToken, [REFRESH]: refreshToken }
  return { ...account, sessionId: String(session?.id), accessToken, refreshToken, cookies }
}
type Browser = Awaited<ReturnType<typeof inBrowser>>

const toHeader = (cookies: Record<string, string>) => ({
  ...SAME_ORIGIN,
  Cookie: Object.entries(cookies)
    .map(([name, value]) => `${name}=${value}`)
    .join('; '),
})
const logIn = (identifier: string, cookies: Record<string, string>, body: object = {}) =>
  post('/auth/login', { identifier, password: PASSWORD, delivery: 'cookie', ...body }, toHeader(cookies))

async function expectReplaced(old: Browser, userId: string): Promise<void> {
  const [{ id: newId } = {}] = await rows('select id from sessions where user_id = ? order by created_at desc', userId)
  expect(newId).toBeDefined()
  expect(await countRows('sessions', 'id = ?', old.sessionId)).toBe(0)
  expect(await isOnBlocklist(old.sessionId)).toBe(true)
  expect((await get('/auth/me', bearer(old.accessToken))).status).toBe(401)
  expect((await post('/auth/refresh', { refreshToken: old.refreshToken })).status).toBe(401)
  expect(await auditOf('session.ended', old.id)).toMatchObject([
    { actor_id: old.id, details: { sessionId: old.sessionId, replacedBy: newId } },
  ])
}

async function expectKept(old: Browser): Promise<void> {
  expect(await countRows('sessions', 'id = ?', old.sessionId)).toBe(1)
  expect((await get('/auth/session', bearer(old.accessToken))).status).toBe(200)
  expect(await auditOf('session.ended', old.id)).toEqual([])
}

describe('a login by cookies in a browser that is signed in (ASVS 7.2.4)', () => {
  it.each([
    ['both cookies', [ACCESS, REFRESH]],
    ['the access cookie', [ACCESS]],
    ['the refresh cookie, after the other has run out', [REFRESH]],
  ])('ends the session of %s, though it is another account’s', async (_, names) => {
    const old = await inBrowser()
    const next = await verified()
    const sent = Object.fromEntries(Object.entries(old.cookies).filter(([name]) => names.includes(name)))
    const response = await logIn(next.email, sent)
    expect(response.status).toBe(200)
    expect(cookiesOf(response)[ACCESS]?.value).not.toBe(old.accessToken)
    await expectReplaced(old, next.id)
  })

  it('ends the session of the same account', async () => {
    const old = await inBrowser()
    expect((await logIn(old.email, old.cookies)).status).toBe(200)
    await expectReplaced(old, old.id)
    expect(await countRows('sessions', 'user_id = ?', old.id)).toBe(1)
  })

  it('ends the former session when the second factor was shown, and not before', async () => {
    const old = await inBrowser()
    const next = await verified()
    const secret = await giveSecondFactor(next.id)
    const { ticket } = await answerOf(await logIn(next.email, old.cookies), MfaNeeded)
    await expectKept(old)
    const proof = { ticket, method: 'totp', code: totpCode(secret), delivery: 'cookie' }
    await answerOf(await post('/auth/login/mfa', proof, toHeader(old.cookies)), SignedIn)
    await expectReplaced(old, next.id)
  })

  it('ends the former session when the browser comes back from a provider', async () => {
    const old = await inBrowser()
    const browser = createBrowser(service)
    for (const [name, value] of Object.entries(old.cookies)) browser.jar.set(name, value)
    const person = { sub: newSubject(), email: newEmail(), email_verified: true }
    expect((await signInWithGoogle(providers, browser, person)).error).toBeNull()
    const [user] = await rows('select id from users where email = ?', person.email)
    await expectReplaced(old, String(user?.id))
  })

  it('ends no session while a login by a provider waits for its code to be exchanged', async () => {
    const person = { sub: newSubject(), email: newEmail(), email_verified: true }
    await signInWithGoogle(providers, service, person)
    const [user] = await rows('select id from users where email = ?', person.email)
    const browser = createBrowser(service)
    const authorization = await browser.open(startPath('google'))
    await giveSecondFactor(String(user?.id))
    const old = await inBrowser()
    for (const [name, value] of Object.entries(old.cookies)) browser.jar.set(name, value)
    const code = locationOf(await browser.open(providers.google(authorization, person))).searchParams.get('code')
    await rows('delete from totp_secrets where user_id = ?', String(user?.id))
    await expectKept(old)
    await answerOf(await browser.fetch('POST', '/auth/oauth/exchange', { code }), SignedIn)
    await expectReplaced(old, String(user?.id))
  })

  it('ends no session where tokens go into the body, the password is wrong or the cookies are forged', async () => {
    const old = await inBrowser()
    const next = await verified()
    await answerOf(await logIn(next.email, old.cookies, { delivery: 'body' }), SignedIn)
    await expectRefusal(await logIn(next.email, old.cookies, { password: 'wrong' }), 401, 'invalid_credentials')
    const forged = {
      [ACCESS]: `${old.accessToken.slice(0, -4)}AAAA`,
      [REFRESH]: `${old.refreshToken.slice(0, -4)}AAAA`,
    }
    expect((await logIn(next.email, forged)).status).toBe(200)
    await expectKept(old)
  })

  it('admits a browser in which a page of a sibling host has planted a second cookie', async () => {
    const old = await inBrowser()
    const next = await verified()
    const planted = { [ACCESS]: old.accessToken, [REFRESH]: `${old.refreshToken}; ${REFRESH}=planted` }
    expect((await logIn(next.email, planted)).status).toBe(200)
    await expectReplaced(old, next.id)
  })
})
