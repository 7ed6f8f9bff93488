import { CONCURRENCY } from '../lib/load.ts'
import { type CpuProfile, openProfiler, openSourceMap, type Place } from '../lib/profiler.ts'
import { sum } from '../lib/statistics.ts'
import { runService } from '../services/running.ts'
import type { Service } from '../services/service.ts'

const WARM_UP_MS = 2000
const LOAD_MS = 5000
/** So many that nobody logs in twice. */
const MEMBERS = 16 * CONCURRENCY

export interface Entry {
  label: string
  /** The time that a request spends in this function itself, not in those that it calls. */
  microseconds: number
}

/** Where the time of one operation goes. Times are those of one request. */
export interface Profile {
  operation: string
  /** The CPU time of the whole process, slowed down by the profiler. */
  processMs: number
  /** The part of it that the Worker's own isolate takes. */
  scriptMs: number
  functions: readonly Entry[]
  packages: readonly Entry[]
}

/** Runs a service with names that people can read, puts load on one operation, and tells where its time goes. */
export async function profileOperation<Person>(service: Service<Person>, operation: string): Promise<Profile> {
  const running = await runService(service, { members: MEMBERS, isMinified: false, withInspector: true })
  try {
    await running.load(operation, WARM_UP_MS)
    const profiler = await openProfiler(running.workerd)
    const startMs = await running.workerd.cpuMs()
    await profiler.start()
    const { length: requests } = await running.load(operation, LOAD_MS)
    const profile = await profiler.stop()
    const processMs = ((await running.workerd.cpuMs()) - startMs) / requests
    const entries = summarize(profile, requests, await openSourceMap(running.build))
    const scriptMs = sum(entries.functions.map(({ microseconds }) => microseconds)) / 1000
    return { operation, processMs, scriptMs, ...entries }
  } finally {
    await running.stop()
  }
}

/** Adds up the time of each function, and of each package that the functions come from. */
function summarize({ nodes, samples, timeDeltas }: CpuProfile, requests: number, placeOf: (frame: Frame) => Place) {
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const callers = new Map(nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id])))
  const functions = new Map<string, number>()
  const packages = new Map<string, number>()
  const add = (to: Map<string, number>, key: string, time: number) => to.set(key, (to.get(key) ?? 0) + time / requests)
  /** A function of the runtime belongs to the function that calls it. */
  const describe = (id: number): { label: string; owner: string } => {
    const node = byId.get(id)
    if (node === undefined) return { label: '(unknown)', owner: '(unknown)' }
    const { callFrame } = node
    if (callFrame.url !== '' || callFrame.functionName.startsWith('(')) {
      const { label, owner } = placeOf(callFrame)
      return { label, owner }
    }
    const caller = describe(callers.get(id) ?? -1)
    return { label: `${callFrame.functionName || '(native)'} ← ${caller.label}`, owner: caller.owner }
  }
  for (const [index, id] of samples.entries()) {
    if (byId.get(id)?.callFrame.functionName === '(idle)') continue
    const { label, owner } = describe(id)
    add(functions, label, timeDeltas[index] ?? 0)
    add(packages, owner, timeDeltas[index] ?? 0)
  }
  return { functions: toEntries(functions), packages: toEntries(packages) }
}

type Frame = CpuProfile['nodes'][number]['callFrame']

const toEntries = (times: ReadonlyMap<string, number>): Entry[] =>
  [...times]
    .map(([label, microseconds]) => ({ label, microseconds }))
    .toSorted((a, b) => b.microseconds - a.microseconds)
