import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { CONCURRENCY } from '../lib/load.ts'
import { median, slope } from '../lib/statistics.ts'
import { MIXED_LOAD, postern } from '../services/postern.ts'
import { runService } from '../services/running.ts'

const SAMPLE_MS = 5000
const MIB = 1024 ** 2
/** Before what counts: caches fill, accounts get their sessions, and code is compiled. */
const WARM_UP_MINUTES = 15
/**
 * The process rests in between. The timers of one that never does are not fired, so the queue on this machine would
 * keep every message, and that would count as growth.
 */
const REQUESTS_PER_SECOND = 90
/** Memory counts as flat when the line through the samples rises by less than this share of the median. */
const FLAT_SHARE = 0.05

/** Miniflare reads the flags of V8 from here. */
const FLAGS_VARIABLE = 'MINIFLARE_WORKERD_V8_FLAGS'
/**
 * An isolate on this machine may take all memory, so it lets garbage lie where one of Cloudflare's, which has 128 MB,
 * could not. With these flags every collection is a whole one, and is written down.
 */
const COLLECTING_FLAGS = '--trace-gc --gc-global'
const COLLECTION = /:(0x[0-9a-f]+)\] +\d+ ms: Mark-Compact [^>]*-> ([\d.]+) /

/** Mebibytes by the minutes since the start. */
type Series = { x: number; y: number }[]

/**
 * Puts mixed load on the service, and tells whether two things stay where they are for so many minutes after a warm-up:
 * the resident memory of its process, and what lives in the heap of the Worker's isolate after a collection. The load
 * runs in a process of its own, whose output tells of the collections. Answers whether both are flat.
 */
export async function measureMemory(minutes: number): Promise<boolean> {
  if (process.env[FLAGS_VARIABLE] === COLLECTING_FLAGS) return await sampleResidentMemory(minutes)
  const child = spawn(process.execPath, process.argv.slice(1), {
    env: { ...process.env, [FLAGS_VARIABLE]: COLLECTING_FLAGS },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const heaps = new Map<string, Series>()
  const start = performance.now()
  createInterface({ input: child.stdout }).on('line', (line) => {
    const [, isolate, mib] = COLLECTION.exec(line) ?? []
    if (isolate === undefined) return / ms: (Scavenge|Mark-Compact)/.test(line) || console.log(line)
    const series = heaps.get(isolate) ?? []
    heaps.set(isolate, series)
    series.push({ x: (performance.now() - start) / 60_000, y: Number(mib) })
  })
  const exitCode = await new Promise<number>((resolve) => child.once('close', (code) => resolve(code ?? 1)))
  // The Worker's isolate holds more than those of the parts that stand in for D1, KV, queues and objects.
  const [heap = []] = [...heaps.values()].toSorted((a, b) => levelOf(b) - levelOf(a))
  return isFlat("The heap of the Worker's isolate", heap, minutes) && exitCode === 0
}

async function sampleResidentMemory(minutes: number): Promise<boolean> {
  const running = await runService({ ...postern, operations: { mixed: MIXED_LOAD } }, { members: 8 * CONCURRENCY })
  try {
    const start = performance.now()
    const endMs = (WARM_UP_MINUTES + minutes) * 60_000
    const samples: Series = []
    const load = running.load('mixed', endMs, REQUESTS_PER_SECOND)
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
    console.log(`${times.length} requests.`)
    return isFlat('The process', samples, minutes)
  } finally {
    await running.stop()
  }
}

const levelOf = (series: Series): number => median(series.map(({ y }) => y))

/** Tells whether a series stays flat in its last so many minutes. */
function isFlat(what: string, series: Series, minutes: number): boolean {
  const from = (series.at(-1)?.x ?? 0) - minutes
  const counted = series.filter(({ x }) => x >= from)
  const level = levelOf(counted)
  const grown = slope(counted) * minutes
  const flat = grown < level * FLAT_SHARE
  console.log(
    `${what}: median ${level.toFixed(1)} MiB, grown by ${grown.toFixed(1)} MiB: ${flat ? 'flat' : 'NOT flat'}.`,
  )
  return flat
}
