import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import {
  SIGNING_KEY_CACHE_SECONDS,
  SIGNING_KEY_PERIOD_SECONDS,
  SIGNING_KEY_STALE_MAX_SECONDS,
} from '../../../src/config.ts'
import { Jwks } from '../../../src/contracts/health.ts'
import { SignedIn } from '../../../src/contracts/login.ts'
import { composePlatform } from '../../../src/platform/compose.ts'
import { SYSTEM } from '../../../src/platform/requester.ts'
import { findSigningKey, loadKeyRing } from '../../../src/services/signing-keys/signing-keys.ts'
import { verified } from '../../support/accounts.ts'
import { answerOf, expectRefusal } from '../../support/answers.ts'
import { callWorker } from '../../support/call-worker.ts'
import { captureLog } from '../../support/captured-log.ts'
import { bearer, PASSWORD } from '../../support/client.ts'
import { rows } from '../../support/database.ts'
import { d1, d1Writes, faultyEnv, refusing, stalling } from '../../support/faulty-env.ts'
import type { BindingCall } from '../../support/intercept-env.ts'

const CACHE_MS = SIGNING_KEY_CACHE_SECONDS * 1000
const STALE_MS = SIGNING_KEY_STALE_MAX_SECONDS * 1000
const PERIOD_MS = SIGNING_KEY_PERIOD_SECONDS * 1000
const nextPeriod = () => (Math.floor(Date.now() / PERIOD_MS) + 1) * PERIOD_MS
const keyReads = ({ sql }: BindingCall) => sql.some((text) => /^select .* from "signing_keys"/i.test(text))

/**
 * Starts an isolate that knows the keys, and signs a token there. A long life of the token keeps expiry out of the
 * tests.
 */
async function warmIsolate() {
  const isolate = faultyEnv({ ACCESS_TOKEN_TTL_SECONDS: '86400', RATE_LIMITS: 'off' })
  const { email } = await verified()
  const body = { identifier: email, password: PASSWORD }
  const { tokens } = await answerOf(await callWorker(isolate.env, 'POST', '/auth/login', { body }), SignedIn)
  const headers = bearer(tokens?.accessToken ?? '')
  return {
    ...isolate,
    headers,
    readSession: () => callWorker(isolate.env, 'GET', '/auth/session', { headers }),
    readKeys: () => callWorker(isolate.env, 'GET', '/.well-known/jwks.json'),
  }
}

/** Makes the keys of an isolate old without moving the clock, because the timers of a stall need the clock. */
function makeKeysOld(isolate: Env): void {
  const { keyRing } = composePlatform(isolate, SYSTEM, { waitUntil: () => undefined })
  if (keyRing.current) keyRing.current = { ...keyRing.current, loadedAt: Date.now() - CACHE_MS - 1000 }
}

let log: ReturnType<typeof captureLog>
beforeEach(async () => {
  await rows('delete from signing_keys')
  log = captureLog()
})
afterEach(() => {
  log.release()
  vi.useRealTimers()
})

describe('signing keys in memory while the database fails', () => {
  it.each([
    ['refuses', refusing(d1)],
    ['only reads', refusing(d1Writes)],
  ])('are still used when they are older than five minutes and the database %s', async (_, fault) => {
    const isolate = await warmIsolate()
    isolate.fail(fault)
    vi.setSystemTime(Date.now() + CACHE_MS)
    expect((await isolate.readSession()).status).toBe(200)
    expect((await answerOf(await isolate.readKeys(), Jwks)).keys).toHaveLength(2)
  })

  it('are still used when the database stalls: one request waits for it a second, the others do not wait', async () => {
    const isolate = await warmIsolate()
    makeKeysOld(isolate.env)
    const { fault, send, passDeadline } = stalling(d1)
    isolate.fail(fault)
    const statuses: number[] = []
    const requests = Array.from({ length: 11 }, async () => statuses.push((await send(isolate.readSession)).status))
    while (statuses.length < 10) await scheduler.wait(1)
    expect(statuses).toHaveLength(10)
    await passDeadline()
    await Promise.all(requests)
    expect(statuses).toEqual(statuses.map(() => 200))
    expect(log.lines().filter(({ message }) => message === 'signing keys not reloaded')).toHaveLength(1)
  })

  it('verify and sign across the end of a period, with the key that was published ahead', async () => {
    vi.setSystemTime(nextPeriod() - 60_000)
    const isolate = await warmIsolate()
    const platform = composePlatform(isolate.env, SYSTEM, { waitUntil: () => undefined })
    const { kid } = await findSigningKey(platform)
    isolate.fail(refusing(d1))
    vi.setSystemTime(nextPeriod() + CACHE_MS)
    expect((await isolate.readSession()).status).toBe(200)
    const next = await findSigningKey(platform)
    expect(next.kid).not.toBe(kid)
    isolate.fail(null)
    const elsewhere = composePlatform({ ...env }, SYSTEM, { waitUntil: () => undefined })
    expect((await findSigningKey(elsewhere)).kid).toBe(next.kid)
  })

  it('are used for a day and no longer, after which the database is asked again', async () => {
    const isolate = await warmIsolate()
    isolate.fail(refusing(d1))
    vi.setSystemTime(Date.now() + STALE_MS - 60_000)
    expect((await isolate.readSession()).status).toBe(200)
    vi.setSystemTime(Date.now() + 60_000)
    await expectRefusal(await isolate.readSession(), 503, 'dependency_unavailable')
    isolate.fail(null)
    expect((await isolate.readKeys()).status).toBe(200)
  })

  it('are read anew by one request of an isolate, whatever comes at once', async () => {
    const isolate = await warmIsolate()
    let reads = 0
    isolate.fail(async (call, proceed) => {
      if (keyReads(call)) reads += 1
      return await proceed()
    })
    vi.setSystemTime(Date.now() + CACHE_MS)
    const answers = await Promise.all(Array.from({ length: 30 }, isolate.readSession))
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200))
    expect(reads).toBe(1)
  })

  it('keep no request waiting when the one that reloads them is never answered (better-auth#10315)', async () => {
    const isolate = await warmIsolate()
    const { fault, send, passDeadline } = stalling(keyReads)
    makeKeysOld(isolate.env)
    isolate.fail(fault)
    const answers = [send(isolate.readSession), send(isolate.readSession)]
    expect((await Promise.race(answers)).status).toBe(200)
    await passDeadline()
    await Promise.all(answers)
    isolate.fail(null)
    const { keyRing } = composePlatform(isolate.env, SYSTEM, { waitUntil: () => undefined })
    expect(keyRing.current?.loadedAt).toBeLessThan(Date.now() - CACHE_MS)
    keyRing.triedAt -= CACHE_MS
    expect((await isolate.readSession()).status).toBe(200)
    expect(keyRing.current?.loadedAt).toBeGreaterThan(Date.now() - CACHE_MS)
  })
})

describe('an isolate that starts while the database only reads', () => {
  const cold = async () => {
    const { env: readOnly, fail } = faultyEnv()
    fail(refusing(d1Writes))
    return composePlatform(readOnly, SYSTEM, { waitUntil: () => undefined })
  }

  it('goes on with the keys that are there, and signs with the previous one where the current is missing', async () => {
    const healthy = composePlatform({ ...env }, SYSTEM, { waitUntil: () => undefined })
    const { verifying } = await loadKeyRing(healthy)
    const next = [...verifying.keys()][0]
    vi.setSystemTime(nextPeriod() + PERIOD_MS)
    const ring = await loadKeyRing(await cold())
    expect([...ring.verifying.keys()]).toEqual([next])
    expect((await findSigningKey(await cold())).kid).toBe(next)
  })

  it('answers 503 where there is no key at all, and never an empty list of keys', async () => {
    const { env: readOnly, fail } = faultyEnv()
    fail(refusing(d1Writes))
    const response = await callWorker(readOnly, 'GET', '/.well-known/jwks.json')
    await expectRefusal(response, 503, 'dependency_unavailable')
    expect(response.headers.get('Cache-Control') ?? '').not.toContain('public')
  })
})
