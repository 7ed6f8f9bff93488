import { abortAllDurableObjects, evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { LOGIN_FORGET_SECONDS } from '../../src/config.ts'
import { hashPassword } from '../../src/crypto/password-hash/own-hash.ts'
import { LoginThrottle } from '../../src/durable-objects/login-throttle.ts'
import { NOON_MS } from '../support/clock.ts'

const DAY_MS = LOGIN_FORGET_SECONDS * 1000
const START = NOON_MS
const RIGHT = 'correct horse battery staple'

let hash: string
let lastName = 0
let name: string

/**
 * Gets the object of this test. Each call asks for it anew, because a stub does not survive the restart of its object.
 */
const throttle = () => env.LOGIN_THROTTLE.getByName(name) as DurableObjectStub<LoginThrottle>
const attempt = (password: string, deviceId: string | null = null, isBarred = false) =>
  throttle().attempt({ password, hash, deviceId, isBarred, floorMs: 0 })
const wrong = (deviceId: string | null = null) => attempt('wrong', deviceId)

/** Makes many attempts at once, and answers how many of them got as far as the password. */
async function storm(count: number, deviceId: string | null = null): Promise<number> {
  const outcomes = await Promise.all(Array.from({ length: count }, () => wrong(deviceId)))
  return outcomes.filter(({ outcome }) => outcome === 'wrong').length
}

const stored = () =>
  runInDurableObject(throttle(), (_, { storage }) => Promise.resolve([...storage.kv.list()].map(([key]) => key)))

beforeAll(() => {
  hash = hashPassword(RIGHT)
})
beforeEach(() => {
  lastName += 1
  name = `account ${lastName}`
  vi.useFakeTimers({ toFake: ['Date'], now: START })
})
afterEach(() => {
  vi.useRealTimers()
})

describe('LoginThrottle: how many attempts it admits', () => {
  it('admits exactly 5 of 100 parallel wrong passwords against one account', async () => {
    expect(await storm(100)).toBe(5)
  })

  it('admits one more after each wait of 1 s, 2 s, 4 s … 15 min, however many come at once', async () => {
    await storm(10)
    for (const seconds of [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]) {
      vi.setSystemTime(Date.now() + seconds * 1000 - 1)
      expect(await storm(5)).toBe(0)
      vi.setSystemTime(Date.now() + 1)
      expect(await storm(5)).toBe(1)
    }
  })

  it('goes on counting after it was evicted from memory', async () => {
    expect(await storm(3)).toBe(3)
    await evictDurableObject(throttle())
    expect(await storm(100)).toBe(2)
    await evictDurableObject(throttle())
    expect(await storm(100)).toBe(0)
    expect(await attempt(RIGHT)).toEqual({ outcome: 'throttled', retryAfterSeconds: 1, isFirst: false })
  })

  it('goes on counting after a restart', async () => {
    expect(await storm(4)).toBe(4)
    await abortAllDurableObjects()
    expect(await storm(100)).toBe(1)
    await abortAllDurableObjects()
    expect(await storm(100)).toBe(0)
  })

  it('answers how long to wait, rounded up so that the second it names is late enough', async () => {
    await storm(9)
    for (const at of [START, START + 1, START + 999, START + 1000]) {
      vi.setSystemTime(at)
      const refused = await wrong()
      if (refused.outcome !== 'throttled') {
        expect(at).toBe(START + 1000)
        continue
      }
      expect(refused.retryAfterSeconds).toBe(1)
    }
    expect(await wrong()).toMatchObject({ outcome: 'throttled', retryAfterSeconds: 2 })
  })

  it('marks the first refusal after a failure, and only that one', async () => {
    await storm(5)
    const refused = [await wrong(), await wrong(), await wrong()]
    expect(refused.map((answer) => answer.outcome === 'throttled' && answer.isFirst)).toEqual([true, false, false])
  })

  it('answers alike, and at the same cost, for an account that does not exist', async () => {
    const outcomes: string[] = []
    for (let count = 0; count < 7; count += 1)
      outcomes.push(
        (await throttle().attempt({ password: RIGHT, hash: null, deviceId: null, isBarred: false, floorMs: 0 }))
          .outcome,
      )
    expect(outcomes).toEqual(['wrong', 'wrong', 'wrong', 'wrong', 'wrong', 'throttled', 'throttled'])
  })

  it('counts the right password of an account that may not log in as a wrong one, clears nothing, and does not rehash it (ASVS 6.3.8)', async () => {
    await storm(4)
    expect(await attempt(RIGHT, null, true)).toEqual({ outcome: 'barred' })
    expect(await attempt(RIGHT, null, true)).toMatchObject({ outcome: 'throttled' })
  })

  it('NIST SP 800-63B-4 §3.2.2: a whole day of strangers and 20 devices who never pause gets 100 failures', async () => {
    let failures = 0
    const end = START + DAY_MS
    while (Date.now() < end) {
      for (let device = 0; device < 20 && failures < 20; device += 1) failures += await storm(6, `device ${device}`)
      failures += await storm(6)
      const refused = await wrong()
      if (refused.outcome === 'throttled') vi.setSystemTime(Date.now() + refused.retryAfterSeconds * 1000)
      else failures += 1
    }
    expect(failures).toBe(100)
  }, 120_000)
})

describe('LoginThrottle: known devices', () => {
  it('lets strangers lock out nobody but themselves, never the owner (VilnaCRM-Org/user-service#476)', async () => {
    await storm(100)
    expect((await attempt(RIGHT)).outcome).toBe('throttled')
    expect((await attempt(RIGHT, 'phone')).outcome).toBe('right')
    expect((await attempt(RIGHT)).outcome).toBe('throttled')
  })

  it('have a budget each', async () => {
    expect(await storm(50, 'phone')).toBe(5)
    expect(await storm(50, 'laptop')).toBe(5)
    expect(await storm(50)).toBe(5)
  })

  it('have 20 failures together, and then count as strangers', async () => {
    for (const device of ['a', 'b', 'c']) expect(await storm(10, device)).toBe(5)
    expect(await storm(5, 'd')).toBe(5)
    expect(await storm(10, 'e')).toBe(5)
    expect(await storm(10)).toBe(0)
    expect((await attempt(RIGHT, 'a')).outcome).toBe('throttled')
  })

  it('are forgiven, this one and all together, by a right password', async () => {
    for (const device of ['a', 'b', 'c']) await storm(5, device)
    expect((await attempt(RIGHT, 'd')).outcome).toBe('right')
    expect(await stored()).toEqual(['device:a', 'device:b', 'device:c'])
    expect(await storm(10, 'd')).toBe(5)
  })
})

describe('LoginThrottle: what it keeps', () => {
  it('is nothing, and no alarm, after a sign-up or a right password', async () => {
    await throttle().hashSignUpPassword(RIGHT)
    await throttle().hashPassword(RIGHT)
    expect((await attempt(RIGHT)).outcome).toBe('right')
    const state = await runInDurableObject(throttle(), async (_, { storage }) => ({
      keys: [...storage.kv.list()].length,
      alarm: await storage.getAlarm(),
      bytes: storage.sql.databaseSize,
    }))
    expect(state).toMatchObject({ keys: 0, alarm: null })
  })

  it('is nothing, and no alarm, once a right password has cleared the last failure', async () => {
    await storm(4)
    expect(await stored()).toEqual(['strangers'])
    expect((await attempt(RIGHT)).outcome).toBe('right')
    expect(await stored()).toEqual([])
    expect(await runDurableObjectAlarm(throttle())).toBe(false)
  })

  it('is its failures for a day after the last one, until an alarm deletes everything', async () => {
    await storm(100)
    await storm(5, 'phone')
    const alarm = await runInDurableObject(throttle(), (_, { storage }) => storage.getAlarm())
    expect(alarm).toBe(START + DAY_MS)
    vi.setSystemTime(START + DAY_MS)
    expect(await runDurableObjectAlarm(throttle())).toBe(true)
    expect(await stored()).toEqual([])
    expect(await runDurableObjectAlarm(throttle())).toBe(false)
    expect((await attempt(RIGHT)).outcome).toBe('right')
  })

  it('does not change when an alarm comes early or twice', async () => {
    await storm(100)
    vi.setSystemTime(START + 500)
    expect(await runDurableObjectAlarm(throttle())).toBe(true)
    expect((await attempt(RIGHT)).outcome).toBe('throttled')
    const alarm = await runInDurableObject(throttle(), (_, { storage }) => storage.getAlarm())
    expect(alarm).toBe(START + DAY_MS)
  })

  it('is kept while an attack goes on, because each failure moves the alarm', async () => {
    await storm(5)
    vi.setSystemTime(START + DAY_MS - 1000)
    await wrong()
    const alarm = await runInDurableObject(throttle(), (_, { storage }) => storage.getAlarm())
    expect(alarm).toBe(START + 2 * DAY_MS - 1000)
  })

  it('is deleted by a reset by mail, which unlocks the account', async () => {
    await storm(100)
    const { length } = await throttle().resetPassword('a new one')
    expect(length).toBeGreaterThan(50)
    expect(await stored()).toEqual([])
    expect((await attempt(RIGHT)).outcome).toBe('right')
  })
})

describe('LoginThrottle: what can be called from outside', () => {
  it('is what the platform asks for and nothing else: private members cannot be called over RPC, and the alarm only by the platform', async () => {
    expect(Object.getOwnPropertyNames(LoginThrottle.prototype).sort()).toEqual(
      [
        'alarm',
        'attempt',
        'clearFactorTries',
        'constructor',
        'countFactorTry',
        'findRecoveryCode',
        'hashRecoveryCodes',
        'hashPassword',
        'hashSignUpPassword',
        'listFailures',
        'ping',
        'resetPassword',
      ].sort(),
    )
    const stub = throttle() as unknown as Record<string, () => Promise<unknown>>
    for (const method of ['alarm', 'constructor'])
      await expect(async () => await stub[method]?.(), method).rejects.toThrow()
  })
})

describe('LoginThrottle: the tries of a second factor', () => {
  const tryTotp = (deviceId: string | null = null) => throttle().countFactorTry({ method: 'totp', deviceId })
  const admitted = async (count: number, deviceId: string | null = null) =>
    (await Promise.all(Array.from({ length: count }, () => tryTotp(deviceId)))).filter(
      ({ outcome }) => outcome === 'admitted',
    ).length

  it('are counted before they are compared, so that exactly 5 of 100 at once are compared (ASVS 6.5.1)', async () => {
    expect(await admitted(100)).toBe(5)
  })

  it('draw on no budget of the password, and its attempts on none of theirs', async () => {
    expect(await admitted(10)).toBe(5)
    expect(await storm(10)).toBe(5)
    expect(await throttle().countFactorTry({ method: 'email', deviceId: null })).toMatchObject({ outcome: 'admitted' })
  })

  it('of strangers leave a known device its own budget', async () => {
    expect(await admitted(10)).toBe(5)
    expect(await admitted(10, 'device')).toBe(5)
    expect(await admitted(10, 'other device')).toBe(5)
  })

  it('are forgotten once a right one clears what it drew on, also where it was the last of all devices', async () => {
    for (let device = 0; device < 4; device += 1) await admitted(device < 3 ? 5 : 4, `device ${device}`)
    const last = await tryTotp('device 4')
    if (last.outcome !== 'admitted') throw new Error('refused')
    await throttle().clearFactorTries(last.drawnOn)
    expect(await tryTotp('device 4')).toMatchObject({ drawnOn: ['factor:totp:device:device 4', 'factor:totp:devices'] })
  })

  it('stay counted after a reset of the password, which lets in whoever reads the mails', async () => {
    await admitted(5)
    await storm(5)
    await throttle().resetPassword(RIGHT)
    expect(await storm(1)).toBe(1)
    expect(await tryTotp()).toEqual({ outcome: 'throttled', retryAfterSeconds: 1, isFirst: true })
    expect(await tryTotp()).toEqual({ outcome: 'throttled', retryAfterSeconds: 1, isFirst: false })
  })

  it('are forgotten a day after the last one', async () => {
    await admitted(5)
    vi.setSystemTime(START + DAY_MS)
    await runDurableObjectAlarm(throttle())
    expect(await stored()).toEqual([])
  })
})
