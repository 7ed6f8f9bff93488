import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { registered } from '../support/accounts.ts'
import { createBrowser } from '../support/browser.ts'
import { newEmail, PASSWORD } from '../support/client.ts'
import { countingEnv, d1RoundTrips } from '../support/counting-env.ts'
import { countRows, mailsSettled, rows } from '../support/database.ts'
import { newSubject, oauthEnv, startPath, stubProviders } from '../support/providers.ts'
import { type Seen, see, seePost } from '../support/seen-answers.ts'

const providers = stubProviders()
/** Copies only the variables, because bindings that are handed over unchanged would not be counted. */
const variablesOf = (bindings: Env) =>
  Object.fromEntries(Object.entries(bindings).filter(([, value]) => typeof value === 'string'))
const strict = countingEnv(variablesOf(oauthEnv()))
const lenient = countingEnv(variablesOf(oauthEnv({ REQUIRE_EMAIL_VERIFICATION: 'false' })))

/**
 * Somebody asks about an address that is not theirs. They use one password, one name, and one account at a provider.
 */
interface Stranger {
  counting: typeof strict
  email: string
  otherEmail: string
  username: string
  subject: string
}
const CHOSEN = 'a quite different battery staple'

async function signInElsewhere({ counting, email, subject }: Stranger): Promise<Seen> {
  const browser = createBrowser(counting.env)
  const authorization = await browser.open(startPath('microsoft'))
  const claims = { sub: subject, email, tid: '9122040d-6c67-4c5b-b112-36a304b66dad' }
  return await see(counting, () => browser.open(providers.microsoft(authorization, claims)))
}
const posting = (path: string, bodyOf: (stranger: Stranger) => object) => (stranger: Stranger) =>
  seePost(stranger.counting, path, bodyOf(stranger))

const MAILED: Record<string, (stranger: Stranger) => Promise<Seen>> = {
  'sign in by a provider that did not verify the address': signInElsewhere,
  'forgot-password': posting('/auth/forgot-password', ({ email }) => ({ email })),
  'resend-verification': posting('/auth/resend-verification', ({ email }) => ({ email })),
  'verify-email with a wrong code': posting('/auth/verify-email', ({ email }) => ({ email, code: '00000000' })),
  'reset-password with a wrong code': posting('/auth/reset-password', ({ email }) => ({
    email,
    code: '00000000',
    password: CHOSEN,
  })),
}
const STEPS: typeof MAILED = {
  register: posting('/auth/register', ({ email }) => ({ email, password: CHOSEN })),
  'register with a username': posting('/auth/register', ({ email, username }) => ({
    email,
    password: CHOSEN,
    username,
  })),
  'register another address with the same username': posting('/auth/register', ({ otherEmail, username }) => ({
    email: otherEmail,
    password: CHOSEN,
    username,
  })),
  'login with the chosen password': posting('/auth/login', ({ email }) => ({ identifier: email, password: CHOSEN })),
  'login by the username': posting('/auth/login', ({ username }) => ({ identifier: username, password: CHOSEN })),
  'login with another password': posting('/auth/login', ({ email }) => ({
    identifier: email,
    password: 'a wild guess',
  })),
  ...MAILED,
}

let template: string
/** Gives an address an account, which is a copy of one that was registered. */
async function giveAccount(email: string, verifiedAt: number | null): Promise<void> {
  const columns = 'password_hash, password_changed_at, status, locale, created_at'
  await rows(
    `insert into users (id, email, email_verified_at, ${columns}) select ?, ?, ?, ${columns} from users where id = ?`,
    crypto.randomUUID(),
    email,
    verifiedAt,
    template,
  )
}
const ADDRESSES: Record<string, (email: string) => Promise<void>> = {
  'an address that nobody has': async () => undefined,
  'a verified account': (email) => giveAccount(email, Date.now()),
  'an account that waits for its verification': (email) => giveAccount(email, null),
}

let lastStranger = 0
/** Takes these steps one after the other, and answers what a stranger sees of each. */
async function walk(counting: typeof strict, address: string, steps: readonly string[]): Promise<Seen[]> {
  lastStranger += 1
  const [email, otherEmail] = [newEmail(), newEmail()]
  await ADDRESSES[address]?.(email)
  const stranger = { counting, email, otherEmail, username: `walker${lastStranger}`, subject: newSubject() }
  const seen: Seen[] = []
  for (const step of steps) {
    const take = STEPS[step]
    if (take) seen.push(await take(stranger))
  }
  return seen
}

async function expectAlike(counting: typeof strict, steps: readonly string[]): Promise<Seen[]> {
  const [nobody = '', ...known] = Object.keys(ADDRESSES)
  const expected = await walk(counting, nobody, steps)
  expect(expected).toHaveLength(steps.length)
  for (const address of known)
    expect({ steps, address, seen: await walk(counting, address, steps) }).toEqual({ steps, address, seen: expected })
  return expected
}

beforeAll(async () => {
  template = (await registered({ password: PASSWORD })).id
  // After this, the isolate has its signing keys, so that every further request makes the same calls.
  for (const counting of [strict, lenient]) await walk(counting, 'a verified account', Object.keys(STEPS))
})
afterAll(mailsSettled)

describe('two requests in a row tell nobody by status, body, headers or calls who has an account (ASVS 6.3.8)', () => {
  it.each(Object.keys(STEPS))('%s, then any other step, or the same once more', { timeout: 120_000 }, async (first) => {
    for (const second of Object.keys(STEPS)) {
      const seen = await expectAlike(strict, [first, second])
      for (const { status, headers, calls } of seen) {
        expect(d1RoundTrips(calls)).toBeGreaterThan(0)
        expect([200, 202, 302, 400, 401]).toContain(status)
        expect(headers['set-cookie'] ?? '').not.toMatch(/access|refresh|device/)
      }
    }
  })

  it.each(Object.keys(MAILED))(
    'sign in by a provider, again, and then %s, where unverified accounts may log in',
    { timeout: 120_000 },
    async (last) => {
      const elsewhere = 'sign in by a provider that did not verify the address'
      await expectAlike(lenient, [elsewhere, elsewhere, last])
    },
  )
})

describe('more requests in a row', () => {
  it('are throttled after five tries with the chosen password, alike for a new address and for a known one', async () => {
    const seen = await expectAlike(strict, ['register', ...Array(7).fill('login with the chosen password')])
    expect(seen.map(({ status }) => status)).toEqual([202, 401, 401, 401, 401, 401, 429, 429])
  })

  it('mail the link again to the owner of a new address, and nothing to anybody else', async () => {
    const email = newEmail()
    const body = { email, password: CHOSEN }
    await seePost(strict, '/auth/register', body)
    const refused = await seePost(strict, '/auth/login', { identifier: email, password: CHOSEN })
    expect(refused).toMatchObject({ status: 401, body: { code: 'invalid_credentials', detail: expect.any(String) } })
    expect(await countRows('outbox', "recipient = ? and kind = 'verify_email'", email)).toBe(2)
  })
})
