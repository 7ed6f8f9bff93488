import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Build, buildWorker, removeBuild } from '../lib/build.ts'
import { openClient } from '../lib/client.ts'
import { median } from '../lib/statistics.ts'
import { startWorkerd } from '../lib/workerd.ts'
import type { Service } from '../services/service.ts'

/**
 * Answers how much CPU time a new isolate takes until its first answer, in milliseconds. It is the time of a fresh
 * workerd process, less that of one whose Worker has the same bindings and does nothing.
 */
export async function measureStartUp<Person>(service: Service<Person>, repetitions: number): Promise<number> {
  const build = await buildWorker(service.config)
  const empty = await emptyOf(build)
  const statePath = await mkdtemp(join(tmpdir(), 'postern-bench-state-'))
  const measureOnce = async (one: Build) => {
    const workerd = await startWorkerd(one, { statePath })
    const client = openClient(workerd.origin, 1)
    await client.answer(service.hello)
    const cpuMs = await workerd.cpuMs()
    client.close()
    await workerd.stop()
    return cpuMs
  }
  const workerd = await startWorkerd(build, { statePath })
  await service.migrate?.(statePath, workerd)
  await workerd.stop()
  const differences: number[] = []
  for (let repetition = 0; repetition < repetitions; repetition += 1) {
    const idleMs = await measureOnce(empty)
    differences.push((await measureOnce(build)) - idleMs)
  }
  await removeBuild(build)
  await rm(statePath, { recursive: true, force: true })
  return median(differences)
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
