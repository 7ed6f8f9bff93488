import { spawnSync } from 'node:child_process'
import { beforeAll, describe, expect, it } from 'vitest'
import { browser, service, useServiceAndBrowser } from '../support/service-and-browser.ts'
import { computeSlow4gMs } from '../support/slow-network.ts'
import { openTimed, signInAsAdmin, TIMED_PAGES } from '../support/timed-pages.ts'

const MOST_MS = 1000

let admin: Awaited<ReturnType<typeof signInAsAdmin>>

useServiceAndBrowser()
beforeAll(async () => {
  expect(spawnSync(process.execPath, ['scripts/build-ui.ts']).status).toBe(0)
  admin = await signInAsAdmin(browser, service.origin)
})

describe('on slow 4G', () => {
  it('a load takes two round trips to connect, one for each answer that another one waits for, and its bytes', () => {
    expect(computeSlow4gMs({ rounds: [1000], requests: 1 })).toBe(3 * 150 + 5000 / 200)
    expect(computeSlow4gMs({ rounds: [1000, 20_000], requests: 3 })).toBe(4 * 150 + 25_000 / 200)
  })

  it.each(TIMED_PAGES)(
    '$path can be used within a second, over a new connection and with nothing cached',
    async (timed) => {
      const load = await openTimed(browser, service.origin, timed, admin)
      expect(computeSlow4gMs(load), JSON.stringify(load)).toBeLessThanOrEqual(MOST_MS)
    },
  )
})
