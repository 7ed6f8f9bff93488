import { setTimeout as sleep } from 'node:timers/promises'
import { CONCURRENCY } from '../lib/load.ts'
import { median, slope } from '../lib/statistics.ts'
import { MIXED_LOAD, postern } from '../services/postern.ts'
import { runService } from '../services/running.ts'

const SAMPLE_MS = 5000
const MIB = 1024 ** 2
/** Caches fill and code is compiled in the first third of the time. */
const WARM_UP_SHARE = 1 / 3
/** Memory counts as flat when the line through the samples rises by less than this share of the median. */
const FLAT_SHARE = 0.05

/**
 * Puts mixed load on the service, and tells whether the resident memory of its process stays where it is after a
 * warm-up. Answers whether it does.
 */
export async function measureMemory(minutes: number): Promise<boolean> {
  const running = await runService({ ...postern, operations: { mixed: MIXED_LOAD } }, { members: 8 * CONCURRENCY })
  try {
    const start = performance.now()
    const endMs = minutes * 60_000
    const samples: { x: number; y: number }[] = []
    const load = running.load('mixed', endMs)
    const sample = async () => {
      for (let minute = 0; performance.now() - start < endMs; await sleep(SAMPLE_MS)) {
        const x = (performance.now() - start) / 60_000
        const y = (await running.workerd.residentBytes()) / MIB
        samples.push({ x, y })
        if (x >= minute) console.log(`minute ${minute}: ${y.toFixed(0)} MiB`)
        if (x >= minute) minute += 1
      }
    }
    const [times] = await Promise.all([load, sample()])
    const counted = samples.filter(({ x }) => x >= minutes * WARM_UP_SHARE)
    const [mibPerMinute, level] = [slope(counted), median(counted.map(({ y }) => y))]
    const grown = mibPerMinute * minutes * (1 - WARM_UP_SHARE)
    const isFlat = grown < level * FLAT_SHARE
    console.log(
      `${times.length} requests. After the warm-up: median ${level.toFixed(0)} MiB, slope ${mibPerMinute.toFixed(2)} MiB a minute, ` +
        `${grown.toFixed(1)} MiB altogether: ${isFlat ? 'flat' : 'NOT flat'}.`,
    )
    return isFlat
  } finally {
    await running.stop()
  }
}
