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

interface Round {
  times: number[]
  elapsedMs: number
  cpuMs: number
}

/** What is compared stands side by side, because the speed of a shared machine changes within a second. */
const ORDER: readonly string[] = CPU_AIMS.flatMap(({ operation, peerOperation }) => [peerOperation, operation])

/**
 * Puts load on each operation in turn, round after round, so that whatever else the machine does hits all of them
 * alike. The first round warms up and does not count.
 */
export async function measureRounds(
  services: readonly Running[],
  { rounds, roundMs }: { rounds: number; roundMs: number },
): Promise<Timing[]> {
  const targets = services.flatMap((service) =>
    service.operations.map((operation) => ({ service, operation, measured: [] as Round[] })),
  )
  const turns = targets.toSorted((a, b) => ORDER.indexOf(a.operation) - ORDER.indexOf(b.operation))
  for (let round = 0; round <= rounds; round += 1) {
    for (const { service, operation, measured } of turns) {
      const result = await runRound(service, operation, roundMs)
      if (round > 0) measured.push(result)
    }
    console.log(round === 0 ? 'Warmed up.' : `Round ${round} of ${rounds}.`)
  }
  return targets.map(({ service, operation, measured }) => toTiming(service.name, operation, measured))
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
