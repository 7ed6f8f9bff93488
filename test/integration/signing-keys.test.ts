import { env } from 'cloudflare:workers'
import { calculateJwkThumbprint, decodeProtectedHeader, type JWK } from 'jose'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { SIGNING_KEY_PERIOD_SECONDS } from '../../src/config.ts'
import { Jwks } from '../../src/contracts/service.ts'
import { SYSTEM } from '../../src/platform/client.ts'
import { composePlatform } from '../../src/platform/compose.ts'
import { loadKeyRing, rotateSigningKeys } from '../../src/services/signing-keys.ts'
import { signedIn } from '../support/accounts.ts'
import { answerOf } from '../support/answers.ts'
import { callWorker } from '../support/call-worker.ts'
import { bearer, get, logIn } from '../support/client.ts'
import { NOON_MS } from '../support/clock.ts'
import { rows } from '../support/database.ts'
import { queryOne } from '../support/stored-state.ts'

const PERIOD_MS = SIGNING_KEY_PERIOD_SECONDS * 1000
/** The first millisecond of the period after this one. */
const nextPeriod = () => (Math.floor(Date.now() / PERIOD_MS) + 1) * PERIOD_MS
/** The platform of an isolate that has just started: it remembers nothing. */
const newIsolate = (variables: object = {}) =>
  composePlatform({ ...env, ...variables } as Env, SYSTEM, { waitUntil: () => undefined })
const jwksOf = async (variables: object = {}) => {
  const response = await callWorker({ ...env, ...variables } as Env, 'GET', '/.well-known/jwks.json')
  return (await answerOf(response, Jwks)).keys as (JWK & { kid: string })[]
}
const kidOf = (token: string) => decodeProtectedHeader(token).kid
const sealedVersions = async () =>
  (await rows('select period, sealed_private_jwk from signing_keys order by period')).map(
    ({ sealed_private_jwk }) => decodeProtectedHeader(String(sealed_private_jwk)).kid,
  )

beforeEach(async () => {
  vi.setSystemTime(NOON_MS)
  await rows('delete from signing_keys')
})
afterEach(() => vi.useRealTimers())

describe('the signing keys (decision 7)', () => {
  it('are made once, however many first requests come at once', async () => {
    const rings = await Promise.all(Array.from({ length: 20 }, () => loadKeyRing(newIsolate())))
    expect(await rows('select period from signing_keys')).toHaveLength(2)
    expect(new Set(rings.map(({ signing }) => signing.kid)).size).toBe(1)
    expect(new Set(rings.map(({ publicJwks }) => JSON.stringify(publicJwks))).size).toBe(1)
  })

  it('are ES256 on P-256, named by their thumbprint, published without their private part (ASVS 11.2.2)', async () => {
    const keys = await jwksOf()
    expect(keys).toHaveLength(2)
    for (const key of keys) {
      expect(Object.keys(key).sort()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y'])
      expect(key).toMatchObject({ alg: 'ES256', crv: 'P-256', kty: 'EC', use: 'sig' })
      expect(key.kid).toBe(await calculateJwkThumbprint(key))
    }
  })

  it('stand sealed in the database: no private part, and not extractable in memory (ASVS 13.3.1)', async () => {
    const { signing } = await loadKeyRing(newIsolate())
    expect(signing.privateKey.extractable).toBe(false)
    for (const { sealed_private_jwk, public_jwk } of await rows('select * from signing_keys')) {
      expect(decodeProtectedHeader(String(sealed_private_jwk))).toEqual({ alg: 'dir', enc: 'A256GCM', kid: 'v1' })
      expect(JSON.parse(String(public_jwk))).not.toHaveProperty('d')
    }
  })

  it('are cacheable by other services, for five minutes', async () => {
    const response = await get('/.well-known/jwks.json')
    expect(response.headers.get('Cache-Control')).toBe('public, max-age=300')
  })
})

describe('a new period (ASVS 13.3.4)', () => {
  it('signs with the key that was published a whole period ahead, and logs nobody out', async () => {
    vi.setSystemTime(nextPeriod() - 60_000)
    const [next, current] = await jwksOf()
    const { email, tokens } = await signedIn()
    expect(kidOf(tokens.accessToken)).toBe(current?.kid)
    vi.setSystemTime(nextPeriod())
    const after = await logIn(email)
    expect(kidOf(after.tokens.accessToken)).toBe(next?.kid)
    const published = (await jwksOf()).map(({ kid }) => kid)
    expect(published).toHaveLength(3)
    expect(published.slice(1)).toEqual([next?.kid, current?.kid])
    for (const { accessToken } of [tokens, after.tokens]) {
      expect((await get('/auth/session', bearer(accessToken))).status).toBe(200)
      const elsewhere = await callWorker({ ...env }, 'GET', '/auth/session', { headers: bearer(accessToken) })
      expect(elsewhere.status).toBe(200)
    }
    vi.setSystemTime(Date.now() + 900_000)
    expect((await get('/auth/session', bearer(tokens.accessToken))).status).toBe(401)
  })

  it('keeps sessions alive by refresh over many periods', async () => {
    const long = { ...env, REFRESH_TOKEN_TTL_SECONDS: String(360 * 24 * 3600) } as unknown as Env
    const { email, password } = await signedIn()
    const login = await callWorker(long, 'POST', '/auth/login', { body: { identifier: email, password } })
    let { tokens } = (await login.json()) as { tokens: { accessToken: string; refreshToken: string } }
    const kids = new Set([kidOf(tokens.accessToken)])
    for (let period = 0; period < 4; period += 1) {
      vi.setSystemTime(Date.now() + PERIOD_MS)
      await rotateSigningKeys(newIsolate())
      const response = await callWorker(long, 'POST', '/auth/refresh', { body: { refreshToken: tokens.refreshToken } })
      expect(response.status).toBe(200)
      tokens = (await response.json()) as typeof tokens
      expect((await get('/auth/session', bearer(tokens.accessToken))).status).toBe(200)
      kids.add(kidOf(tokens.accessToken))
    }
    expect(kids.size).toBe(5)
  })

  it('forgets a key a period after it last signed: next, current and previous stay', async () => {
    await loadKeyRing(newIsolate())
    for (let period = 0; period < 3; period += 1) {
      vi.setSystemTime(Date.now() + PERIOD_MS)
      await rotateSigningKeys(newIsolate())
    }
    const now = Math.floor(Date.now() / PERIOD_MS)
    const periods = (await rows('select period from signing_keys order by period')).map(({ period }) => period)
    expect(periods).toEqual([now - 1, now, now + 1])
  })

  it('starts with a new key where nobody was there to make it in time', async () => {
    await loadKeyRing(newIsolate())
    vi.setSystemTime(Date.now() + 12 * PERIOD_MS)
    const { tokens } = await signedIn()
    expect((await jwksOf()).map(({ kid }) => kid)).toContain(kidOf(tokens.accessToken))
  })
})

describe('a key that an isolate does not know', () => {
  it('is looked up once, and unknown names ask the database at most every ten seconds', async () => {
    const platform = newIsolate()
    const { findVerifyingKey } = await import('../../src/services/signing-keys.ts')
    await loadKeyRing(platform)
    const loadedAt = platform.keyRing.current?.loadedAt
    for (let tries = 0; tries < 5; tries += 1) expect(await findVerifyingKey(platform, 'unknown')).toBeNull()
    expect(platform.keyRing.current?.loadedAt).toBe(loadedAt)
    vi.setSystemTime(Date.now() + 11_000)
    expect(await findVerifyingKey(newIsolate(), 'unknown')).toBeNull()
    expect(await findVerifyingKey({ ...platform, now: Date.now }, 'unknown')).toBeNull()
    expect(platform.keyRing.current?.loadedAt).toBeGreaterThan(loadedAt ?? 0)
  })
})

describe('the sealing of the keys', () => {
  const OLD = String((env as unknown as Record<string, string>).AUTH_SECRET)
  const NEW = `v2:${Buffer.from(Array.from({ length: 32 }, (_, byte) => byte * 7 + 1)).toString('base64url')}`

  it('is renewed under the newest version of AUTH_SECRET, for the next key too, so that the old one can go', async () => {
    const { signing } = await loadKeyRing(newIsolate())
    expect(await sealedVersions()).toEqual(['v1', 'v1'])
    expect((await loadKeyRing(newIsolate({ AUTH_SECRET: `${NEW},${OLD}` }))).signing.kid).toBe(signing.kid)
    expect(await sealedVersions()).toEqual(['v2', 'v2'])
    expect((await loadKeyRing(newIsolate({ AUTH_SECRET: NEW }))).signing.kid).toBe(signing.kid)
    vi.setSystemTime(nextPeriod())
    await loadKeyRing(newIsolate({ AUTH_SECRET: NEW }))
    expect(await sealedVersions()).toEqual(['v2', 'v2', 'v2'])
  })

  it('opens for nobody with another secret: nothing is signed then, and no key is lost', async () => {
    const { signing } = await loadKeyRing(newIsolate())
    const stranger = newIsolate({ AUTH_SECRET: NEW })
    await expect(loadKeyRing(stranger)).rejects.toThrow('AUTH_SECRET')
    expect((await loadKeyRing(newIsolate())).signing.kid).toBe(signing.kid)
  })

  it('is not trusted when somebody changed it (ASVS 11.3.3)', async () => {
    await loadKeyRing(newIsolate())
    const now = Math.floor(Date.now() / PERIOD_MS)
    const { sealed_private_jwk } = await queryOne(
      'select sealed_private_jwk from signing_keys where period = ?',
      now + 1,
    )
    await rows('update signing_keys set sealed_private_jwk = ? where period = ?', `${sealed_private_jwk}x`, now)
    await expect(loadKeyRing(newIsolate())).rejects.toThrow('AUTH_SECRET')
  })
})
