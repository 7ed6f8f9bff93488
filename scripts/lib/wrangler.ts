import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath, URL } from 'node:url'

export const projectRoot = fileURLToPath(new URL('../..', import.meta.url))
const wranglerBin = join(projectRoot, 'node_modules/wrangler/bin/wrangler.js')

/** These variables stop wrangler from sending telemetry, checking for updates and asking where this machine is. */
const quiet = {
  WRANGLER_SEND_METRICS: 'false',
  WRANGLER_SEND_ERROR_REPORTS: 'false',
  WRANGLER_HIDE_BANNER: 'true',
  CLOUDFLARE_CF_FETCH_ENABLED: 'false',
}

/** Starts wrangler with the Node that runs this script, because the one on the path may be too old for it. */
export function spawnWrangler(args: readonly string[], options: SpawnOptions = {}): ChildProcess {
  return spawn(process.execPath, [wranglerBin, ...args], {
    cwd: projectRoot,
    ...options,
    env: { ...process.env, ...quiet, ...options.env },
  })
}

export interface Finished {
  exitCode: number
  output: string
}

/** Runs wrangler without a terminal, so that it never asks a question, and waits for its end. */
export async function runWrangler(args: readonly string[], input?: string): Promise<Finished> {
  const child = spawnWrangler(args, { stdio: ['pipe', 'pipe', 'pipe'], env: { CI: 'true' } })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8')
    stream?.on('data', (chunk: string) => {
      output += chunk
    })
  }
  child.stdin?.end(input)
  const exitCode = await new Promise<number>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => resolve(code ?? 1))
  })
  return { exitCode, output }
}
