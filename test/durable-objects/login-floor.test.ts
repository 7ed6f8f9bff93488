import { env } from 'cloudflare:workers'
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { hashPassword } from '../../src/crypto/password-hash/own-hash.ts'
import { readHash } from '../../src/crypto/password-hash/registry.ts'
import type { LoginThrottle } from '../../src/durable-objects/login-throttle.ts'

const RIGHT = 'U*U'
const HOUR_MS = 60 * 60 * 1000
let own: string
let imported: string
let lastName = 0

const throttle = () => env.LOGIN_THROTTLE.getByName(`floor ${lastName}`) as DurableObjectStub<LoginThrottle>
const attempt = (password: string, hash: string | null, floorMs: number) =>
  throttle().attempt({ password, hash, deviceId: null, isBarred: false, floorMs })

/** Measures how long some work takes. No test asks for less than some time. */
async function timeOf(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now()
  await work()
  return performance.now() - startedAt
}

beforeAll(() => {
  own = hashPassword(RIGHT)
  const read = readHash('$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW')
  imported = read.outcome === 'ok' ? read.stored : ''
})
beforeEach(() => {
  lastName += 1
})

describe('LoginThrottle: the time of a wrong password while there are imported hashes (ASVS 6.3.8)', () => {
  it.each([
    ['an imported account', () => imported],
    ['an account of this service', () => own],
    ['a name that nobody has', () => null],
  ])('is the floor at least, for %s', async (_, hash) => {
    expect(await timeOf(() => attempt('wrong', hash(), 200))).toBeGreaterThanOrEqual(195)
  })

  it.each([
    ['an imported account', () => imported],
    ['a name that nobody has', () => null],
  ])('adds up where several come at once, as the checks do, for %s', async (_, hash) => {
    const three = () => Promise.all([1, 2, 3].map((nth) => attempt(`wrong ${nth}`, hash(), 200)))
    expect(await timeOf(three)).toBeGreaterThanOrEqual(595)
  })

  it('delays a sign-up with the same address, which would else wait for a slow check and not for a fast one', async () => {
    const wrong = attempt('wrong', null, 400)
    expect(await timeOf(() => throttle().hashSignUpPassword('correct horse'))).toBeGreaterThanOrEqual(200)
    await wrong
  })

  it('delays neither the right password nor a refusal that comes before any check', async () => {
    expect((await attempt(RIGHT, imported, HOUR_MS)).outcome).toBe('right')
    await Promise.all([1, 2, 3, 4, 5].map((nth) => attempt(`wrong ${nth}`, own, 0)))
    expect((await attempt('wrong', own, HOUR_MS)).outcome).toBe('throttled')
  })
})
