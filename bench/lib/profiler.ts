import { readFile } from 'node:fs/promises'
import { SourceMap, type SourceMapping } from 'node:module'
import { join } from 'node:path'
import type { Build } from './build.ts'
import type { Workerd } from './workerd.ts'

const SAMPLING_INTERVAL_US = 250

interface CallFrame {
  functionName: string
  url: string
  lineNumber: number
  columnNumber: number
}

/** A profile as the Chrome DevTools Protocol gives it. Times are microseconds. */
export interface CpuProfile {
  nodes: { id: number; callFrame: CallFrame; children?: number[] }[]
  samples: number[]
  timeDeltas: number[]
}

export interface Profiler {
  start(): Promise<void>
  stop(): Promise<CpuProfile>
}

/** Opens the profiler of a Worker that was started with its inspector. */
export async function openProfiler(workerd: Workerd): Promise<Profiler> {
  const socket = new WebSocket(await workerd.inspectorUrl())
  await new Promise((resolve, reject) => {
    socket.addEventListener('open', resolve)
    socket.addEventListener('error', () => reject(new Error('The inspector of workerd cannot be reached.')))
  })
  const waiting = new Map<number, PromiseWithResolvers<unknown>>()
  socket.addEventListener('message', ({ data }) => {
    const { id, result, error } = JSON.parse(String(data)) as { id?: number; result?: unknown; error?: unknown }
    const waiter = id === undefined ? undefined : waiting.get(id)
    if (error === undefined) waiter?.resolve(result)
    else waiter?.reject(new Error(JSON.stringify(error)))
  })
  const ask = <Result>(method: string, params: object = {}) => {
    const waiter = Promise.withResolvers<unknown>()
    waiting.set(waiting.size, waiter)
    socket.send(JSON.stringify({ id: waiting.size - 1, method, params }))
    return waiter.promise as Promise<Result>
  }
  await ask('Profiler.enable')
  await ask('Profiler.setSamplingInterval', { interval: SAMPLING_INTERVAL_US })
  return {
    start: () => ask('Profiler.start'),
    stop: async () => {
      const { profile } = await ask<{ profile: CpuProfile }>('Profiler.stop')
      socket.close()
      return profile
    },
  }
}

/** Where a function stands in the source. */
export interface Place {
  label: string
  /** The package that it belongs to, or the file where that is ours. */
  owner: string
}

/** Reads the source map of a build, and answers what tells where a function stands. */
export async function openSourceMap({ directory }: Build): Promise<(frame: CallFrame) => Place> {
  const modules = join(directory, 'modules')
  const map = new SourceMap(JSON.parse(await readFile(join(modules, 'index.js.map'), 'utf8')))
  return ({ functionName, lineNumber, columnNumber, url }) => {
    const shown = functionName || '(anonymous)'
    if (functionName.startsWith('wasm-function')) return { label: shown, owner: 'WebAssembly' }
    const isOurs = url.replace(/^.*\//, '') === 'index.js'
    const { originalSource, originalLine = 0 }: Partial<SourceMapping> = isOurs
      ? map.findEntry(lineNumber, columnNumber)
      : {}
    if (originalSource === undefined) return { label: url === '' ? shown : `${shown} (${url})`, owner: url || shown }
    const file = toSourceName(originalSource)
    const [scope = '', name = ''] = file.split('/')
    const packageName = scope.startsWith('@') ? `${scope}/${name}` : scope
    return { label: `${shown} (${file}:${originalLine + 1})`, owner: scope === 'src' ? file : packageName }
  }
}

/** Names a file by its package. The source maps of Drizzle lead to `node_modules/src`, which exists nowhere. */
function toSourceName(source: string): string {
  const [, inPackage] = /\/node_modules\/(.+)$/.exec(source) ?? []
  if (inPackage !== undefined) return inPackage.replace(/^src\//, 'drizzle-orm/')
  return source.slice(source.lastIndexOf('/src/') + 1)
}
