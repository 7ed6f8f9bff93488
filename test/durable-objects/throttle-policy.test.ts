import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LOGIN_FORGET_SECONDS } from '../../src/config.ts'
import { addFailure, type Failures, isForgotten, recordsFor } from '../../src/durable-objects/throttle-policy.ts'
import { NOON_MS } from '../support/clock.ts'

const DAY_MS = LOGIN_FORGET_SECONDS * 1000
const START_MS = NOON_MS

/** Keeps the records of an account without an object around them. It counts failures and refuses early attempts. */
function account() {
  const stored = new Map<string, Failures>()
  const read = (key: string) => stored.get(key)
  return {
    waitMs: (deviceId: string | null, nowMs: number) => recordsFor(read, deviceId, nowMs)[0].waitMs,
    fail(deviceId: string | null, nowMs: number): boolean {
      const records = recordsFor(read, deviceId, nowMs)
      if (records[0].waitMs > 0) return false
      for (const { key, failures } of records) stored.set(key, addFailure(failures, nowMs))
      return true
    },
    succeed(deviceId: string | null, nowMs: number): boolean {
      const records = recordsFor(read, deviceId, nowMs)
      if (records[0].waitMs > 0) return false
      for (const { key } of records) stored.delete(key)
      return true
    },
  }
}

/** Answers the waits, in seconds, between the failures of somebody who never tries too early. */
function waitsOf(deviceId: string | null, failures: number): number[] {
  const { fail, waitMs } = account()
  let now = START_MS
  const waits: number[] = []
  for (let count = 0; count < failures; count += 1) {
    const wait = waitMs(deviceId, now)
    waits.push(wait / 1000)
    now += wait
    expect(fail(deviceId, now)).toBe(true)
  }
  return waits
}

/** Answers the largest number of times within any 24 hours, the end of which does not count. */
function mostInADay(times: readonly number[]): number {
  return Math.max(0, ...times.map((from) => times.filter((at) => at >= from && at < from + DAY_MS).length))
}

describe('throttle policy', () => {
  it('allows five failures, then makes everybody wait 1 s, twice as long each time, and never over 15 min', () => {
    expect(waitsOf(null, 18)).toEqual([0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900])
    expect(waitsOf('device', 18)).toEqual([0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900])
  })

  it('refuses strangers for a day after 80 failures in a row', () => {
    expect(waitsOf(null, 81).slice(-2)).toEqual([900, DAY_MS / 1000])
  })

  it('treats all devices as strangers after 20 failures from devices, and leaves the budget of the owner alone before', () => {
    const { fail, waitMs } = account()
    for (let device = 0; device < 4; device += 1)
      for (let count = 0; count < 5; count += 1) expect(fail(`device ${device}`, START_MS)).toBe(true)
    for (let count = 0; count < 5; count += 1) expect(fail('device 9', START_MS)).toBe(true)
    expect(waitMs('device 9', START_MS)).toBe(1000)
    expect(waitMs(null, START_MS)).toBe(1000)
    expect(waitMs('device 9', START_MS + DAY_MS)).toBe(0)
  })

  it('counts strangers and devices separately', () => {
    const { fail, waitMs } = account()
    for (let count = 0; count < 5; count += 1) fail(null, START_MS)
    expect([waitMs(null, START_MS), waitMs('device', START_MS)]).toEqual([1000, 0])
    for (let count = 0; count < 5; count += 1) fail('device', START_MS + 1000)
    expect([waitMs('device', START_MS + 1000), waitMs('another', START_MS + 1000)]).toEqual([1000, 0])
  })

  it('clears only the budget that a right password was tried with', () => {
    const { fail, succeed, waitMs } = account()
    for (let count = 0; count < 5; count += 1) {
      fail(null, START_MS)
      fail('device', START_MS)
    }
    expect(succeed('device', START_MS)).toBe(false)
    expect(succeed('device', START_MS + 1000)).toBe(true)
    expect([waitMs('device', START_MS + 1000), waitMs(null, START_MS)]).toEqual([0, 1000])
  })

  it('admits nobody earlier when the clock is set back', () => {
    const { fail, waitMs } = account()
    for (let count = 0; count < 5; count += 1) fail(null, START_MS)
    expect(waitMs(null, START_MS - 60_000)).toBe(61_000)
    expect(isForgotten({ count: 5, lastAt: START_MS, isRefusing: false }, START_MS - DAY_MS)).toBe(false)
  })

  it('NIST SP 800-63B-4 §3.2.2: at most 100 failures in any 24 h, however strangers and devices take turns', () => {
    const step = fc.record({
      deviceId: fc.constantFrom(null, null, 'a', 'b', 'c', 'd', 'e', 'f'),
      // Most attempts wait exactly as long as they must, some come too early, and some come much later.
      pauseMs: fc.oneof(
        { weight: 6, arbitrary: fc.constant(0) },
        { weight: 2, arbitrary: fc.integer({ min: 0, max: 2 * 3_600_000 }) },
        { weight: 1, arbitrary: fc.integer({ min: DAY_MS - 1000, max: DAY_MS + 1000 }) },
      ),
      isPatient: fc.boolean(),
    })
    fc.assert(
      fc.property(fc.array(step, { minLength: 50, maxLength: 400 }), (steps) => {
        const { fail, waitMs } = account()
        const failures: number[] = []
        let now = START_MS
        for (const { deviceId, pauseMs, isPatient } of steps) {
          now += pauseMs + (isPatient ? waitMs(deviceId, now + pauseMs) : 0)
          if (fail(deviceId, now)) failures.push(now)
        }
        expect(mostInADay(failures)).toBeLessThanOrEqual(100)
      }),
      { numRuns: 300 },
    )
  })

  it('NIST SP 800-63B-4 §3.2.2: the greediest attacker, with 20 devices and every second of a day, gets exactly 100', () => {
    const { fail } = account()
    const failures: number[] = []
    for (let now = START_MS; now < START_MS + 3 * DAY_MS; now += 1000)
      for (let device = -1; device < 20; device += 1)
        while (fail(device < 0 ? null : `device ${device}`, now)) failures.push(now)
    expect(failures.filter((at) => at < START_MS + DAY_MS)).toHaveLength(100)
    expect(mostInADay(failures)).toBe(100)
  }, 60_000)
})
