import { HttpResponse, http } from 'msw'
import { setupServer } from 'msw/node'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { createGitHub } from '../../../src/oauth-providers/github.ts'
import recorded from '../../vectors/provider-responses.json'
import { authenticate, BROKEN_ANSWERS, CLIENT, expectRefusal, loginInput, readForm, STATE } from './support.ts'

const TOKEN_ENDPOINT = 'https://github.com/login/oauth/access_token'
const USER = 'https://api.github.com/user'
const EMAILS = 'https://api.github.com/user/emails'
const { token, user, emails, codeReplayed, wrongSecret, emailsForbidden, rateLimited } = recorded.github
const github = createGitHub(CLIENT)
const server = setupServer()

const answerToken = (body: unknown = token) =>
  server.use(http.post(TOKEN_ENDPOINT, () => HttpResponse.json(body as object)))
const answerUser = (body: unknown = user) => server.use(http.get(USER, () => HttpResponse.json(body as object)))
const answerEmails = (body: unknown = emails, init = {}) =>
  server.use(http.get(EMAILS, () => HttpResponse.json(body as object, init)))

beforeAll(() => server.listen({ onUnhandledRequest: 'error' }))
afterEach(() => server.resetHandlers())
afterAll(() => server.close())

describe('GitHub: the request to it', () => {
  it('sends state and a PKCE S256 challenge, and asks for no more than the addresses', async () => {
    const url = await github.authorizationUrl(loginInput())
    expect(url.origin + url.pathname).toBe('https://github.com/login/oauth/authorize')
    expect(Object.fromEntries(url.searchParams)).toMatchObject({
      client_id: 'client-id',
      redirect_uri: 'https://auth.example.com/auth/oauth/x/callback',
      scope: 'user:email',
      state: STATE,
      code_challenge: expect.stringMatching(/^[\w-]{43}$/),
      code_challenge_method: 'S256',
    })
  })
})

describe('GitHub: the answer from it', () => {
  it('answers the numeric id and the primary address, never the one shown in the profile', async () => {
    answerToken()
    answerUser()
    answerEmails()
    await expect(authenticate(github)).resolves.toEqual({
      issuer: 'https://github.com',
      subject: '583231',
      email: 'anna@example.com',
      emailVerified: true,
      name: 'Anna Example',
      hostedDomain: null,
      tokens: { accessToken: token.access_token, refreshToken: null, expiresAt: null },
    })
  })

  it('sends the PKCE verifier, and names itself to the API', async () => {
    const seen: Record<string, string | null> = {}
    server.use(
      http.post(TOKEN_ENDPOINT, async ({ request }) => {
        const body = await readForm(request)
        seen.verifier = body.get('code_verifier')
        seen.accept = request.headers.get('accept')
        return HttpResponse.json(token)
      }),
      http.get(USER, ({ request }) => {
        seen.agent = request.headers.get('user-agent')
        seen.authorization = request.headers.get('authorization')
        return HttpResponse.json(user)
      }),
    )
    answerEmails()
    await authenticate(github)
    expect(seen).toEqual({
      verifier: 'v'.repeat(43),
      accept: 'application/json',
      agent: 'postern',
      authorization: `Bearer ${token.access_token}`,
    })
  })

  it('recognises a person who renamed their account, because the id stays', async () => {
    answerToken()
    answerUser({ ...user, login: 'anna-renamed', name: null })
    answerEmails()
    await expect(authenticate(github)).resolves.toMatchObject({ subject: '583231', name: null })
  })

  it('answers that the primary address is unverified, although another one is verified', async () => {
    answerToken()
    answerUser()
    answerEmails(emails.map((address) => ({ ...address, verified: !address.primary })))
    await expect(authenticate(github)).resolves.toMatchObject({ email: 'anna@example.com', emailVerified: false })
  })

  it.each<[string, unknown, object]>([
    ['without addresses', [], {}],
    ['whose app may not read addresses', emailsForbidden, { status: 403 }],
    ['whose app has no such permission', { message: 'Not Found' }, { status: 404 }],
  ])('accepts a person %s', async (_, body, init) => {
    answerToken()
    answerUser()
    answerEmails(body, init)
    await expect(authenticate(github)).resolves.toMatchObject({ email: null, emailVerified: false })
  })

  it.each<[string, unknown]>([
    ['no id', { ...user, id: undefined }],
    ['an id that is a text', { ...user, id: '583231' }],
    ['an id that is no whole number', { ...user, id: 1.5 }],
    ['id 0', { ...user, id: 0 }],
  ])('refuses a user with %s', async (_, body) => {
    answerToken()
    answerUser(body)
    await expectRefusal(authenticate(github), 'invalid_provider_response')
  })

  it('answers invalid_grant for a code that was used before, which GitHub reports with status 200', async () => {
    answerToken(codeReplayed)
    await expectRefusal(authenticate(github), 'invalid_grant')
  })

  it('answers provider_misconfigured for a wrong secret', async () => {
    answerToken(wrongSecret)
    await expectRefusal(authenticate(github), 'provider_misconfigured')
  })

  it('answers invalid_provider_response for an empty token answer', async () => {
    answerToken({})
    await expectRefusal(authenticate(github), 'invalid_provider_response')
  })

  it.each(BROKEN_ANSWERS)('answers provider_unavailable for a token endpoint that answers %s', async (_, broken) => {
    server.use(http.post(TOKEN_ENDPOINT, broken))
    await expectRefusal(authenticate(github), 'provider_unavailable')
  })

  it.each(BROKEN_ANSWERS.filter(([what]) => !what.includes('400')))(
    'says of an API that answers %s: provider_unavailable',
    async (_, broken) => {
      answerToken()
      server.use(http.get(USER, broken))
      await expectRefusal(authenticate(github), 'provider_unavailable')
      answerUser()
      server.use(http.get(EMAILS, broken))
      await expectRefusal(authenticate(github), 'provider_unavailable')
    },
  )

  it('answers provider_unavailable when the rate limit of GitHub is used up', async () => {
    answerToken()
    answerUser()
    answerEmails(rateLimited, { status: 403, headers: { 'x-ratelimit-remaining': '0' } })
    await expectRefusal(authenticate(github), 'provider_unavailable')
  })

  it('answers invalid_provider_response for a revoked token', async () => {
    answerToken()
    server.use(http.get(USER, () => HttpResponse.json({ message: 'Bad credentials' }, { status: 401 })))
    await expectRefusal(authenticate(github), 'invalid_provider_response')
  })

  it('follows no redirect with the token', async () => {
    answerToken()
    server.use(http.get(USER, () => HttpResponse.redirect('https://evil.example/')))
    await expectRefusal(authenticate(github), 'provider_unavailable')
  })

  it('reads no more than 256 KiB', async () => {
    answerToken()
    answerUser({ ...user, bio: 'x'.repeat(300 * 1024) })
    expect((await expectRefusal(authenticate(github), 'provider_unavailable')).reason).toContain('too large')
  })

  it.each([
    ['is silent', () => new Promise<Response>(() => {})],
    [
      'stalls in the middle of its answer',
      () => new HttpResponse(new ReadableStream({ start: (c) => c.enqueue(new Uint8Array(1)) })),
    ],
  ])('gives up on an API that %s for ten seconds', async (_, stall) => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    try {
      answerToken()
      server.use(http.get(USER, stall))
      const refused = expectRefusal(authenticate(github), 'provider_unavailable')
      await vi.advanceTimersByTimeAsync(10_000)
      await vi.advanceTimersByTimeAsync(10_000)
      expect((await refused).reason).toBe('time-out')
    } finally {
      vi.useRealTimers()
    }
  })
})
