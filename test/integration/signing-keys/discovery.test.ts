import { exports } from 'cloudflare:workers'
import {
  createLocalJWKSet,
  createRemoteJWKSet,
  customFetch,
  decodeJwt,
  decodeProtectedHeader,
  type JSONWebKeySet,
  jwtVerify,
} from 'jose'
import { describe, expect, it } from 'vitest'
import { ServerMetadata } from '../../../src/contracts/health.ts'
import { signedIn } from '../../support/accounts.ts'
import { answerOf } from '../../support/answers.ts'
import { get, ORIGIN } from '../../support/client.ts'

/** A service that knows nothing but our address checks a token by these rules with a common library (RFC 9068 §4). */
const RULES = { issuer: ORIGIN, audience: ORIGIN, typ: 'at+jwt', algorithms: ['ES256'] }

describe('GET /.well-known/oauth-authorization-server (RFC 8414)', () => {
  it('names the issuer and where to find the rest, by configuration and never by the request', async () => {
    const response = await exports.default.fetch('http://attacker.example/.well-known/oauth-authorization-server', {
      headers: { 'X-Forwarded-Host': 'attacker.example' },
    })
    expect(response.headers.get('Cache-Control')).toBe('public, max-age=300')
    const metadata = await answerOf(response, ServerMetadata)
    expect(metadata.issuer).toBe(ORIGIN)
    for (const url of [metadata.jwks_uri, metadata.introspection_endpoint, metadata.revocation_endpoint])
      expect(url.startsWith(`${ORIGIN}/`)).toBe(true)
    expect(metadata.introspection_endpoint_auth_methods_supported).toEqual(['client_secret_basic'])
  })

  it('names addresses that exist', async () => {
    const metadata = await answerOf(await get('/.well-known/oauth-authorization-server'), ServerMetadata)
    expect((await get(new URL(metadata.jwks_uri).pathname)).status).toBe(200)
    for (const url of [metadata.introspection_endpoint, metadata.revocation_endpoint])
      expect((await get(new URL(url).pathname)).status).toBe(405)
  })
})

describe('an access token in another service (RFC 9068, RFC 8725 §3)', () => {
  it('verifies with jose and the published keys alone, found through the metadata', async () => {
    const { id, session, tokens } = await signedIn()
    const { issuer, jwks_uri } = await answerOf(await get('/.well-known/oauth-authorization-server'), ServerMetadata)
    const keys = createRemoteJWKSet(new URL(jwks_uri), {
      [customFetch]: (url, init) => exports.default.fetch(url, init as RequestInit),
    })
    const { payload, protectedHeader } = await jwtVerify(tokens.accessToken, keys, { ...RULES, issuer })
    expect(protectedHeader).toEqual({ alg: 'ES256', typ: 'at+jwt', kid: expect.any(String) })
    expect(payload).toMatchObject({ sub: id, sid: session.id, roles: ['user'], permissions: [], amr: ['pwd'] })
  })

  it('holds exactly the claims of the contract', async () => {
    const { tokens } = await signedIn()
    const claims = decodeJwt(tokens.accessToken)
    const expected = [
      'acr',
      'amr',
      'aud',
      'auth_time',
      'exp',
      'iat',
      'iss',
      'jti',
      'permissions',
      'rights_version',
      'roles',
      'sid',
      'sub',
    ]
    expect(
      Object.keys(claims)
        .filter((name) => name !== 'nbf')
        .sort(),
    ).toEqual(expected)
    expect(claims.aud).toBe(ORIGIN)
    expect(Number(claims.exp) - Number(claims.iat)).toBe(tokens.expiresIn)
    expect(JSON.stringify(claims)).not.toContain('@')
  })

  it('has an id of its own each time', async () => {
    const [first, second] = [await signedIn(), await signedIn()]
    expect(decodeJwt(first.tokens.accessToken).jti).not.toBe(decodeJwt(second.tokens.accessToken).jti)
  })

  it.each([
    ['another issuer', { issuer: 'https://other.example' }],
    ['another audience', { audience: 'https://other.example' }],
    ['another type', { typ: 'JWT' }],
  ])('does not verify for %s', async (_, rules) => {
    const { tokens } = await signedIn()
    const keys = createLocalJWKSet((await (await get('/.well-known/jwks.json')).json()) as JSONWebKeySet)
    await expect(jwtVerify(tokens.accessToken, keys, { ...RULES, ...rules })).rejects.toThrow()
    await expect(jwtVerify(tokens.accessToken, keys, RULES)).resolves.toBeDefined()
  })

  it('does not verify once it has expired', async () => {
    const { tokens } = await signedIn()
    const keys = createLocalJWKSet((await (await get('/.well-known/jwks.json')).json()) as JSONWebKeySet)
    const currentDate = new Date(Date.now() + 901_000)
    await expect(jwtVerify(tokens.accessToken, keys, { ...RULES, currentDate })).rejects.toThrow('"exp"')
  })

  it('is signed with a key that is published, and never with one that is symmetric (ASVS 9.1.2)', async () => {
    const { tokens } = await signedIn()
    const { keys } = (await (await get('/.well-known/jwks.json')).json()) as JSONWebKeySet
    expect(keys.map(({ kid }) => kid)).toContain(decodeProtectedHeader(tokens.accessToken).kid)
    expect(new Set(keys.map(({ kty }) => kty))).toEqual(new Set(['EC']))
  })
})
