import { makeScratchFolder } from '../../scripts/lib/scratch-folder.ts'
import { type Build, buildWorker, removeBuild } from '../lib/build.ts'
import { type Client, openClient } from '../lib/client.ts'
import { CONCURRENCY, loadFor, toLanes } from '../lib/load.ts'
import { type StartOptions, startWorkerd, type Workerd } from '../lib/workerd.ts'
import type { Service } from './service.ts'

/** A service that runs, has its tables, and knows people. */
export interface Running {
  name: string
  build: Build
  workerd: Workerd
  /** Keeps the operation under way for so long, and answers how many milliseconds each request took. */
  load(operation: string, milliseconds: number, perSecond?: number): Promise<number[]>
  /** Does the operation once for everybody. */
  doOnce(operation: string): Promise<void>
  client: Client
  stop(): Promise<void>
}

export interface RunOptions extends Pick<StartOptions, 'entry' | 'withInspector'> {
  members: number
  isMinified?: boolean
}

/** Builds and starts a service, and makes accounts and sessions for so many members. */
export async function runService<Person>(
  service: Service<Person>,
  { members, isMinified = true, ...options }: RunOptions,
): Promise<Running> {
  const build = await buildWorker(service.config, isMinified)
  const statePath = makeScratchFolder()
  const workerd = await startWorkerd(build, { ...options, statePath })
  await service.migrate?.(statePath, workerd)
  const client = openClient(workerd.origin, CONCURRENCY)
  const people = await service.enrol(client, members)
  const lanesOf = new Map(Object.keys(service.operations).map((name) => [name, toLanes(people)]))
  const operationOf = (name: string) => {
    const operation = service.operations[name]
    if (operation === undefined) throw new Error(`${service.name} has no operation ${name}.`)
    return (person: Person) => operation(client, person)
  }
  return {
    name: service.name,
    build,
    workerd,
    client,
    load: (name, milliseconds, perSecond) =>
      loadFor(milliseconds, lanesOf.get(name) ?? [], operationOf(name), perSecond),
    doOnce: async (name) => {
      for (const person of people) await operationOf(name)(person)
    },
    stop: async () => {
      client.close()
      await workerd.stop()
      await removeBuild(build)
    },
  }
}
