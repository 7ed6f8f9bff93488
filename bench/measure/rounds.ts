import { CPU_AIMS } from '../aims.ts'
import { median, quantile, sum } from '../lib/statistics.ts'
import type { Running } from '../services/running.ts'

/** What was measured of one operation, under load. */
export interface Timing {
  service: string
  operation: string
  requestsPerSecond: number
  p50Ms: number
  p99Ms: number
  /** The CPU time of the service's process for each request, in each round. */
  cpuMsByRound: readonly number[]
}

/** An operation of a service, each in a process of its own. */
export interface Target {
  service: Running
  operation: string
}

interface Round {
  times: number[]
  elapsedMs: number
  cpuMs: number
}

/** What is compared stands side by side, because the speed of a shared machine changes within a second. */
const ORDER: readonly string[] = CPU_AIMS.flatMap(({ operation, peerOperation }) => [peerOperation, operation])

export interface RoundsEffort {
  /** So many rounds come first and do not count: V8 compiles what runs often, step by step. */
  warmUpRounds: number
  rounds: number
  roundMs: number
}

/**
 * Puts load on each operation in turn, round after round, so that whatever else the machine does hits all of them
 * alike.
 */
export async function measureRounds(
  targets: readonly Target[],
  { warmUpRounds, rounds, roundMs }: RoundsEffort,
): Promise<Timing[]> {
  const measuring = targets.map((target) => ({ ...target, measured: [] as Round[] }))
  const turns = measuring.toSorted((a, b) => ORDER.indexOf(a.operation) - ORDER.indexOf(b.operation))
  for (let round = 1; round <= warmUpRounds + rounds; round += 1) {
    for (const { service, operation, measured } of turns) {
      const result = await runRound(service, operation, roundMs)
      if (round > warmUpRounds) measured.push(result)
    }
    console.log(`Round ${round} of ${warmUpRounds + rounds}, of which ${warmUpRounds} warm up.`)
  }
  return measuring.map(({ service, operation, measured }) => toTiming(service.name, operation, measured))
}

async function runRound(service: Running, operation: string, roundMs: number): Promise<Round> {
  const startCpuMs = await service.workerd.cpuMs()
  const start = performance.now()
  const times = await service.load(operation, roundMs)
  const elapsedMs = performance.now() - start
  return { times, elapsedMs, cpuMs: (await service.workerd.cpuMs()) - startCpuMs }
}

function toTiming(service: string, operation: string, rounds: readonly Round[]): Timing {
  const times = rounds.flatMap((round) => round.times)
  return {
    service,
    operation,
    requestsPerSecond: (times.length * 1000) / sum(rounds.map(({ elapsedMs }) => elapsedMs)),
    p50Ms: median(times),
    p99Ms: quantile(times, 0.99),
    cpuMsByRound: rounds.map((round) => round.cpuMs / round.times.length),
  }
}
