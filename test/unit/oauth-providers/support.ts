import { exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from 'jose'
import { HttpResponse } from 'msw'
import { expect } from 'vitest'
import type { AuthenticationInput, OAuthProvider } from '../../../src/oauth-providers/provider.ts'
import { ProviderError, type ProviderErrorCode } from '../../../src/oauth-providers/provider-error.ts'
import { NOON_MS } from '../../support/clock.ts'

export const CLIENT = { clientId: 'client-id', clientSecret: 'client-secret' }
export const NOW = NOON_MS
export const NOW_SECONDS = NOW / 1000
export const NONCE = 'nonce-of-this-login'
export const STATE = 'state-of-this-login'

/**
 * Creates the signing key of a provider: its public part for a key set, and a way to sign claims that are right unless
 * they are overridden.
 */
export async function createSigner(alg = 'RS256', kid = 'key-1', members: Partial<JWK> & { issuer?: string } = {}) {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true })
  const jwk: JWK = { ...(await exportJWK(publicKey)), use: 'sig', alg, kid, ...members }
  const sign = (claims: JWTPayload, header: Record<string, unknown> = {}) =>
    new SignJWT({ iat: NOW_SECONDS, exp: NOW_SECONDS + 3600, nonce: NONCE, ...claims })
      .setProtectedHeader({ alg, kid, typ: 'JWT', ...header })
      .sign(privateKey)
  return { jwk, sign }
}
export type Signer = Awaited<ReturnType<typeof createSigner>>

/** Builds what a login began with, and a callback that answers it. */
export function loginInput(
  parameters: Record<string, string> = {},
  overrides: Partial<AuthenticationInput> = {},
): AuthenticationInput {
  return {
    parameters: new URLSearchParams({ code: 'code-1', state: STATE, ...parameters }),
    redirectUri: 'https://auth.example.com/auth/oauth/x/callback',
    state: STATE,
    nonce: NONCE,
    codeVerifier: 'v'.repeat(43),
    now: NOW,
    ...overrides,
  }
}

/** Expects a refusal in which no secret of the exchange stands. */
export async function expectRefusal(attempt: Promise<unknown>, code: ProviderErrorCode): Promise<ProviderError> {
  const error: unknown = await attempt.then(
    () => null,
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(ProviderError)
  const refusal = error as ProviderError
  expect(refusal.code, refusal.reason).toBe(code)
  expect(refusal.cause).toBeUndefined()
  expect(`${refusal.message} ${refusal.stack}`).not.toMatch(/eyJ|ya29|gho_|code-1|client-secret|anna@/)
  return refusal
}

/** A token endpoint can fail to answer in each of these ways. */
export const BROKEN_ANSWERS: readonly [string, () => Response][] = [
  ['500', () => HttpResponse.json({ error: 'server_error' }, { status: 500 })],
  ['503 in HTML', () => HttpResponse.html('<h1>down</h1>', { status: 503 })],
  ['HTML with status 200', () => HttpResponse.html('<h1>hello</h1>')],
  ['HTML with status 400', () => HttpResponse.html('<h1>bad</h1>', { status: 400 })],
  ['malformed JSON', () => new HttpResponse('{"access_token":', { headers: { 'content-type': 'application/json' } })],
  ['a JSON string', () => HttpResponse.json('hello')],
  ['429', () => HttpResponse.json({}, { status: 429 })],
  ['a broken connection', () => HttpResponse.error()],
]

export const authenticate = (provider: OAuthProvider, ...input: Parameters<typeof loginInput>) =>
  provider.authenticate(loginInput(...input))

/** Reads the body of a token request. `text()` would make workerd warn about its media type. */
export const readForm = async (request: Pick<Request, 'arrayBuffer'>) =>
  new URLSearchParams(new TextDecoder().decode(await request.arrayBuffer()))
