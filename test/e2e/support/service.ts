import { spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath, URL } from 'node:url'
import { findPreparedService } from './prepared-service.ts'

export const ROOT = fileURLToPath(new URL('../../..', import.meta.url))
const START_TIMEOUT_MS = 220_000

export interface Service {
  origin: string
  /** This folder holds the local database and other storage. */
  state: string
  /** Returns everything that was printed so far. */
  output(): string
  /** Asks the service to stop, as Ctrl-C does, and resolves to its exit code. */
  stop(): Promise<number | null>
}

/**
 * Answers a free port below those that the system gives to whoever asks for any port. The system could give one of its
 * own away again before the service listens, because that takes seconds. For the same reason one of two test files that
 * run at once takes even ports, and the other one odd ports.
 */
export async function findFreePort(): Promise<number> {
  const parity = Number(process.env.VITEST_POOL_ID ?? 0) % 2
  for (;;) {
    const port = 2 * randomInt(10_000, 16_384) + parity
    const server = createServer()
    const isFree = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false))
      server.listen(port, 'localhost', () => resolve(true))
    })
    if (!isFree) continue
    await new Promise((resolve) => server.close(resolve))
    return port
  }
}

/** Makes a folder for a local database, which is migrated where that is prepared. */
export async function makeState(): Promise<string> {
  const state = await mkdtemp(join(tmpdir(), 'postern-state-'))
  const prepared = findPreparedService()
  if (prepared !== null) await cp(prepared.state, state, { recursive: true })
  return state
}

/** Starts the service with a database of its own, as it is prepared for the tests, and waits until it answers. */
export async function startService(...args: string[]): Promise<Service> {
  const prepared = findPreparedService()
  return await startServiceIn(ROOT, ...(prepared === null ? [] : ['-c', prepared.config]), ...args)
}

/** Starts what `npm start` starts in a checkout of the project, with a database of its own. */
export async function startServiceIn(root: string, ...args: string[]): Promise<Service> {
  const port = await findFreePort()
  const origin = `http://localhost:${port}`
  const state = await makeState()
  const child = spawn(
    process.execPath,
    [join(root, 'scripts/start.ts'), '--persist-to', state, '--inspector-port', '0', ...args],
    {
      env: { ...process.env, PORT: String(port) },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()))
  const exited = new Promise<number | null>((resolve) => child.once('close', resolve))
  const stop = async () => {
    child.kill('SIGINT')
    const code = await exited
    await rm(state, { recursive: true, force: true })
    return code
  }
  const deadline = Date.now() + START_TIMEOUT_MS
  while (!(await answers(origin))) {
    if (child.exitCode !== null || Date.now() > deadline) {
      await stop()
      throw new Error(`the service did not start:\n${output}`)
    }
    await sleep(100)
  }
  return { origin, state, output: () => output, stop }
}

async function answers(origin: string): Promise<boolean> {
  return await fetch(`${origin}/health`).then(
    (response) => response.ok,
    () => false,
  )
}
