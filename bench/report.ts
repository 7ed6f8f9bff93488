import { availableParallelism, cpus } from 'node:os'
import { CODE_MAX_KIB, CPU_AIMS, START_UP_MAX_RATIO } from './aims.ts'
import type { BundleSize } from './lib/build.ts'
import { median, quantile } from './lib/statistics.ts'
import type { Counts } from './measure/counts.ts'
import type { Profile } from './measure/profile.ts'
import type { RoundsEffort, Timing } from './measure/rounds.ts'
import { START_UP_COPIES } from './measure/start-up.ts'
import { PRICES_PER_MILLION, PRICES_READ_ON, priceOfMillion } from './prices.ts'

/** All that a run measured. */
export interface Measured extends RoundsEffort {
  isQuick: boolean
  versions: Readonly<Record<string, string>>
  concurrency: number
  startUpRepetitions: number
  timings: readonly Timing[]
  /** By service, then by operation. */
  counts: ReadonlyMap<string, ReadonlyMap<string, Counts>>
  bundles: ReadonlyMap<string, BundleSize>
  startUpMs: ReadonlyMap<string, number>
  profiles: readonly Profile[]
}

export interface Result {
  operation: string
  comparedWith: string
  measured: string
  aim: string
  isMet: boolean
}

const KIB = 1024
const PROFILE_ROWS = 15

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')

const inKib = (bytes: number) => (bytes === 0 ? '' : `${(bytes / KIB).toFixed(1)} KiB`)
const inCount = (count: number) => (count === 0 ? '' : String(Number(count.toFixed(2))))
const inRatio = (ratio: number) => ratio.toFixed(2)

/** Compares rounds that ran side by side, so that a slow moment of the machine slows down both. */
function ratiosOf(ours: Timing, theirs: Timing): number[] {
  return ours.cpuMsByRound.map((cpuMs, round) => cpuMs / (theirs.cpuMsByRound[round] ?? Number.NaN))
}

/** Holds the measurements against the aims. */
export function judge({ timings, bundles, startUpMs }: Measured): Result[] {
  const find = (service: string, operation: string) =>
    timings.find((timing) => timing.service === service && timing.operation === operation)
  const results = CPU_AIMS.flatMap(({ operation, peer, peerOperation, atMost }): Result[] => {
    const [ours, theirs] = [find('Postern', operation), find(peer, peerOperation)]
    if (ours === undefined || theirs === undefined) return []
    const ratios = ratiosOf(ours, theirs)
    const ratio = median(ratios)
    return [
      {
        operation: `\`${operation}\`, CPU`,
        comparedWith: `${peer}, \`${peerOperation}\``,
        measured: `${inRatio(ratio)} (${inRatio(quantile(ratios, 0.25))} to ${inRatio(quantile(ratios, 0.75))})`,
        aim: `at most ${inRatio(atMost)}`,
        isMet: ratio <= atMost,
      },
    ]
  })
  const bundle = bundles.get('Postern')
  const codeBytes = (bundle?.scriptBytes ?? 0) + (bundle?.wasmBytes ?? 0)
  const startUp = (startUpMs.get('Postern') ?? Number.NaN) / (startUpMs.get('better-auth') ?? Number.NaN)
  return [
    ...results,
    {
      operation: 'script and WebAssembly, minified, gzipped',
      comparedWith: '',
      measured: inKib(codeBytes),
      aim: `at most ${CODE_MAX_KIB} KiB`,
      isMet: codeBytes <= CODE_MAX_KIB * KIB,
    },
    {
      operation: 'start-up, CPU',
      comparedWith: 'better-auth',
      measured: inRatio(startUp),
      aim: `at most ${inRatio(START_UP_MAX_RATIO)}`,
      isMet: startUp <= START_UP_MAX_RATIO,
    },
  ]
}

/** Writes the whole of `docs/benchmarks.md`. */
export function writeReport(measured: Measured): string {
  const { isQuick, versions, warmUpRounds, rounds, roundMs, concurrency, startUpRepetitions } = measured
  return `# Benchmarks

\`npm run bench\` wrote this page.${isQuick ? ' **This was a quick run (`--quick`), whose numbers say little.**' : ''} It measured on ${availableParallelism()} × ${cpus()[0]?.model ?? 'an unknown CPU'}, with ${Object.entries(
    versions,
  )
    .map(([name, version]) => `${name} ${version}`)
    .join(', ')}.

Postern is compared with better-auth as its documentation sets it up on D1 (Hono, e-mail and password, the JWT plugin, the two-factor plugin, its own
password hash), and with the least that anybody could do: a bare Hono Worker that verifies an ES256 token and asks KV once, and a
bare Worker that hashes once with argon2id at Postern's parameters. Each is built as a deployment builds it, and each operation runs in a
workerd process of its own, so that what one leaves for later is not counted for another. ${concurrency} requests are under way at any time. ${rounds} rounds of ${roundMs / 1000} s each go through all operations in turn, and what is compared stands
side by side, so that whatever else the machine does hits both alike. ${warmUpRounds} such rounds come before them and do not count, because V8 compiles what
runs often, step by step: what is measured is a service that has been busy for a while. People take turns, and nobody logs in twice within a minute.

## Aims

Each ratio is the median of the rounds, and half of them lie between the two in brackets.

${table(
  ['what', 'compared with', 'measured', 'aim', 'met'],
  judge(measured).map(({ operation, comparedWith, measured: value, aim, isMet }) => [
    operation,
    comparedWith,
    value,
    aim,
    isMet ? 'yes' : '**no**',
  ]),
)}

## Speed

CPU is that of the whole process: the Worker, and what stands in for D1, KV, queues and objects on this machine, which Cloudflare does not bill as CPU time.
Requests a second and the times are those of a machine that also sends the requests.

${table(
  ['service', 'operation', 'requests/s', 'p50', 'p99', 'CPU a request'],
  measured.timings.map(({ service, operation, requestsPerSecond, p50Ms, p99Ms, cpuMsByRound }) => [
    service,
    `\`${operation}\``,
    requestsPerSecond.toFixed(0),
    `${p50Ms.toFixed(1)} ms`,
    `${p99Ms.toFixed(1)} ms`,
    `${median(cpuMsByRound).toFixed(2)} ms`,
  ]),
)}

## Calls and prices

Calls are counted where the service meets its bindings, and rows are those that D1 reports. The signing keys are in memory, the device is known, and the message about
activity, of which at most one a minute and session leaves, is left out. The price is that of a million requests by Cloudflare's list for the Workers Paid plan
(${PRICES_READ_ON}, beyond what is included, in dollars a million: ${describePrices()}), with the CPU time of the table above. What objects cost by their duration is left out.

${table(
  [
    'service',
    'operation',
    'D1 round trips',
    'rows read',
    'rows written',
    'KV reads',
    'KV writes',
    'object calls',
    'messages',
    'a million',
  ],
  measured.timings.flatMap(({ service, operation, cpuMsByRound }) => {
    const counts = measured.counts.get(service)?.get(operation)
    if (counts === undefined) return []
    const { d1Trips, rowsRead, rowsWritten, kvReads, kvWrites, objectCalls, messages } = counts
    return [
      [
        service,
        `\`${operation}\``,
        ...[d1Trips, rowsRead, rowsWritten, kvReads, kvWrites, objectCalls, messages].map(inCount),
        `$${priceOfMillion(median(cpuMsByRound), counts).toFixed(2)}`,
      ],
    ]
  }),
)}

## Size and start-up

Sizes are those of the upload, minified and gzipped. Data is text that the script reads: a list of common passwords. Start-up is the CPU time of a
fresh Worker until its first answer: of a process that starts ${START_UP_COPIES} copies, less that of one whose Workers have the same bindings and do nothing, by the medians of
${startUpRepetitions} starts of each.

${table(
  ['service', 'script', 'WebAssembly', 'data', 'start-up, CPU'],
  [...measured.bundles].map(([service, { scriptBytes, wasmBytes, dataBytes }]) => [
    service,
    inKib(scriptBytes),
    inKib(wasmBytes),
    inKib(dataBytes),
    describeStart(measured.startUpMs.get(service)),
  ]),
)}
${measured.profiles.length === 0 ? '' : `\n${writeProfiles(measured.profiles)}`}`
}

const describePrices = () =>
  Object.entries({
    requests: PRICES_PER_MILLION.request,
    'milliseconds of CPU': PRICES_PER_MILLION.cpuMs,
    'rows read': PRICES_PER_MILLION.rowRead,
    'rows written': PRICES_PER_MILLION.rowWritten,
    'KV reads': PRICES_PER_MILLION.kvRead,
    'KV writes': PRICES_PER_MILLION.kvWrite,
    'object requests': PRICES_PER_MILLION.objectRequest,
    'queue operations, three a message': PRICES_PER_MILLION.queueOperation,
  })
    .map(([name, dollars]) => `${name} ${dollars}`)
    .join(', ')

/** Writes where the time of the given operations goes. */
export const writeProfiles = (profiles: readonly Profile[]): string => `## Where the time goes

CPU profiles of the operations that miss an aim, by package or file and by function. A function of the runtime is named with the one that calls it.
${profiles.map(writeProfile).join('\n')}`

export function writeProfile({ operation, processMs, scriptMs, packages, functions }: Profile): string {
  const rowsOf = (entries: Profile['functions']) =>
    entries
      .slice(0, PROFILE_ROWS)
      .map(({ label, microseconds }) => [
        `\`${label}\``,
        `${microseconds.toFixed(0)} µs`,
        `${(microseconds / scriptMs / 10).toFixed(1)} %`,
      ])
  return `
### \`${operation}\`

While it is profiled, a request takes ${processMs.toFixed(2)} ms of the process, and ${scriptMs.toFixed(2)} ms of the Worker's isolate.

${table(['package or file', 'a request', 'share'], rowsOf(packages))}

${table(['function', 'a request', 'share'], rowsOf(functions))}
`
}

/** A process varies by this much from start to start. */
const NOISE_MS = 5

function describeStart(milliseconds: number | undefined): string {
  if (milliseconds === undefined) return ''
  return milliseconds < NOISE_MS ? `under ${NOISE_MS} ms` : `${milliseconds.toFixed(0)} ms`
}
