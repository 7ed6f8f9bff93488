import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { makeScratchFolder } from '../../scripts/lib/scratch-folder.ts'
import { type Build, buildWorker, removeBuild } from '../lib/build.ts'
import { openClient } from '../lib/client.ts'
import { median } from '../lib/statistics.ts'
import { startWorkerd } from '../lib/workerd.ts'
import type { Service } from '../services/service.ts'

/** So many copies start in one process, so that what a process costs by itself weighs little. */
export const START_UP_COPIES = 8

/** A service whose start can be measured any number of times. */
export interface Starting {
  name: string
  /**
   * Starts the service, and a Worker with the same bindings that does nothing. Times are milliseconds of CPU, of all
   * copies.
   */
  measureOnce(): Promise<{ idleMs: number; startedMs: number }>
  close(): Promise<void>
}

/** Builds a service and makes its database, so that its start can be measured. */
export async function prepareStart<Person>(service: Service<Person>): Promise<Starting> {
  const build = await buildWorker(service.config)
  const empty = await emptyOf(build)
  const statePath = makeScratchFolder()
  const measure = async (one: Build) => {
    const workerd = await startWorkerd(one, { statePath, copies: START_UP_COPIES })
    for (const origin of workerd.origins) {
      const client = openClient(origin, 1)
      await client.answer(service.hello)
      client.close()
    }
    const cpuMs = await workerd.cpuMs()
    await workerd.stop()
    return cpuMs
  }
  const workerd = await startWorkerd(build, { statePath })
  await service.migrate?.(statePath, workerd)
  await workerd.stop()
  return {
    name: service.name,
    measureOnce: async () => ({ idleMs: await measure(empty), startedMs: await measure(build) }),
    close: () => removeBuild(build),
  }
}

/**
 * Answers how much CPU time a new isolate of each service takes until its first answer, in milliseconds. It is the time
 * of a fresh workerd process with several copies, less that of one whose Workers do nothing, by the medians of both.
 * The services take turns, because the speed of a shared machine changes meanwhile.
 */
export async function measureStartUps(
  services: readonly Starting[],
  repetitions: number,
): Promise<Map<string, number>> {
  const times = services.map((service) => ({ service, idle: [] as number[], started: [] as number[] }))
  for (let repetition = 0; repetition < repetitions; repetition += 1) {
    for (const { service, idle, started } of times) {
      const { idleMs, startedMs } = await service.measureOnce()
      idle.push(idleMs)
      started.push(startedMs)
    }
  }
  for (const service of services) await service.close()
  return new Map(
    times.map(({ service, idle, started }) => [service.name, (median(started) - median(idle)) / START_UP_COPIES]),
  )
}

/** Makes a Worker with the same bindings that does nothing. */
async function emptyOf(build: Build): Promise<Build> {
  const classes = build.config.durable_objects?.bindings.map(({ class_name }) => class_name) ?? []
  const script = `import { DurableObject } from 'cloudflare:workers'
${classes.map((name) => `export class ${name} extends DurableObject {}`).join('\n')}
export default { fetch: () => new Response('') }`
  const path = join(build.directory, 'modules', 'empty.js')
  await writeFile(path, script)
  return { ...build, modules: [{ type: 'ESModule', path }] }
}
