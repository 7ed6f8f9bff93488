import { env } from 'cloudflare:workers'
import {
  calculateJwkThumbprint,
  decodeJwt,
  decodeProtectedHeader,
  exportJWK,
  generateKeyPair,
  type JWK,
  SignJWT,
} from 'jose'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { SIGNING_KEY_CACHE_SECONDS, SIGNING_KEY_PERIOD_SECONDS } from '../../../src/config.ts'
import { Jwks } from '../../../src/contracts/health.ts'
import { SignedIn, Tokens } from '../../../src/contracts/login.ts'
import { composePlatform } from '../../../src/platform/compose.ts'
import { SYSTEM } from '../../../src/platform/requester.ts'
import { findSigningKey, findVerifyingKey, loadKeyRing } from '../../../src/services/signing-keys/signing-keys.ts'
import { verified } from '../../support/accounts.ts'
import { answerOf } from '../../support/answers.ts'
import { callWorker } from '../../support/call-worker.ts'
import { captureLog } from '../../support/captured-log.ts'
import { bearer, get, PASSWORD } from '../../support/client.ts'
import { NOON_MS } from '../../support/clock.ts'
import { rows } from '../../support/database.ts'
import { queryOne } from '../../support/stored-state.ts'

const PERIOD_MS = SIGNING_KEY_PERIOD_SECONDS * 1000
/** Builds the platform of an isolate that has just started and remembers nothing. */
const newIsolate = (variables: object = {}) =>
  composePlatform({ ...env, ...variables } as Env, SYSTEM, { waitUntil: () => undefined })
const jwksOf = async (variables: object = {}) => {
  const response = await callWorker({ ...env, ...variables } as Env, 'GET', '/.well-known/jwks.json')
  return (await answerOf(response, Jwks)).keys as (JWK & { kid: string })[]
}
/** Logs a new user in at a Worker that remembers no key of another test. */
const logInOn = async (isolate: Env) => {
  const { email } = await verified()
  const body = { identifier: email, password: PASSWORD }
  return await answerOf(await callWorker(isolate, 'POST', '/auth/login', { body }), SignedIn)
}
const kidOf = (token: string) => decodeProtectedHeader(token).kid
let log: ReturnType<typeof captureLog>
beforeEach(async () => {
  vi.setSystemTime(NOON_MS)
  await rows('delete from signing_keys')
  log = captureLog()
})
afterEach(() => {
  log.release()
  vi.useRealTimers()
})

describe('the signing keys (docs/decisions/0004-signing-keys.md)', () => {
  it('are made once, however many first requests come at once', async () => {
    const rings = await Promise.all(Array.from({ length: 20 }, () => loadKeyRing(newIsolate())))
    expect(await rows('select period from signing_keys')).toHaveLength(2)
    expect(new Set(rings.map(({ signing }) => JSON.stringify(signing.map(({ kid }) => kid)))).size).toBe(1)
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
    for (const { privateKey } of signing) expect(privateKey.extractable).toBe(false)
    for (const { seals, public_jwk } of await rows('select * from signing_keys')) {
      const sealed = JSON.parse(String(seals)).v1.sealedPrivateJwk
      expect(decodeProtectedHeader(sealed)).toEqual({ alg: 'dir', enc: 'A256GCM', kid: 'v1' })
      expect(JSON.parse(String(public_jwk))).not.toHaveProperty('d')
    }
  })

  it('are cacheable by other services, for five minutes', async () => {
    const response = await get('/.well-known/jwks.json')
    expect(response.headers.get('Cache-Control')).toBe('public, max-age=300')
  })
})

describe('a key that an isolate does not know', () => {
  it('is looked up once, and unknown key ids are looked up in the database every ten seconds at most', async () => {
    const platform = newIsolate()
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

describe('a clock that is set back', () => {
  it('makes the keys be read anew, since those in memory may be of periods to come', async () => {
    const platform = newIsolate()
    vi.setSystemTime(Date.now() + 10 * PERIOD_MS)
    await loadKeyRing({ ...platform, now: Date.now })
    vi.useRealTimers()
    const { period } = await findSigningKey({ ...platform, now: Date.now })
    expect(period).toBe(Math.floor(Date.now() / PERIOD_MS))
    expect(platform.keyRing.current?.loadedAt).toBeLessThanOrEqual(Date.now())
  })
})

const PRESENT = () => Math.floor(Date.now() / PERIOD_MS)
/** Changes how a column of this period's key is stored, as somebody with access to the database might do. */
const damage = (column: string, change: (text: string) => string) =>
  queryOne(`select ${column} as stored from signing_keys where period = ? and ordinal = 0`, PRESENT()).then(
    ({ stored }) =>
      rows(`update signing_keys set ${column} = ? where period = ? and ordinal = 0`, change(String(stored)), PRESENT()),
  )

describe('a key row that cannot be opened', () => {
  it.each([
    [
      'its private part was damaged',
      'seals',
      (text: string) => text.replace(/"sealedPrivateJwk":"ey/, '"sealedPrivateJwk":"xy'),
      true,
    ],
    ['its proof was damaged', 'seals', (text: string) => text.replace(/"mac":"./, '"mac":"*'), false],
    ['its seals are no JSON', 'seals', () => '{', false],
    ['its seals are null', 'seals', () => 'null', false],
    ['its public part was replaced', 'public_jwk', () => '{', false],
  ])('is replaced by a new key, and logged, where %s (ASVS 11.3.3)', async (_, column, change, verifies) => {
    const { kid } = await findSigningKey(newIsolate())
    const { tokens } = await logInOn({ ...env })
    await damage(column, change)
    const isolate = newIsolate()
    const signing = await findSigningKey(isolate)
    expect(signing.kid).not.toBe(kid)
    expect(await findVerifyingKey(isolate, signing.kid)).not.toBeNull()
    expect(log.texts.filter((line) => line.includes(kid) && line.includes('"level":"error"'))).not.toEqual([])
    expect((await findVerifyingKey(isolate, kid)) !== null).toBe(verifies)
    const answer = await callWorker({ ...env }, 'GET', '/auth/session', { headers: bearer(tokens?.accessToken ?? '') })
    expect(answer.status).toBe(verifies ? 200 : 401)
  })

  it('is replaced by one key, also when twenty isolates find it at once', async () => {
    await loadKeyRing(newIsolate())
    await damage('seals', () => '{}')
    const made = await Promise.all(Array.from({ length: 20 }, () => findSigningKey(newIsolate())))
    expect(new Set(made.map(({ kid }) => kid)).size).toBe(1)
    expect(await rows('select ordinal from signing_keys where period = ?', PRESENT())).toHaveLength(2)
  })

  it('belongs to another secret where that made it: both keys serve, and neither side accepts the tokens of the other', async () => {
    const NEW = `v2:${Buffer.from(Array.from({ length: 32 }, (_, byte) => byte * 7 + 1)).toString('base64url')}`
    const [ours, stranger] = [newIsolate(), newIsolate({ AUTH_SECRET: NEW })]
    const keys = [await findSigningKey(ours), await findSigningKey(stranger)]
    expect(keys[0]?.kid).not.toBe(keys[1]?.kid)
    expect(await findVerifyingKey(stranger, keys[0]?.kid ?? '')).toBeNull()
    expect((await findSigningKey(newIsolate())).kid).toBe(keys[0]?.kid)
  })
})

describe('whoever can write the database', () => {
  it('cannot add a key: neither for this period, nor before every other, nor in the place of one', async () => {
    const isolate = newIsolate()
    await loadKeyRing(isolate)
    const stolen = JSON.parse(
      String((await queryOne('select seals from signing_keys where period = ?', PRESENT())).seals),
    )
    const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true })
    const jwk = { ...(await exportJWK(publicKey)), alg: 'ES256', use: 'sig' }
    const kid = await calculateJwkThumbprint(jwk)
    const add = (ordinal: number, seals: unknown) =>
      rows(
        'insert or replace into signing_keys (period, ordinal, kid, public_jwk, seals, created_at) values (?, ?, ?, ?, ?, 0)',
        PRESENT(),
        ordinal,
        kid,
        JSON.stringify({ ...jwk, kid }),
        JSON.stringify(seals),
      )
    const { tokens } = await logInOn({ ...env })
    const claims = decodeJwt(tokens?.accessToken ?? '')
    const forged = await new SignJWT({ ...claims, roles: ['admin'] })
      .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid })
      .sign(privateKey)
    for (const [ordinal, seals] of [
      [9, {}],
      [9, stolen],
      [0, stolen],
      [-1, { v1: { mac: '', sealedPrivateJwk: '' } }],
    ] as const) {
      await rows('delete from signing_keys where kid = ?', kid)
      await add(ordinal, seals)
      const answer = await callWorker({ ...env }, 'GET', '/auth/session', { headers: bearer(forged) })
      expect(answer.status).toBe(401)
      expect((await jwksOf()).map((key) => key.kid)).not.toContain(kid)
    }
    expect(log.texts.some((line) => line.includes('signing key ignored') && line.includes(kid))).toBe(true)
  })
})

describe('a signing key that leaked', () => {
  it('is no longer accepted five minutes after its row was deleted, also where it was in memory, and refresh goes on', async () => {
    const isolate = { ...env } as Env
    const ask = (accessToken: string) => callWorker(isolate, 'GET', '/auth/session', { headers: bearer(accessToken) })
    const { tokens } = await logInOn(isolate)
    expect((await ask(tokens?.accessToken ?? '')).status).toBe(200)
    await rows('delete from signing_keys')
    vi.setSystemTime(Date.now() + SIGNING_KEY_CACHE_SECONDS * 1000)
    expect((await ask(tokens?.accessToken ?? '')).status).toBe(401)
    const body = { refreshToken: tokens?.refreshToken }
    const refreshed = await answerOf(await callWorker(isolate, 'POST', '/auth/refresh', { body }), Tokens)
    expect(kidOf(refreshed.accessToken)).not.toBe(kidOf(tokens?.accessToken ?? ''))
    expect((await ask(refreshed.accessToken)).status).toBe(200)
  })
})
