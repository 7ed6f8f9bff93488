import { useEffect, useState } from 'preact/hooks'
import { PosternError } from '../../../client/index.ts'
import {
  type ImportProgress,
  type LineError,
  NOTHING_IMPORTED,
  NoLinesError,
  uploadLines,
} from '../../../domain/import-upload.ts'
import { client } from '../../parts/client.ts'
import { explain } from '../../parts/problem.ts'
import { text } from '../../texts/import/index.ts'
import { forgetRun, keepRun, readKeptRun } from './kept-run.ts'

/** An import of a file, or a dry run of one. */
export interface ImportRun {
  file: File
  stage: 'chosen' | 'running' | 'stopped' | 'done'
  isDryRun: boolean
  progress: ImportProgress
  /** The lines that were refused. */
  errors: readonly LineError[]
  /** Why it has stopped, where nobody has stopped it. */
  trouble: string | null
  /** For how many seconds the service asked it to wait. */
  waitSeconds: number | null
  /** When it was last started or continued, and how far it was then. */
  began: { at: number; progress: ImportProgress }
}

// The run is of the page and not of a section of it, so that it goes on while the reader looks at other sections.
let run: ImportRun | null = null
let stopping = new AbortController()
const listeners = new Set<() => void>()

function set(next: ImportRun | null): void {
  if (next?.stage === 'running') addEventListener('beforeunload', warn)
  else removeEventListener('beforeunload', warn)
  run = next
  for (const listener of listeners) listener()
}

const warn = (event: BeforeUnloadEvent) => event.preventDefault()

const change = (changes: Partial<ImportRun>) => {
  if (run !== null) set({ ...run, ...changes })
}

export function useImportRun(): ImportRun | null {
  const [current, setCurrent] = useState(run)
  useEffect(() => {
    const follow = () => setCurrent(run)
    listeners.add(follow)
    follow()
    return () => void listeners.delete(follow)
  }, [])
  return current
}

/** Takes a file. Where an import of the same file was interrupted, even in another tab, it can go on there. */
export function chooseFile(file: File): void {
  const kept = readKeptRun(file)
  const progress = kept?.progress ?? NOTHING_IMPORTED
  set({
    file,
    stage: kept === null ? 'chosen' : 'stopped',
    isDryRun: false,
    progress,
    errors: kept?.errors ?? [],
    trouble: null,
    waitSeconds: null,
    began: { at: 0, progress },
  })
}

export const dropFile = () => set(null)

/** Begins with the first line. */
export function startRun({ isDryRun }: { isDryRun: boolean }): void {
  change({ isDryRun, progress: NOTHING_IMPORTED, errors: [] })
  void continueRun()
}

/** Stops after the request that is under way, so that what became of its lines is known. */
export const stopRun = () => stopping.abort()

/** Goes on behind the last line that was taken, until the end or until it is stopped. */
export async function continueRun(): Promise<void> {
  if (run === null || run.stage === 'running') return
  const { file, isDryRun, progress } = run
  stopping = new AbortController()
  const { signal } = stopping
  change({ stage: 'running', trouble: null, began: { at: performance.now(), progress } })
  try {
    const upload = {
      read: (fromByte: number) => readFile(file, fromByte),
      send: (lines: readonly BlobPart[]) =>
        send(new Blob([...lines], { type: 'application/x-ndjson' }), isDryRun, signal),
    }
    for await (const step of uploadLines(upload, progress)) {
      change({ progress: step.progress, errors: [...(run?.errors ?? []), ...step.errors] })
      if (!isDryRun && run !== null) keepRun(run)
      if (signal.aborted) return change({ stage: 'stopped' })
    }
    if (!isDryRun) forgetRun()
    change({ stage: 'done' })
  } catch (error) {
    change({ stage: 'stopped', waitSeconds: null, trouble: signal.aborted ? null : explainStop(error) })
  }
}

function explainStop(error: unknown): string {
  if (error instanceof NoLinesError) return text('file.none')
  // The file was moved or changed after it was chosen (https://w3c.github.io/FileAPI/#dfn-error-codes).
  if (error instanceof DOMException) return text('file.unreadable')
  return explain(error).text
}

/** Not every browser has a stream that can be iterated. */
async function* readFile(file: File, fromByte: number): AsyncGenerator<Uint8Array> {
  const reader = file.slice(fromByte).stream().getReader()
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      yield value
    }
  } finally {
    await reader.cancel()
  }
}

const MOST_WAITS = 20

/** Sends lines, and again after a while where the service asks for that: lines that come twice do no harm. */
async function send(lines: Blob, isDryRun: boolean, signal: AbortSignal) {
  for (let waits = 0; ; waits += 1) {
    try {
      return await client.request('POST /users/import', { query: isDryRun ? { dryRun: 'true' } : {}, body: lines })
    } catch (error) {
      if (!(error instanceof PosternError) || !['rate_limited', 'dependency_unavailable'].includes(error.code))
        throw error
      if (error.retryAfterSeconds === null || waits === MOST_WAITS) throw error
      change({ waitSeconds: error.retryAfterSeconds })
      await pause(error.retryAfterSeconds * 1000, signal)
      change({ waitSeconds: null })
    }
  }
}

const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    setTimeout(resolve, ms)
    signal.addEventListener('abort', () => reject(signal.reason))
  })
