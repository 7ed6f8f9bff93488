import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it } from 'vitest'
import { Jwks } from '../../../src/contracts/health.ts'
import { SignedIn, Tokens } from '../../../src/contracts/login.ts'
import { composePlatform } from '../../../src/platform/compose.ts'
import { SYSTEM } from '../../../src/platform/requester.ts'
import { throttleOf } from '../../../src/services/identifiers.ts'
import { rotateSigningKeys } from '../../../src/services/signing-keys/periods.ts'
import { verified } from '../../support/accounts.ts'
import { answerOf } from '../../support/answers.ts'
import { callWorker } from '../../support/call-worker.ts'
import { captureLog } from '../../support/captured-log.ts'
import { bearer, PASSWORD } from '../../support/client.ts'
import { rows } from '../../support/database.ts'

const V1 = String((env as unknown as Record<string, string>).AUTH_SECRET)
const V2 = `v2:${Buffer.from(Array.from({ length: 32 }, (_, byte) => byte * 5 + 3)).toString('base64url')}`
/** An operator deploys these lists one after the other. */
const STEPS = { v1: V1, 'v1,v2': `${V1},${V2}`, 'v2,v1': `${V2},${V1}`, v2: V2 }
type Step = keyof typeof STEPS

/** Starts a Worker with a list. It keeps its memory for as long as the test does. */
const start = (step: Step) => ({ ...env, AUTH_SECRET: STEPS[step], RATE_LIMITS: 'off' }) as unknown as Env
const platformOf = (worker: Env) => composePlatform(worker, SYSTEM, { waitUntil: () => undefined })
const runCron = (worker: Env) => rotateSigningKeys(platformOf(worker))
const call = (worker: Env, path: string, body: unknown) => callWorker(worker, 'POST', path, { body })
const readSession = async (worker: Env, accessToken: string) =>
  (await callWorker(worker, 'GET', '/auth/session', { headers: bearer(accessToken) })).status

async function logIn(worker: Env) {
  const { email } = await verified()
  const { tokens } = await answerOf(
    await call(worker, '/auth/login', { identifier: email, password: PASSWORD }),
    SignedIn,
  )
  if (!tokens) throw new Error('no tokens')
  return tokens
}

beforeEach(async () => {
  await rows('delete from signing_keys')
})

/** Each pair of lists runs side by side while one is deployed over the other, or rolled back to. */
const BESIDE: [Step, Step][] = [
  ['v1', 'v1,v2'],
  ['v1,v2', 'v1'],
  ['v1,v2', 'v2,v1'],
  ['v2,v1', 'v1,v2'],
  ['v2,v1', 'v2'],
  ['v2', 'v2,v1'],
  // These two run side by side when an operator skips the first step, or rolls two steps back.
  ['v1', 'v2,v1'],
  ['v2,v1', 'v1'],
]

describe.each(BESIDE)('a Worker with AUTH_SECRET %s, then one with %s beside it', (before, after) => {
  it("accept each other's access tokens, whichever made the keys, and publish the same keys", async () => {
    const log = captureLog()
    const [first, second] = [start(before), start(after)]
    // The cron of the step with both versions has always run before the step that has only the new version.
    const made = before === 'v2' ? second : first
    await runCron(made)
    if (after === 'v2' || before === 'v2') await runCron(start('v2,v1'))
    for (const [signer, reader] of [
      [first, second],
      [second, first],
    ] as const) {
      const { accessToken } = await logIn(signer)
      expect(await readSession(reader, accessToken)).toBe(200)
      expect(await readSession(signer, accessToken)).toBe(200)
    }
    const published = await Promise.all(
      [first, second].map(
        async (worker) => await answerOf(await callWorker(worker, 'GET', '/.well-known/jwks.json'), Jwks),
      ),
    )
    expect(published[0]).toEqual(published[1])
    expect(await rows('select ordinal from signing_keys where ordinal > 0')).toEqual([])
    log.release()
    expect(log.texts.filter((line) => line.includes('signing key'))).toEqual([])
  })
})

describe.each([
  ['v1', 'v1,v2'],
  ['v1,v2', 'v2,v1'],
] as [Step, Step][])('AUTH_SECRET from %s to %s', (before, after) => {
  it('refreshes at both versions, forwards and back again, while both run', async () => {
    const [first, second] = [start(before), start(after)]
    let { refreshToken } = await logIn(first)
    for (const worker of [second, first, second, first]) {
      const answer = await answerOf(await call(worker, '/auth/refresh', { refreshToken }), Tokens)
      refreshToken = answer.refreshToken
    }
  })

  it('forgets no failed login, because the objects that count them keep their names', async () => {
    const nameOf = (worker: Env) => {
      const platform = platformOf(worker)
      const names: string[] = []
      const loginThrottle = (name: string) => {
        names.push(name)
        return platform.loginThrottle(name)
      }
      throttleOf({ ...platform, loginThrottle }, { email: 'ada@example.com' })
      return names
    }
    expect(nameOf(start(after))).toEqual(nameOf(start(before)))
  })
})

describe('a Worker with v1 only beside one with v2 only, which no step asks for', () => {
  it('works on its own: each signs, and accepts what it signed itself', async () => {
    const log = captureLog()
    for (const worker of [start('v1'), start('v2'), start('v1')]) {
      const { accessToken } = await logIn(worker)
      expect(await readSession(worker, accessToken)).toBe(200)
    }
    log.release()
  })
})

describe('the cron', () => {
  const sealedVersions = async () =>
    (await rows('select seals from signing_keys order by period')).map(({ seals }) =>
      Object.keys(JSON.parse(String(seals))).sort(),
    )

  it('seals keys for a version that was added, and no request does', async () => {
    await logIn(start('v1'))
    await logIn(start('v1,v2'))
    expect(await sealedVersions()).toEqual([['v1'], ['v1']])
    await runCron(start('v1,v2'))
    expect(await sealedVersions()).toEqual([
      ['v1', 'v2'],
      ['v1', 'v2'],
    ])
  })

  it('keeps the seals of a version that is missing in its list, for a Worker that is rolled back', async () => {
    await runCron(start('v2,v1'))
    await runCron(start('v2'))
    expect(await sealedVersions()).toEqual([
      ['v1', 'v2'],
      ['v1', 'v2'],
    ])
  })

  it('loses no seal when two of them seal at once', async () => {
    await logIn(start('v1'))
    await Promise.all(Array.from({ length: 10 }, () => runCron(start('v1,v2'))))
    expect(await sealedVersions()).toEqual([
      ['v1', 'v2'],
      ['v1', 'v2'],
    ])
  })
})
