import { afterEach, describe, expect, it, vi } from 'vitest'
import { DEPENDENCY_TIMEOUT_MS } from '../../../../src/config.ts'
import type { Platform } from '../../../../src/platform/platform.ts'
import { checkReadiness } from '../../../../src/services/health/health.ts'

const answers = async () => 'ok'
const PROBES = { database: async () => 4096, blocklist: answers, loginThrottle: answers, pictures: answers }
/** Builds a platform that has nothing but probes. */
const withProbes = (probes: object) => ({ probes: { ...PROBES, ...probes } }) as unknown as Platform

afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

describe('checkReadiness', () => {
  it('says of each dependency whether it answered', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => undefined)
    const refuses = async () => {
      throw new Error('refused')
    }
    expect(await checkReadiness(withProbes({ blocklist: refuses }))).toMatchObject({
      database: { status: 'ok', bytes: 4096 },
      blocklist: { status: 'unavailable' },
      loginThrottle: { status: 'ok' },
      pictures: { status: 'ok' },
      signingKeys: { status: 'unavailable' },
    })
  })

  it('asks all of them at the same time, and waits for none without end', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => undefined)
    vi.useFakeTimers()
    const stalls = () => new Promise<never>(() => undefined)
    const checked = checkReadiness(withProbes({ database: stalls, pictures: stalls }))
    await vi.advanceTimersByTimeAsync(DEPENDENCY_TIMEOUT_MS)
    expect(await checked).toMatchObject({
      database: { status: 'unavailable', ms: DEPENDENCY_TIMEOUT_MS },
      pictures: { status: 'unavailable', ms: DEPENDENCY_TIMEOUT_MS },
      blocklist: { status: 'ok' },
    })
  })
})
