import { Agent, createServer, type Server } from 'node:http'
import { createRemoteJWKSet, decodeJwt, decodeProtectedHeader, type JWK, jwtVerify } from 'jose'
import jwt from 'jsonwebtoken'
import { JwksClient } from 'jwks-rsa'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openSigningKey, sealSigningKey } from '../../src/crypto/signing-key-seals.ts'
import { readStoredObject } from '../../src/domain/stored-object.ts'
import { parseAuthSecret } from '../../src/env.ts'
import { FORGERIES } from './support/forgeries.ts'
import { AUTH_SECRET, ISSUER, type SignedIn, startWorkers, type Workers } from './support/harness.ts'
import { isPythonTested, type PythonBackend, startPythonBackend } from './support/python-backend.ts'

let workers: Workers
let jwksUrl: URL
let attacker: Server
let attackerWasAsked = 0
beforeAll(async () => {
  attacker = createServer((_, response) => {
    attackerWasAsked += 1
    response.end('{"keys":[]}')
  })
  await new Promise<void>((resolve) => attacker.listen(0, '127.0.0.1', resolve))
  workers = await startWorkers()
  jwksUrl = new URL('/.well-known/jwks.json', workers.url)
})
afterAll(async () => {
  attacker.close()
  for (const backend of pythonBackends) backend.stop()
  await workers?.close()
})

async function forge(forgery: string, token: string): Promise<string> {
  const address = attacker.address()
  const attackerUrl = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/keys`
  const publicJwk = (await publishedKeys()).find(({ kid }) => kid === kidOf(token)) ?? {}
  return (await FORGERIES[forgery]?.({ token, publicJwk, attackerUrl })) ?? ''
}

/**
 * This is another backend. It knows the address of the keys, verifies offline, and may keep keys for as long as it
 * lives.
 */
interface Backend {
  verify(token: string): Promise<unknown>
}

function joseBackend(): Backend {
  const keys = createRemoteJWKSet(jwksUrl)
  const options = { issuer: ISSUER, audience: ISSUER, typ: 'at+jwt', algorithms: ['ES256'] }
  return { verify: async (token) => (await jwtVerify(token, keys, options)).payload }
}

function jsonwebtokenBackend(): Backend {
  // A connection that is kept is used again at the very moment when workerd, after five idle seconds, closes it.
  const requestAgent = new Agent({ keepAlive: false })
  const keys = new JwksClient({ jwksUri: jwksUrl.href, cache: true, requestAgent })
  return {
    verify: async (token) => {
      const { header } = jwt.decode(token, { complete: true }) ?? {}
      const key = await keys.getSigningKey(header?.kid)
      return jwt.verify(token, key.getPublicKey(), { issuer: ISSUER, audience: ISSUER, algorithms: ['ES256'] })
    },
  }
}

const pythonBackends: PythonBackend[] = []
function pyJwtBackend(): Backend {
  const backend = startPythonBackend(ISSUER, jwksUrl)
  pythonBackends.push(backend)
  return backend
}

const BACKENDS: Record<string, () => Backend> = {
  jose: joseBackend,
  'jsonwebtoken with jwks-rsa': jsonwebtokenBackend,
  ...(isPythonTested ? { 'examples/python-api, with PyJWT': pyJwtBackend } : {}),
}

const publishedKeys = async (): Promise<(JWK & { kid: string })[]> =>
  ((await (await fetch(jwksUrl)).json()) as { keys: (JWK & { kid: string })[] }).keys
const publishedKids = async () => (await publishedKeys()).map(({ kid }) => kid)
const kidOf = (token: string) => decodeProtectedHeader(token).kid ?? ''

/**
 * Lets one key period pass, so that the key which was next signs now. It moves the rows instead of the clock, and
 * starts the Worker anew. It seals each key anew, because a key counts only for the period that its seal names.
 */
async function passKeyPeriod(): Promise<void> {
  const secrets = parseAuthSecret(AUTH_SECRET)
  // The oldest comes first, because the period is the primary key.
  for (const row of await workers.sql('select period, kid, public_jwk, seals from signing_keys order by period')) {
    const key = { period: Number(row.period) - 1, kid: String(row.kid), publicJwk: String(row.public_jwk) }
    const privateJwk = await openSigningKey(secrets, key.kid, readStoredObject(String(row.seals)))
    if (!privateJwk) throw new Error('the secret of the test opens no key')
    const seals = JSON.stringify(await sealSigningKey(secrets, key, privateJwk))
    await workers.sql('update signing_keys set period = ?, seals = ? where kid = ?', key.period, seals, key.kid)
  }
  await workers.redeploy()
  jwksUrl = new URL('/.well-known/jwks.json', workers.url)
}

async function refresh({ tokens }: SignedIn): Promise<string> {
  const response = await workers.post('/auth/refresh', { refreshToken: tokens.refreshToken })
  expect(response.status).toBe(200)
  return ((await response.json()) as SignedIn['tokens']).accessToken
}

describe.each(Object.entries(BACKENDS))('access tokens, verified with %s from the published keys', (_, create) => {
  let user: SignedIn
  beforeAll(async () => {
    user = await workers.signedIn()
  })

  it('say who the user is (RFC 9068 §2.2)', async () => {
    const { id, sessionId, tokens } = user
    const claims = await create().verify(tokens.accessToken)
    expect(claims).toMatchObject({ iss: ISSUER, aud: ISSUER, sub: id, sid: sessionId, roles: ['user'], amr: ['pwd'] })
  })

  it.each(Object.keys(FORGERIES))('are refused with %s', async (forgery) => {
    await expect(create().verify(await forge(forgery, user.tokens.accessToken))).rejects.toThrow()
  })
})

describe('access tokens of all these back ends', () => {
  const startAll = () => Object.entries(BACKENDS).map(([name, create]) => ({ name, ...create() }))

  it('verify across a rotation of the keys, both at back ends that kept the old keys and at those that have just started', async () => {
    const old = await workers.signedIn()
    const keptOn = startAll()
    for (const { verify } of keptOn) await verify(old.tokens.accessToken)
    const [next, current] = await publishedKids()
    expect(kidOf(old.tokens.accessToken)).toBe(current)

    await passKeyPeriod()
    const fresh = await refresh(old)
    expect(kidOf(fresh)).toBe(next)
    expect(await publishedKids()).toEqual([expect.any(String), next, current])
    for (const { name, verify } of [...keptOn, ...startAll()])
      for (const token of [fresh, old.tokens.accessToken])
        expect(await verify(token), name).toMatchObject({ sub: old.id, sid: old.sessionId })

    const me = await fetch(new URL('/auth/me', workers.url), {
      headers: { Authorization: `Bearer ${old.tokens.accessToken}` },
    })
    expect(me.status).toBe(200)
  })

  it('are refused by their signature once their key is two periods old, long after they expired', async () => {
    const { tokens } = await workers.signedIn()
    await passKeyPeriod()
    expect(await publishedKids()).toContain(kidOf(tokens.accessToken))
    await passKeyPeriod()
    expect(await publishedKids()).not.toContain(kidOf(tokens.accessToken))
    for (const { name, verify } of startAll()) await expect(verify(tokens.accessToken), name).rejects.toThrow()
  })
})

describe('forged access tokens at the API (hono CVE-2026-22817; RFC 8725 §3)', () => {
  let user: SignedIn
  beforeAll(async () => {
    user = await workers.signedIn()
  })

  it.each(Object.keys(FORGERIES))('are refused with %s, for reading and for writing', async (forgery) => {
    const headers = { Authorization: `Bearer ${await forge(forgery, user.tokens.accessToken)}` }
    for (const [method, path] of [
      ['GET', '/auth/session'],
      ['GET', '/auth/me'],
      ['DELETE', '/auth/sessions'],
    ] as const) {
      const response = await fetch(new URL(path, workers.url), { method, headers })
      expect(response.status).toBe(401)
      expect(await response.json()).toMatchObject({ code: 'unauthenticated' })
    }
    expect(await workers.sql('select id from sessions where user_id = ?', user.id)).toHaveLength(1)
  })

  it('make nobody ask the attacker for keys', () => {
    expect(attackerWasAsked).toBe(0)
  })
})

describe('the published keys', () => {
  it('may be kept for five minutes, and hold no private part', async () => {
    const response = await fetch(jwksUrl)
    expect(response.headers.get('Cache-Control')).toBe('public, max-age=300')
    const { keys } = (await response.json()) as { keys: Record<string, unknown>[] }
    for (const key of keys) {
      expect(key).toMatchObject({ kty: 'EC', crv: 'P-256', alg: 'ES256', use: 'sig' })
      expect(Object.keys(key).sort()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y'])
    }
  })

  it('are where the metadata says (RFC 8414)', async () => {
    const response = await fetch(new URL('/.well-known/oauth-authorization-server', workers.url))
    expect(await response.json()).toMatchObject({ issuer: ISSUER, jwks_uri: `${ISSUER}/.well-known/jwks.json` })
  })

  it('verify access tokens and no other kind of token', async () => {
    const { tokens } = await workers.signedIn()
    expect(decodeProtectedHeader(tokens.accessToken)).toEqual({
      alg: 'ES256',
      typ: 'at+jwt',
      kid: expect.stringMatching(/^[\w-]{43}$/),
    })
    expect(() => decodeJwt(tokens.refreshToken)).toThrow()
  })
})
