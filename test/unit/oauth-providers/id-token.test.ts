import type { JWTPayload } from 'jose'
import { SignJWT, UnsecuredJWT } from 'jose'
import { HttpResponse, http } from 'msw'
import { setupServer } from 'msw/node'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { forgetKeySets, ID_TOKEN_ALGORITHMS, verifyIdToken } from '../../../src/oauth-providers/id-token.ts'
import { createSigner, expectRefusal, NONCE, NOW, NOW_SECONDS, type Signer } from './support.ts'

const JWKS_URI = 'https://issuer.example/jwks'
const ISSUER = 'https://issuer.example'
const CLAIMS = { iss: ISSUER, sub: 'subject-1', aud: 'client-id' }
const server = setupServer()
let signer: Signer
let keySetRequests = 0

function publish(...keys: Signer[]) {
  server.use(
    http.get(JWKS_URI, () => {
      keySetRequests++
      return HttpResponse.json({ keys: keys.map(({ jwk }) => jwk) })
    }),
  )
}
const verify = (token: string, overrides: Partial<Parameters<typeof verifyIdToken>[1]> = {}) =>
  verifyIdToken(token, {
    jwksUri: JWKS_URI,
    clientId: 'client-id',
    algorithms: ID_TOKEN_ALGORITHMS,
    isIssuer: ({ iss }) => iss === ISSUER,
    nonce: NONCE,
    now: NOW,
    ...overrides,
  })
const verifyClaims = async (claims: JWTPayload, header = {}) =>
  verify(await signer.sign({ ...CLAIMS, ...claims }, header))

beforeAll(async () => {
  server.listen({ onUnhandledRequest: 'error' })
  signer = await createSigner()
})
afterEach(() => {
  server.resetHandlers()
  forgetKeySets()
  keySetRequests = 0
})
afterAll(() => server.close())

describe('ID token (OpenID Connect Core §3.1.3.7, RFC 8725, ASVS 6.8.2 9.1.1-9.1.3 9.2.1-9.2.3 10.5.1)', () => {
  it.each(['RS256', 'PS256', 'ES256', 'EdDSA'])('accepts a token signed with %s', async (alg) => {
    signer = await createSigner(alg)
    publish(signer)
    await expect(verifyClaims({})).resolves.toMatchObject({ iss: ISSUER, sub: 'subject-1' })
    signer = await createSigner()
  })

  it('accepts several audiences where azp is this client', async () => {
    publish(signer)
    await expect(verifyClaims({ aud: ['client-id', 'other'], azp: 'client-id' })).resolves.toMatchObject({
      sub: 'subject-1',
    })
  })

  it.each<[string, JWTPayload, string]>([
    ['another issuer', { iss: 'https://evil.example' }, 'iss'],
    ['the issuer with a slash', { iss: `${ISSUER}/` }, 'iss'],
    ['another audience', { aud: 'other' }, 'aud'],
    ['no audience', { aud: undefined as unknown as string }, 'aud'],
    ['several audiences without azp', { aud: ['client-id', 'other'] }, 'azp'],
    ['another authorized party', { azp: 'other' }, 'azp'],
    ['no nonce', { nonce: undefined }, 'nonce'],
    ['the nonce of another login', { nonce: 'foreign' }, 'nonce'],
    ['no subject', { sub: undefined as unknown as string }, 'sub'],
    ['an empty subject', { sub: '' }, 'sub'],
    ['a subject of 256 characters', { sub: 'x'.repeat(256) }, 'sub'],
    ['no expiry', { exp: undefined as unknown as number }, 'exp'],
    ['an expiry 61 s ago', { exp: NOW_SECONDS - 61 }, 'exp'],
    ['no time of issue', { iat: undefined as unknown as number }, 'iat'],
    ['an issue time that is 2 min ahead', { iat: NOW_SECONDS + 120 }, 'iat'],
    ['an issue time that is 12 min ago', { iat: NOW_SECONDS - 720 }, 'iat'],
    ['not before 2 min ahead', { nbf: NOW_SECONDS + 120 }, 'nbf'],
  ])('refuses %s', async (_, claims, rule) => {
    publish(signer)
    const refusal = await expectRefusal(verifyClaims(claims), 'invalid_provider_response')
    expect(refusal.reason).toBe(`ID token: ${rule}`)
  })

  it.each<[string, JWTPayload]>([
    ['30 s behind', { iat: NOW_SECONDS - 30, exp: NOW_SECONDS - 30 }],
    ['30 s ahead', { iat: NOW_SECONDS + 30, nbf: NOW_SECONDS + 30 }],
  ])('accepts a token of a provider whose clock is %s', async (_, claims) => {
    publish(signer)
    await expect(verifyClaims(claims)).resolves.toMatchObject({ sub: 'subject-1' })
  })

  it.each(['at+jwt', 'logout+jwt'])('refuses a token of type %s', async (typ) => {
    publish(signer)
    await expectRefusal(verifyClaims({}, { typ }), 'invalid_provider_response')
  })

  it('refuses alg none', async () => {
    publish(signer)
    const token = new UnsecuredJWT({ ...CLAIMS, nonce: NONCE, iat: NOW_SECONDS, exp: NOW_SECONDS + 60 }).encode()
    await expectRefusal(verify(token), 'invalid_provider_response')
  })

  it.each(['client-secret', 'the public key'])('refuses HS256 keyed with %s', async (material) => {
    publish(signer)
    const key = new TextEncoder().encode(
      material === 'client-secret' ? material.padEnd(32, '.') : JSON.stringify(signer.jwk),
    )
    const token = await new SignJWT({ ...CLAIMS, nonce: NONCE, iat: NOW_SECONDS, exp: NOW_SECONDS + 60 })
      .setProtectedHeader({ alg: 'HS256', kid: 'key-1' })
      .sign(key)
    await expectRefusal(verify(token), 'invalid_provider_response')
  })

  it('refuses an algorithm the provider does not use', async () => {
    signer = await createSigner('ES256')
    publish(signer)
    const token = await signer.sign(CLAIMS)
    await expectRefusal(verify(token, { algorithms: ['RS256'] }), 'invalid_provider_response')
    signer = await createSigner()
  })

  it.each(['jwk', 'jku', 'x5u'])("ignores the key a token brings along as '%s'", async (member) => {
    publish(signer)
    const attacker = await createSigner()
    const value = member === 'jwk' ? attacker.jwk : 'https://evil.example/keys'
    await expectRefusal(verify(await attacker.sign(CLAIMS, { [member]: value })), 'invalid_provider_response')
  })

  it('refuses a token with a claim changed after signing', async () => {
    publish(signer)
    const [header, , signature] = (await signer.sign(CLAIMS)).split('.')
    const payload = btoa(
      JSON.stringify({ ...CLAIMS, sub: 'victim', nonce: NONCE, iat: NOW_SECONDS, exp: NOW_SECONDS + 60 }),
    )
    await expectRefusal(verify(`${header}.${payload.replace(/=+$/, '')}.${signature}`), 'invalid_provider_response')
  })

  it.each(['', 'x', 'a.b.c', 'a.b.c.d.e', `${'a'.repeat(10_000)}`])(
    'refuses text that is not a token: %s',
    async (token) => {
      publish(signer)
      await expectRefusal(verify(token), 'invalid_provider_response')
    },
  )

  it('accepts a token without a nonce from a provider that sends none, but not with a wrong nonce', async () => {
    publish(signer)
    const without = await signer.sign({ ...CLAIMS, nonce: undefined })
    await expect(verify(without, { nonceRequired: false })).resolves.toMatchObject({ sub: 'subject-1' })
    const foreign = await signer.sign({ ...CLAIMS, nonce: 'foreign' })
    await expectRefusal(verify(foreign, { nonceRequired: false }), 'invalid_provider_response')
  })
})

describe('key set of a provider', () => {
  it('is fetched once in ten minutes', async () => {
    publish(signer)
    const token = await signer.sign({ ...CLAIMS, exp: NOW_SECONDS + 7200 })
    await verify(token)
    await verify(token, { now: NOW + 599_000 })
    expect(keySetRequests).toBe(1)
    await verify(token, { now: NOW + 600_000 })
    expect(keySetRequests).toBe(2)
  })

  it('is fetched again for a key that is not in it, so that a rotation locks nobody out', async () => {
    publish(signer)
    await verifyClaims({})
    const next = await createSigner('RS256', 'key-2')
    publish(next)
    await expect(verify(await next.sign(CLAIMS))).resolves.toMatchObject({ sub: 'subject-1' })
    expect(keySetRequests).toBe(2)
  })

  it('is fetched again where a nameless key was replaced', async () => {
    const nameless = { kid: undefined as unknown as string }
    const old = await createSigner('RS256', 'x', nameless)
    publish(old)
    await verify(await old.sign(CLAIMS, nameless))
    const next = await createSigner('RS256', 'x', nameless)
    publish(next)
    await expect(verify(await next.sign(CLAIMS, nameless))).resolves.toMatchObject({ sub: 'subject-1' })
  })

  it('is fetched again at most once in ten seconds', async () => {
    publish(signer)
    const stranger = await createSigner('RS256', 'unknown')
    const token = await stranger.sign(CLAIMS)
    for (let attempt = 0; attempt < 3; attempt++) await expectRefusal(verify(token), 'invalid_provider_response')
    expect(keySetRequests).toBe(2)
    await expectRefusal(verify(token, { now: NOW + 10_000 }), 'invalid_provider_response')
    expect(keySetRequests).toBe(3)
  })

  it('shares no pending fetch, so one that is never answered delays no other login (better-auth#10315)', async () => {
    const token = await signer.sign(CLAIMS)
    const asked = new Promise<void>((resolve) => {
      const never = () => {
        resolve()
        return new Promise<Response>(() => {})
      }
      server.use(http.get(JWKS_URI, never, { once: true }))
    })
    void verify(token).catch(() => {})
    await asked
    publish(signer)
    await expect(verify(token)).resolves.toMatchObject({ sub: 'subject-1' })
  })

  it.each<[string, () => Response]>([
    ['500', () => new HttpResponse(null, { status: 500 })],
    ['HTML', () => HttpResponse.html('<html>')],
    ['no keys', () => HttpResponse.json({})],
    ['404', () => HttpResponse.json({ keys: [] }, { status: 404 })],
  ])('that is %s is not cached', async (_, answer) => {
    const token = await signer.sign(CLAIMS)
    server.use(http.get(JWKS_URI, answer))
    await expectRefusal(verify(token), 'provider_unavailable')
    publish(signer)
    await expect(verify(token)).resolves.toMatchObject({ sub: 'subject-1' })
  })
})
