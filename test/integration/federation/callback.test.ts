import { HttpResponse, http } from 'msw'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { expectRefusal } from '../../support/answers.ts'
import { createBrowser } from '../../support/browser.ts'
import { newEmail } from '../../support/client.ts'
import { countRows, mailsSettled } from '../../support/database.ts'
import { interceptEnv } from '../../support/intercept-env.ts'
import { locationOf, newSubject, oauthEnv, REDIRECT, startPath, stubProviders } from '../../support/providers.ts'
import { queryOne } from '../../support/stored-state.ts'
import { BROKEN_ANSWERS } from '../../unit/oauth-providers/support.ts'

const providers = stubProviders()
const service = oauthEnv()
const person = (claims: Record<string, unknown> = {}) => ({
  sub: newSubject(),
  email: newEmail(),
  email_verified: true,
  ...claims,
})

/** Sends a browser to Google, from which it comes back with a code. */
async function comingBack(claims = person(), env = service) {
  const browser = createBrowser(env)
  const authorization = await browser.open(startPath('google'))
  return {
    browser,
    authorization: locationOf(authorization),
    callback: providers.google(authorization, claims),
    claims,
  }
}

const expectLanding = (response: Response, error: string) => {
  expect(locationOf(response).href).toBe(`${REDIRECT}?error=${error}`)
  expect(response.headers.getSetCookie().filter((line) => !/Max-Age=0/.test(line))).toEqual([])
}

afterAll(mailsSettled)

describe('GET /auth/oauth/{provider}/callback: the state (RFC 9700 §4.7; ASVS 10.2.1)', () => {
  it('refuses a request without a state, and sends the browser nowhere', async () => {
    const { browser } = await comingBack()
    await expectRefusal(await browser.open('/auth/oauth/google/callback?code=x'), 400, 'invalid_state')
    await expectRefusal(await browser.open('/auth/oauth/google/callback'), 400, 'invalid_state')
  })

  it('refuses a state that belongs to another browser, so that nobody can be logged in against their will', async () => {
    const attacker = await comingBack()
    const victim = createBrowser(service)
    await victim.open(startPath('google'))
    await expectRefusal(await victim.open(attacker.callback), 400, 'invalid_state')
    expect(await countRows('users', 'email = ?', attacker.claims.email)).toBe(0)
  })

  it('refuses a state that is given twice', async () => {
    const { browser, callback } = await comingBack()
    await expectRefusal(await browser.open(`${callback}&state=other`), 400, 'invalid_request')
  })

  it('refuses the state of another provider (next-auth GHSA-x445-f3h2-j279; RFC 9700 §4.4, ASVS 10.2.2)', async () => {
    const { browser, callback } = await comingBack()
    await expectRefusal(await browser.open(callback.replace('/google/', '/github/')), 400, 'invalid_state')
    expect(locationOf(await browser.open(callback)).href).toBe(REDIRECT)
  })

  it('refuses the cookie of another state that was renamed', async () => {
    const first = await comingBack()
    const second = await comingBack()
    const [[name] = ['']] = first.browser.jar
    const [[, value] = ['', '']] = second.browser.jar
    first.browser.jar.set(name, value)
    await expectRefusal(await first.browser.open(first.callback), 400, 'invalid_state')
  })

  it('refuses a state that was used before, when the callback is opened again', async () => {
    const { browser, callback } = await comingBack()
    expect(locationOf(await browser.open(callback)).href).toBe(REDIRECT)
    await expectRefusal(await browser.open(callback), 400, 'invalid_state')
  })

  it('opens no second session for a callback that was copied together with its cookie', async () => {
    const { browser, callback, claims } = await comingBack()
    const thief = createBrowser(service)
    for (const [name, value] of browser.jar) thief.jar.set(name, value)
    await browser.open(callback)
    const before = providers.seen.tokenRequests
    expectLanding(await thief.open(callback), 'invalid_state')
    expect(providers.seen.tokenRequests).toBe(before)
    expect(await countRows('sessions', 'user_id = (select id from users where email = ?)', claims.email)).toBe(1)
  })

  it('lets one of 20 simultaneous uses of a state win', async () => {
    const { browser, callback } = await comingBack()
    const copies = Array.from({ length: 20 }, () => {
      const copy = createBrowser(service)
      for (const [name, value] of browser.jar) copy.jar.set(name, value)
      return copy
    })
    const landings = await Promise.all(copies.map(async (copy) => locationOf(await copy.open(callback)).href))
    expect(landings.filter((href) => href === REDIRECT)).toHaveLength(1)
    expect(landings.filter((href) => href === `${REDIRECT}?error=invalid_state`)).toHaveLength(19)
  })

  it('refuses a state after ten minutes', async () => {
    const { browser, callback } = await comingBack()
    vi.useFakeTimers({ now: Date.now() + 10 * 60_000 + 1, toFake: ['Date'] })
    try {
      await expectRefusal(await browser.open(callback), 400, 'invalid_state')
    } finally {
      vi.useRealTimers()
    }
  })

  it('refuses a state whose cookie was changed or is malformed', async () => {
    const { browser, callback } = await comingBack()
    const [[name, value] = ['', '']] = browser.jar
    for (const broken of [value.slice(0, -2), value.replace(/^[^.]+/, 'eyJhbGciOiJub25lIn0'), '{}', 'x'.repeat(5000)]) {
      browser.jar.set(name, broken)
      await expectRefusal(await browser.open(callback), 400, 'invalid_state')
    }
  })
})

describe('GET /auth/oauth/{provider}/callback: what the provider says', () => {
  it.each([
    ['access_denied', 'access_denied'],
    ['temporarily_unavailable', 'provider_unavailable'],
    ['unauthorized_client', 'provider_misconfigured'],
    ['<script>', 'invalid_provider_response'],
  ])('passes %s on as %s', async (error, code) => {
    const { browser, authorization } = await comingBack()
    const state = authorization.searchParams.get('state') ?? ''
    expectLanding(await browser.open(`/auth/oauth/google/callback?${new URLSearchParams({ state, error })}`), code)
  })

  it('refuses a code that was used before', async () => {
    const first = await comingBack()
    await first.browser.open(first.callback)
    const used = new URL(first.callback, 'http://x').searchParams.get('code') ?? ''
    const second = await comingBack()
    const state = second.authorization.searchParams.get('state') ?? ''
    expectLanding(
      await second.browser.open(`/auth/oauth/google/callback?${new URLSearchParams({ state, code: used })}`),
      'invalid_grant',
    )
  })

  it('refuses a code that was injected from another browser, because its verifier is another (RFC 9700 §2.1.1)', async () => {
    const victim = await comingBack()
    const attacker = await comingBack()
    const state = attacker.authorization.searchParams.get('state') ?? ''
    const stolen = new URL(victim.callback, 'http://x').searchParams.get('code') ?? ''
    expectLanding(
      await attacker.browser.open(`/auth/oauth/google/callback?${new URLSearchParams({ state, code: stolen })}`),
      'invalid_grant',
    )
  })

  it.each([
    ['nonce', { nonce: 'foreign' }],
    ['issuer', { iss: 'https://evil.example' }],
    ['audience', { aud: 'other' }],
    ['expiry', { exp: 1 }],
    ['time', { iat: Math.floor(Date.now() / 1000) + 3600 }],
  ])('refuses an ID token with a wrong %s', async (_, claims) => {
    const { browser, callback } = await comingBack(person(claims))
    expectLanding(await browser.open(callback), 'invalid_provider_response')
  })

  it.each(BROKEN_ANSWERS)('survives a token endpoint that answers %s', async (_, broken) => {
    providers.server.use(http.post('https://oauth2.googleapis.com/token', broken))
    const { browser, callback } = await comingBack()
    expectLanding(await browser.open(callback), 'provider_unavailable')
  })

  it('answers provider_misconfigured when the client secret is wrong', async () => {
    providers.server.use(
      http.post('https://oauth2.googleapis.com/token', () =>
        HttpResponse.json({ error: 'invalid_client' }, { status: 401 }),
      ),
    )
    const { browser, callback } = await comingBack()
    expectLanding(await browser.open(callback), 'provider_misconfigured')
  })

  it('audits the refusal, and logs its reason without anything that the provider sent', async () => {
    const logged = vi.spyOn(console, 'warn').mockImplementation(() => undefined)
    const counted = () =>
      queryOne("select coalesce(sum(count), 0) as count from audit_counts where kind = 'login.failed'")
    const before = Number((await counted()).count)
    const { browser, callback, claims } = await comingBack(person({ nonce: 'foreign' }))
    await browser.open(callback)
    const lines = logged.mock.calls.map(([line]) => String(line)).join('\n')
    logged.mockRestore()
    expect(lines).toContain('"reason":"ID token: nonce"')
    expect(lines).not.toContain(claims.email)
    expect(await counted()).toEqual({ count: before + 1 })
  })
})

describe('GET /auth/oauth/{provider}/callback: faults of our own', () => {
  it('answers dependency_unavailable when the database fails, and opens nothing', async () => {
    const claims = person()
    let isDown = false
    const failing = interceptEnv(service, (call, proceed) =>
      isDown && call.kind === 'd1' ? Promise.reject(new Error('D1_ERROR: out')) : proceed(),
    )
    const { browser, callback } = await comingBack(claims, failing)
    isDown = true
    expectLanding(await browser.open(callback), 'dependency_unavailable')
    expect(await countRows('users', 'email = ?', claims.email)).toBe(0)
  })

  it('leaves nothing of an account when its batch fails (better-auth 1.7.7)', async () => {
    const claims = person()
    let hasFailed = false
    const failing = interceptEnv(service, (call, proceed) => {
      if (hasFailed || !call.sql.some((sql) => /insert into "users"/.test(sql))) return proceed()
      hasFailed = true
      return Promise.reject(new Error('D1_ERROR: out'))
    })
    const { browser, callback } = await comingBack(claims, failing)
    expectLanding(await browser.open(callback), 'dependency_unavailable')
    expect(hasFailed).toBe(true)
    const again = await comingBack(claims, failing)
    expect(locationOf(await again.browser.open(again.callback)).href).toBe(REDIRECT)
    expect(await countRows('users', 'email = ?', claims.email)).toBe(1)
  })
})
