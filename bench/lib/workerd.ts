import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from 'miniflare'
import { unstable_getMiniflareWorkerOptions } from 'wrangler'
import { readCpuMs } from '../../scripts/lib/cpu-time.ts'
import type { Build } from './build.ts'

/** A Worker that runs in a workerd process of its own. */
export interface Workerd {
  origin: string
  /** Where each copy answers. The first is `origin`. */
  origins: readonly string[]
  /** The CPU time of the whole process so far, in milliseconds: the Worker, its bindings and the runtime. */
  cpuMs(): Promise<number>
  /** The memory of the process that is resident, in bytes. */
  residentBytes(): Promise<number>
  /** The D1 database that is bound as `DB`. */
  database(): Promise<D1Database>
  inspectorUrl(): Promise<string>
  stop(): Promise<void>
}

export interface StartOptions {
  /** Databases, KV and objects lie in this folder. */
  statePath: string
  /** How many copies of the Worker the process runs, each in an isolate of its own; one, unless it says otherwise. */
  copies?: number
  /** Replaces the entry module of the build by this one, which may import `./index.js`, the entry of the build. */
  entry?: string
  withInspector?: boolean
}

const PAGE_BYTES = 4096

/**
 * Starts a build as miniflare does, but with a socket that leads to the Worker itself. The proxy that stands before it
 * in `wrangler dev` exists in no deployment, and costs as much as a small Worker.
 */
export async function startWorkerd(
  build: Build,
  { statePath, copies = 1, entry, withInspector }: StartOptions,
): Promise<Workerd> {
  const { workerOptions } = unstable_getMiniflareWorkerOptions(join(build.directory, 'wrangler.json'))
  const name = build.config.name ?? 'worker'
  const names = [name, ...Array.from({ length: copies - 1 }, (_, copy) => `${name}-${copy + 2}`)]
  const modulesRoot = join(build.directory, 'modules')
  const before = await listWorkerds()
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      host: '127.0.0.1',
      port: 0,
      log: new Log(LogLevel.ERROR),
      resourcePersistencePath: statePath,
      ...(withInspector ? { inspectorPort: 0 } : {}),
      workers: names.map((copy) => ({
        ...workerOptions,
        // A queue has one consumer.
        ...(copy === name ? {} : { queueConsumers: {} }),
        name: copy,
        modulesRoot,
        modules: [
          ...(entry === undefined
            ? []
            : [{ type: 'ESModule' as const, path: join(modulesRoot, 'bench-entry.js'), contents: entry }]),
          ...build.modules,
        ],
        unsafeDirectSockets: [{ host: '127.0.0.1', port: 0 }],
      })),
    }),
  )
  await miniflare.ready
  const pid = (await listWorkerds()).find((candidate) => !before.includes(candidate))
  if (pid === undefined) throw new Error('workerd has no process')
  const origins = await Promise.all(names.map(async (copy) => (await miniflare.unsafeGetDirectURL(copy)).origin))
  const [origin = ''] = origins
  return {
    origin,
    origins,
    cpuMs: () => readCpuMs(pid),
    residentBytes: async () => Number((await readStat(pid))[21]) * PAGE_BYTES,
    database: () => miniflare.getD1Database('DB'),
    inspectorUrl: async () => `${await miniflare.getInspectorURL()}core:user:${name}`,
    stop: () => miniflare.dispose(),
  }
}

/** Reads the fields of a process from its state on (proc_pid_stat(5)); its name may hold spaces. */
async function readStat(pid: string): Promise<string[]> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')
}

/** Lists the workerd processes that this process started. */
async function listWorkerds(): Promise<string[]> {
  const tasks = await readdir('/proc/self/task')
  const children = await Promise.all(tasks.map((task) => readFile(`/proc/self/task/${task}/children`, 'utf8')))
  const pids = children.flatMap((line) => line.split(' ')).filter((pid) => pid !== '')
  const names = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '')))
  return pids.filter((_, index) => names[index]?.trim() === 'workerd')
}
