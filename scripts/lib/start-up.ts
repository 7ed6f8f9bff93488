import { spawn } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { readCpuMs } from './cpu-time.ts'
import { projectRoot } from './wrangler.ts'

/** The copies that one process starts, so that what a process costs by itself weighs little. */
const COPIES = 4
/** A bare Worker starts so fast that more of them are needed for a figure that can be relied on. */
const BARE_COPIES = 12
const ROUNDS = 7
const KINDS: Readonly<Record<string, string>> = { '.js': 'esModule', '.wasm': 'wasm' }
/** The runtime that wrangler itself comes with. */
const { default: workerd } = createRequire(fileURLToPath(import.meta.resolve('wrangler')))('workerd') as {
  default: string
}

/** A Worker to start: its folder and its modules, the entry first. */
export interface Startable {
  folder: string
  modules: readonly string[]
}

/**
 * Measures how much CPU time the start of a Worker takes, as a multiple of that of a Worker with nothing but Hono.
 * The starts alternate, and CPU time is not wall time, so a busy machine changes both alike.
 */
export async function measureStartUpRatio(worker: Startable): Promise<number> {
  const bare = await buildBareWorker(worker.folder)
  const times = { idle: [] as number[], bare: [] as number[], worker: [] as number[] }
  for (let round = 0; round < ROUNDS; round += 1) {
    times.idle.push(await measureProcess(bare, 0))
    times.bare.push(await measureProcess(bare, BARE_COPIES))
    times.worker.push(await measureProcess(worker, COPIES))
  }
  const idle = median(times.idle)
  return (median(times.worker) - idle) / COPIES / ((median(times.bare) - idle) / BARE_COPIES)
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN

async function buildBareWorker(folder: string): Promise<Startable> {
  const contents = `import { Hono } from 'hono'\nexport default new Hono().get('/', (c) => c.text('ok'))`
  const outfile = join(folder, 'bare.js')
  await build({
    stdin: { contents, resolveDir: projectRoot },
    bundle: true,
    format: 'esm',
    minify: true,
    outfile,
    logLevel: 'warning',
  })
  return { folder, modules: ['bare.js'] }
}

/** Starts a process with some copies of a Worker, and answers its CPU time in milliseconds once they have started. */
async function measureProcess({ folder, modules }: Startable, copies: number): Promise<number> {
  const list = modules.map((name) => `(name = "${name}", ${KINDS[extname(name)] ?? 'text'} = embed "${name}")`)
  const services = [
    '(name = "idle", worker = .idle)',
    ...Array.from({ length: copies }, (_, index) => `(name = "copy${index}", worker = .copy)`),
  ]
  const settings =
    'compatibilityDate = "2026-09-18", compatibilityFlags = ["nodejs_compat_do_not_populate_process_env"]'
  const config = `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [${services.join(', ')}],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "idle")]
);
const copy :Workerd.Worker = (modules = [${list.join(', ')}], ${settings});
const idle :Workerd.Worker = (modules = [(name = "idle.js", esModule = "export default {}")], ${settings});
`
  const path = join(folder, 'start-up.capnp')
  await writeFile(path, config)
  const child = spawn(workerd, ['serve', path, '--control-fd=3'], { stdio: ['ignore', 'ignore', 'pipe', 'pipe'] })
  let complaint = ''
  child.stderr?.on('data', (chunk: Buffer) => {
    complaint += chunk
  })
  try {
    await new Promise<void>((resolve, reject) => {
      child.stdio[3]?.once('data', () => resolve())
      child.once('error', reject)
      child.once('exit', () => reject(new Error(`The Worker did not start: ${complaint}`)))
    })
    return await readCpuMs(Number(child.pid))
  } finally {
    child.kill('SIGKILL')
  }
}
