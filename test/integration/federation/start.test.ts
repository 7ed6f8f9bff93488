import { describe, expect, it, vi } from 'vitest'
import { parseSettings } from '../../../src/env.ts'
import { expectRefusal } from '../../support/answers.ts'
import { APP, createBrowser } from '../../support/browser.ts'
import { callWorker } from '../../support/call-worker.ts'
import { locationOf, oauthEnv, startPath } from '../../support/providers.ts'

const service = oauthEnv()

describe('GET /auth/oauth/providers', () => {
  it('lists the configured providers, and nothing of their configuration', async () => {
    const response = await callWorker(service, 'GET', '/auth/oauth/providers')
    expect(await response.json()).toEqual({
      items: [
        { id: 'google', name: 'Google' },
        { id: 'github', name: 'GitHub' },
        { id: 'microsoft', name: 'Microsoft' },
      ],
    })
  })

  it('lists none where none is configured', async () => {
    const response = await callWorker(
      {
        ...service,
        ...oauthEnv({
          GOOGLE_CLIENT_ID: '',
          GOOGLE_CLIENT_SECRET: '',
          GITHUB_CLIENT_ID: '',
          GITHUB_CLIENT_SECRET: '',
          MICROSOFT_CLIENT_ID: '',
          MICROSOFT_CLIENT_SECRET: '',
        }),
      },
      'GET',
      '/auth/oauth/providers',
    )
    expect(await response.json()).toEqual({ items: [] })
  })
})

describe('a malformed OIDC_PROVIDERS', () => {
  const entry = {
    id: 'acme',
    name: 'Acme',
    issuer: 'https://login.acme.example',
    clientId: 'postern',
    clientSecret: 'secret-of-acme',
  }

  it.each([
    ['an id that is taken', [{ ...entry, id: 'google' }]],
    ['an id that is there twice', [entry, entry]],
    ['an id with a slash', [{ ...entry, id: 'a/b' }]],
    ['an issuer with a query', [{ ...entry, issuer: 'https://login.acme.example/?a=b' }]],
    ['an issuer that is neither https nor on this machine', [{ ...entry, issuer: 'http://login.acme.example' }]],
    ['a member nobody knows', [{ ...entry, scopes: 'all' }]],
  ])('stops every request: %s', async (_, configured) => {
    const logged = vi.spyOn(console, 'error').mockImplementation(() => undefined)
    const env = oauthEnv({ OIDC_PROVIDERS: JSON.stringify(configured) })
    const response = await callWorker(env, 'GET', '/auth/oauth/providers')
    const lines = logged.mock.calls.map(([line]) => String(line)).join('\n')
    logged.mockRestore()
    expect(response.status).toBe(500)
    expect(lines).toContain('"variable":"OIDC_PROVIDERS"')
    expect(lines).not.toContain('secret-of-acme')
  })

  it('is refused for an issuer without https in production, before anything is deployed', () => {
    const production = {
      ENVIRONMENT: 'production',
      AUTH_SECRET: 'v1:HQWzyL0VccnbhT4KDbHYGI9WdTq-SoCGQjly6z61HWw',
      ISSUER: 'https://auth.example.com',
      MAIL_TRANSPORT: 'binding',
      MAIL_FROM: 'no-reply@example.com',
    }
    expect(() => parseSettings(production)).not.toThrow()
    const insecure = JSON.stringify([{ ...entry, issuer: 'http://localhost:9000' }])
    expect(() => parseSettings({ ...production, OIDC_PROVIDERS: insecure })).toThrow(
      /OIDC_PROVIDERS: entry 1: issuer must be/,
    )
  })
})

describe('GET /auth/oauth/{provider} (ASVS 10.1.2, 10.2.1)', () => {
  it('sends the browser to the provider with state, nonce and an S256 challenge, and remembers them sealed', async () => {
    const browser = createBrowser(service)
    const response = await browser.open(startPath('google'))
    const url = locationOf(response)
    expect(url.origin).toBe('https://accounts.google.com')
    expect(url.searchParams.get('redirect_uri')).toBe('http://localhost:8787/auth/oauth/google/callback')
    expect(url.searchParams.get('code_challenge_method')).toBe('S256')
    for (const name of ['state', 'nonce', 'code_challenge'])
      expect(url.searchParams.get(name)).toMatch(/^[A-Za-z0-9_-]{43}$/)
    const [cookie = ''] = response.headers.getSetCookie()
    expect(cookie).toMatch(/^__Host-oauth-[A-Za-z0-9_-]{12}=/)
    expect(cookie).toMatch(/; Max-Age=600; Path=\/; HttpOnly; Secure; SameSite=Lax$/)
    expect(cookie).not.toContain(url.searchParams.get('state'))
    expect(cookie.length).toBeLessThan(4096)
  })

  it.each([
    ['//app.example.com/'],
    ['https://app.example.com@evil.example/'],
    ['https://app.example.com.evil.example/'],
    ['https://app.example.com\\@evil.example'],
    ['javascript:alert(1)'],
    ['https://evil.example/?https://app.example.com'],
    ['https://app.example.com/%2e%2e/'],
    ['https://other.example/landing'],
    ['https://other.example/landing?from=elsewhere'],
    [''],
  ])('refuses to return to %s (cloudflare/workers-oauth-provider#97, ASVS 3.7.2)', async (redirectTo) => {
    const response = await callWorker(service, 'GET', startPath('google', { redirectTo }))
    await expectRefusal(response, 400, 'redirect_not_allowed')
    expect(response.headers.getSetCookie()).toEqual([])
  })

  it.each([
    'https://app.example.com/a?b=c',
    'https://other.example/landing?from=postern',
    'http://localhost:8787/account',
  ])('returns to %s', async (redirectTo) => {
    expect((await callWorker(service, 'GET', startPath('google', { redirectTo }))).status).toBe(302)
  })

  it('keeps its cookie within 4 KB for the longest target (ASVS 3.3.5)', async () => {
    const redirectTo = `${APP}/${'a'.repeat(2048 - APP.length - 1)}`
    const response = await callWorker(service, 'GET', startPath('google', { redirectTo }))
    expect(response.status).toBe(302)
    expect(response.headers.getSetCookie()[0]?.split(';')[0]?.length).toBeLessThan(4096)
  })

  it('asks for a challenge where tokens go into the body', async () => {
    const problem = await expectRefusal(
      await callWorker(service, 'GET', startPath('google', { delivery: 'body' })),
      400,
      'invalid_request',
    )
    expect(problem.errors).toEqual([{ path: 'codeChallenge', message: 'Send a challenge with delivery=body.' }])
    const plain = startPath('google', { delivery: 'body', codeChallenge: 'plain' })
    await expectRefusal(await callWorker(service, 'GET', plain), 400, 'invalid_request')
  })

  it.each(['linkedin', 'toString', 'exchange', '__proto__', 'GOOGLE'])('does not know %s', async (provider) => {
    await expectRefusal(await callWorker(service, 'GET', startPath(provider)), 404, 'not_found')
  })

  it('keeps at most four logins under way, the newest', async () => {
    const browser = createBrowser(service)
    const states: (string | null)[] = []
    for (let tab = 0; tab < 6; tab += 1)
      states.push(locationOf(await browser.open(startPath('google'))).searchParams.get('state'))
    expect([...browser.jar.keys()]).toHaveLength(4)
    const oldest = await browser.open(`/auth/oauth/google/callback?state=${states[0]}&code=x`)
    await expectRefusal(oldest, 400, 'invalid_state')
    expect((await browser.open(`/auth/oauth/google/callback?state=${states[5]}&error=access_denied`)).status).toBe(302)
  })
})
