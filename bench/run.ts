import { execFileSync } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { projectRoot } from '../scripts/lib/wrangler.ts'
import { CPU_AIMS } from './aims.ts'
import { measureBundle } from './lib/build.ts'
import { CONCURRENCY } from './lib/load.ts'
import { type Counts, countCalls } from './measure/counts.ts'
import { type Profile, profileOperation } from './measure/profile.ts'
import { measureRounds, type RoundsEffort, type Target } from './measure/rounds.ts'
import { measureStartUps, prepareStart, type Starting } from './measure/start-up.ts'
import { judge, type Measured, writeReport } from './report.ts'
import { betterAuth } from './services/better-auth.ts'
import { hashFloor, verifyFloor } from './services/floors.ts'
import { postern } from './services/postern.ts'
import { type Running, runService } from './services/running.ts'
import type { Service } from './services/service.ts'

interface Effort extends RoundsEffort {
  members: number
  startUpRepetitions: number
}

/**
 * There are so many members that nobody logs in twice within a minute, which Postern would count in KV. Rounds are
 * short, because the speed of a shared machine changes within a second. Before them each operation is done some
 * 3,000 times: until then, what a login takes besides its hash falls by a third.
 */
const FULL: Effort = {
  members: 32 * CONCURRENCY,
  warmUpRounds: 160,
  rounds: 100,
  roundMs: 100,
  startUpRepetitions: 30,
}
const QUICK: Effort = {
  members: 16 * CONCURRENCY,
  warmUpRounds: 1,
  rounds: 10,
  roundMs: 100,
  startUpRepetitions: 3,
}
const REPORT = join(projectRoot, 'docs/benchmarks.md')

/** A service whose people are of a kind of its own, which only it needs to know. */
interface Candidate {
  name: string
  operations: readonly string[]
  run: (members: number) => Promise<Running>
  count: () => Promise<Map<string, Counts>>
  prepareStart: () => Promise<Starting>
}

const toCandidate = <Person>(service: Service<Person>): Candidate => ({
  name: service.name,
  operations: Object.keys(service.operations),
  run: (members) => runService(service, { members }),
  count: () => countCalls(service),
  prepareStart: () => prepareStart(service),
})

const CANDIDATES = [toCandidate(postern), toCandidate(betterAuth), toCandidate(verifyFloor), toCandidate(hashFloor)]

/** Measures everything and writes the report. */
export async function runBenchmarks(isQuick: boolean): Promise<void> {
  const effort = isQuick ? QUICK : FULL
  const measured: Measured = { isQuick, ...(await measureAll(effort)), profiles: [] }
  const missed = new Set(judge(measured).flatMap(({ operation, isMet }) => (isMet ? [] : [operation])))
  const operations = new Set(
    CPU_AIMS.map(({ operation }) => operation).filter((name) => missed.has(`\`${name}\`, CPU`)),
  )
  const profiles: Profile[] = []
  for (const operation of operations) {
    console.log(`${operation} misses an aim: profile it.`)
    profiles.push(await profileOperation(postern, operation))
  }
  await writeFile(REPORT, writeReport({ ...measured, profiles }))
  for (const { operation, comparedWith, measured: value, aim, isMet } of judge(measured))
    console.log([isMet ? 'met   ' : 'MISSED', operation, comparedWith, value, aim].join('  '))
}

async function measureAll({
  members,
  startUpRepetitions,
  ...roundsEffort
}: Effort): Promise<Omit<Measured, 'isQuick' | 'profiles'>> {
  const counts: [string, Map<string, Counts>][] = []
  const starting: Starting[] = []
  for (const { name, count, prepareStart } of CANDIDATES) {
    console.log(`${name}: count calls.`)
    counts.push([name, await count()])
    if (name !== hashFloor.name) starting.push(await prepareStart())
  }
  console.log('Measure the start.')
  const startUpMs = await measureStartUps(starting, startUpRepetitions)
  console.log('Sign everybody up.')
  const targets: Target[] = []
  for (const { run, operations } of CANDIDATES)
    for (const operation of operations) targets.push({ service: await run(members), operation })
  const timings = await measureRounds(targets, roundsEffort)
  const builds = new Map(targets.map(({ service: { name, build } }) => [name, build]))
  const bundles = await Promise.all(
    [...builds].map(async ([name, build]) => [name, await measureBundle(build)] as const),
  )
  await Promise.all(targets.map(({ service }) => service.stop()))
  return {
    versions: { Postern: describeCommit(), Node: process.versions.node, ...(await readVersions()) },
    ...roundsEffort,
    concurrency: CONCURRENCY,
    startUpRepetitions,
    timings,
    counts: new Map(counts),
    bundles: new Map(bundles),
    startUpMs,
  }
}

const describeCommit = () =>
  execFileSync('git', ['describe', '--always', '--dirty'], { cwd: projectRoot, encoding: 'utf8' }).trim()

async function readVersions(): Promise<Record<string, string>> {
  const { packages } = JSON.parse(await readFile(join(projectRoot, 'bench/package-lock.json'), 'utf8')) as {
    packages: Record<string, { version: string }>
  }
  const names = ['workerd', 'wrangler', 'better-auth', 'hono', 'jose', '@phi-ag/argon2']
  return Object.fromEntries(names.map((name) => [name, packages[`node_modules/${name}`]?.version ?? 'unknown']))
}
