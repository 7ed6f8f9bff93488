import { env } from 'cloudflare:workers'
import { createHash, randomBytes } from 'node:crypto'
import { exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from 'jose'
import { HttpResponse, http } from 'msw'
import { setupServer } from 'msw/node'
import { afterAll, afterEach, beforeAll } from 'vitest'
import { forgetKeySets } from '../../src/oauth-providers/id-token.ts'
import recorded from '../vectors/provider-responses.json'
import { APP, createBrowser, type TestBrowser } from './browser.ts'

export const REDIRECT = `${APP}/signed-in`

/**
 * Builds a deployment with Google, GitHub and Microsoft, and with one page to which a login may return. One such object
 * is the memory of one isolate.
 */
export const oauthEnv = (overrides: Record<string, unknown> = {}) =>
  ({
    ...env,
    RATE_LIMITS: 'off',
    ALLOWED_ORIGINS: APP,
    ALLOWED_REDIRECTS: `${APP},https://other.example/landing?from=postern`,
    GOOGLE_CLIENT_ID: 'client-id',
    GOOGLE_CLIENT_SECRET: 'client-secret',
    GITHUB_CLIENT_ID: 'client-id',
    GITHUB_CLIENT_SECRET: 'client-secret',
    MICROSOFT_CLIENT_ID: 'client-id',
    MICROSOFT_CLIENT_SECRET: 'client-secret',
    ...overrides,
  }) as unknown as Env

/** Makes the proof key of the page itself. */
export function newVerifier() {
  const codeVerifier = randomBytes(32).toString('base64url')
  return { codeVerifier, codeChallenge: createHash('sha256').update(codeVerifier).digest('base64url') }
}

let lastSubject = 0
/** Makes the subject of a person whom nobody has seen before. */
export function newSubject(): string {
  lastSubject += 1
  return `1101694844742763${String(lastSubject).padStart(5, '0')}`
}

export interface GitHubPerson {
  id: number
  name?: string | null
  emails: { email: string; primary: boolean; verified: boolean }[]
}

interface Visit {
  nonce: string | null
  codeChallenge: string | null
  claims: JWTPayload
}

/**
 * Stands in for Google, Microsoft and GitHub at the network border. It gives their recorded answers, issues a code for
 * each person who comes, checks PKCE as they check it, and redeems each code once. Anything else that the Worker
 * requests fails the test.
 */
export function stubProviders() {
  const visits = new Map<string, Visit>()
  const people = new Map<string, GitHubPerson>()
  const seen = { tokenRequests: 0 }
  let jwk: JWK
  let privateKey: CryptoKey
  let lastCode = 0

  /**
   * Redeems a code as a token endpoint does. It returns null for a code that is unknown, used, or proven with another
   * verifier.
   */
  async function redeem(request: Pick<Request, 'arrayBuffer'>) {
    seen.tokenRequests += 1
    const form = new URLSearchParams(new TextDecoder().decode(await request.arrayBuffer()))
    const code = form.get('code') ?? ''
    const visit = visits.get(code)
    visits.delete(code)
    const challenge = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url')
    // Only LinkedIn is asked without a challenge, because it supports no PKCE for web applications.
    return visit && (visit.codeChallenge ?? challenge) === challenge ? { code, visit } : null
  }
  const idToken = (visit: Visit, claims: JWTPayload) =>
    new SignJWT({
      iat: Math.floor(Date.now() / 1000),
      exp: Math.floor(Date.now() / 1000) + 3600,
      ...(visit.nonce === null ? {} : { nonce: visit.nonce }),
      ...claims,
    })
      .setProtectedHeader({ alg: 'RS256', kid: 'key-1', typ: 'JWT' })
      .sign(privateKey)
  const keys = () => HttpResponse.json({ keys: [jwk] })

  const server = setupServer(
    http.get('https://www.googleapis.com/oauth2/v3/certs', keys),
    http.get('https://login.microsoftonline.com/common/discovery/v2.0/keys', keys),
    http.get('https://www.linkedin.com/oauth/openid/jwks', keys),
    http.post('https://www.linkedin.com/oauth/v2/accessToken', async ({ request }) => {
      const found = await redeem(request)
      if (!found) return HttpResponse.json(recorded.linkedin.codeReplayed, { status: 400 })
      const id_token = await idToken(
        { ...found.visit, nonce: null },
        {
          ...recorded.linkedin.idTokenClaims,
          ...found.visit.claims,
        },
      )
      return HttpResponse.json({ ...recorded.linkedin.token, id_token })
    }),
    http.post('https://oauth2.googleapis.com/token', async ({ request }) => {
      const found = await redeem(request)
      if (!found) return HttpResponse.json(recorded.google.codeReplayed, { status: 400 })
      const { hd: _, ...claims } = recorded.google.idTokenClaims
      return HttpResponse.json({
        ...recorded.google.token,
        id_token: await idToken(found.visit, { ...claims, ...found.visit.claims }),
      })
    }),
    http.post('https://login.microsoftonline.com/common/oauth2/v2.0/token', async ({ request }) => {
      const found = await redeem(request)
      if (!found) return HttpResponse.json(recorded.microsoft.codeReplayed, { status: 400 })
      return HttpResponse.json({
        ...recorded.microsoft.token,
        id_token: await idToken(found.visit, { ...recorded.microsoft.idTokenClaims, ...found.visit.claims }),
      })
    }),
    http.post('https://github.com/login/oauth/access_token', async ({ request }) => {
      const found = await redeem(request)
      if (!found) return HttpResponse.json(recorded.github.codeReplayed)
      return HttpResponse.json({ ...recorded.github.token, access_token: `gho_${found.code}` })
    }),
    http.get('https://api.github.com/user', ({ request }) => {
      const person = people.get(request.headers.get('authorization') ?? '')
      if (!person) return HttpResponse.json({ message: 'Bad credentials' }, { status: 401 })
      const { id, name = recorded.github.user.name } = person
      return HttpResponse.json({ ...recorded.github.user, id, name })
    }),
    http.get('https://api.github.com/user/emails', ({ request }) =>
      HttpResponse.json(people.get(request.headers.get('authorization') ?? '')?.emails ?? []),
    ),
  )

  beforeAll(async () => {
    const pair = await generateKeyPair('RS256', { extractable: true })
    privateKey = pair.privateKey
    jwk = { ...(await exportJWK(pair.publicKey)), use: 'sig', alg: 'RS256', kid: 'key-1' }
    server.listen({ onUnhandledRequest: 'error' })
  })
  afterEach(() => {
    server.resetHandlers()
    forgetKeySets()
  })
  afterAll(() => server.close())

  /**
   * Plays the provider after the Worker has asked it: it sends the browser back with a code that stands for this
   * person.
   */
  function answer(authorization: Response | URL, provider: string, claims: JWTPayload, person?: GitHubPerson): string {
    const url = authorization instanceof URL ? authorization : locationOf(authorization)
    lastCode += 1
    const code = `code-${lastCode}`
    visits.set(code, {
      nonce: url.searchParams.get('nonce'),
      codeChallenge: url.searchParams.get('code_challenge'),
      claims,
    })
    if (person) people.set(`Bearer gho_${code}`, person)
    const state = url.searchParams.get('state') ?? ''
    return `/auth/oauth/${provider}/callback?${new URLSearchParams({ state, code })}`
  }
  return {
    server,
    seen,
    google: (authorization: Response | URL, claims: JWTPayload) => answer(authorization, 'google', claims),
    microsoft: (authorization: Response | URL, claims: JWTPayload) => answer(authorization, 'microsoft', claims),
    linkedin: (authorization: Response | URL, claims: JWTPayload) => answer(authorization, 'linkedin', claims),
    github: (authorization: Response | URL, person: GitHubPerson) => answer(authorization, 'github', {}, person),
  }
}
export type StubbedProviders = ReturnType<typeof stubProviders>

/** Answers the address to which a response redirects the browser. */
export function locationOf(response: Response): URL {
  const location = response.headers.get('Location')
  if (response.status !== 302 || location === null) throw new Error(`no redirect: ${response.status}`)
  return new URL(location)
}

/** Builds the path that begins a login. */
export const startPath = (provider: string, wishes: Record<string, string> = {}) =>
  `/auth/oauth/${provider}?${new URLSearchParams({ redirectTo: REDIRECT, delivery: 'cookie', ...wishes })}`

/** Signs somebody in through Google with cookies, and returns the browser and the address where it arrived. */
export async function signInWithGoogle(
  providers: StubbedProviders,
  target: Env | TestBrowser,
  claims: JWTPayload,
): Promise<{ browser: TestBrowser; landing: URL; error: string | null }> {
  const browser = 'jar' in target ? (target as TestBrowser) : createBrowser(target as Env)
  const callback = providers.google(await browser.open(startPath('google')), claims)
  const landing = locationOf(await browser.open(callback))
  return { browser, landing, error: landing.searchParams.get('error') }
}
