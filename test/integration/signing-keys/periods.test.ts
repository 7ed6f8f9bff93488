import { env } from 'cloudflare:workers'
import { decodeProtectedHeader, type JWK } from 'jose'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { SIGNING_KEY_PERIOD_SECONDS } from '../../../src/config.ts'
import { Jwks } from '../../../src/contracts/health.ts'
import { composePlatform } from '../../../src/platform/compose.ts'
import { SYSTEM } from '../../../src/platform/requester.ts'
import { rotateSigningKeys } from '../../../src/services/signing-keys/periods.ts'
import { loadKeyRing } from '../../../src/services/signing-keys/signing-keys.ts'
import { signedIn } from '../../support/accounts.ts'
import { answerOf } from '../../support/answers.ts'
import { callWorker } from '../../support/call-worker.ts'
import { bearer, get, logIn } from '../../support/client.ts'
import { rows } from '../../support/database.ts'

const PERIOD_MS = SIGNING_KEY_PERIOD_SECONDS * 1000
/** Answers the first millisecond of the next period. */
const nextPeriod = () => (Math.floor(Date.now() / PERIOD_MS) + 1) * PERIOD_MS
/** Builds the platform of an isolate that has just started and remembers nothing. */
const newIsolate = (variables: object = {}) =>
  composePlatform({ ...env, ...variables } as Env, SYSTEM, { waitUntil: () => undefined })
const jwksOf = async (variables: object = {}) => {
  const response = await callWorker({ ...env, ...variables } as Env, 'GET', '/.well-known/jwks.json')
  return (await answerOf(response, Jwks)).keys as (JWK & { kid: string })[]
}
const kidOf = (token: string) => decodeProtectedHeader(token).kid
beforeEach(async () => {
  await rows('delete from signing_keys')
})
afterEach(() => vi.useRealTimers())

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

  it('starts with a new key where no request came to make it in time', async () => {
    await loadKeyRing(newIsolate())
    vi.setSystemTime(Date.now() + 12 * PERIOD_MS)
    const { tokens } = await signedIn()
    expect((await jwksOf()).map(({ kid }) => kid)).toContain(kidOf(tokens.accessToken))
  })
})
