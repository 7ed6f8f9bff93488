import { setTimeout as sleep } from 'node:timers/promises'
import { CONCURRENCY } from '../lib/load.ts'
import { median, slope } from '../lib/statistics.ts'
import { MIXED_LOAD, postern } from '../services/postern.ts'
import { runService } from '../services/running.ts'

const SAMPLE_MS = 5000
const MIB = 1024 ** 2
/** Caches fill, accounts get their sessions, and code is compiled in the first half of the time. */
const WARM_UP_SHARE = 1 / 2
/** Memory counts as flat when the line through the samples rises by less than this share of the median. */
const FLAT_SHARE = 0.05

/** Bytes by the minutes since the start. */
type Series = { x: number; y: number }[]

/**
 * Puts mixed load on the service, and tells whether two things stay where they are after a warm-up: the resident memory
 * of its process, and what lives in the heap of the Worker's isolate after a collection. Answers whether both do.
 */
export async function measureMemory(minutes: number): Promise<boolean> {
  const start = performance.now()
  const minutesSince = () => (performance.now() - start) / 60_000
  const heaps = new Map<string, Series>()
  const onCollection = (isolate: string, y: number) => {
    const series = heaps.get(isolate) ?? []
    heaps.set(isolate, series)
    series.push({ x: minutesSince(), y })
  }
  const service = { ...postern, operations: { mixed: MIXED_LOAD } }
  const running = await runService(service, { members: 8 * CONCURRENCY, onCollection })
  try {
    const end = minutesSince() + minutes
    const resident: Series = []
    const sample = async () => {
      for (let minute = 0; minutesSince() < end; await sleep(SAMPLE_MS)) {
        const x = minutesSince()
        const y = await running.workerd.residentBytes()
        resident.push({ x, y })
        if (x >= minute) console.log(`minute ${Math.floor(x)}: ${(y / MIB).toFixed(0)} MiB`)
        if (x >= minute) minute = Math.floor(x) + 1
      }
    }
    const [times] = await Promise.all([running.load('mixed', minutes * 60_000), sample()])
    console.log(`${times.length} requests.`)
    const from = end - minutes * (1 - WARM_UP_SHARE)
    // The Worker's isolate holds more than those of the parts that stand in for D1, KV, queues and objects.
    const [heap = []] = [...heaps.values()].toSorted((a, b) => levelOf(b) - levelOf(a))
    const answers = [isFlat('The process', resident, from), isFlat("The heap of the Worker's isolate", heap, from)]
    return answers.every(Boolean)
  } finally {
    await running.stop()
  }
}

const levelOf = (series: Series): number => median(series.map(({ y }) => y))

function isFlat(what: string, series: Series, from: number): boolean {
  const counted = series.filter(({ x }) => x >= from)
  const level = levelOf(counted)
  const grown = slope(counted) * ((counted.at(-1)?.x ?? from) - from)
  const flat = grown < level * FLAT_SHARE
  const mib = (bytes: number) => (bytes / MIB).toFixed(1)
  console.log(`${what}: median ${mib(level)} MiB, grown by ${mib(grown)} MiB: ${flat ? 'flat' : 'NOT flat'}.`)
  return flat
}
