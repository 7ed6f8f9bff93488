import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { Failure } from '../admin/failure.ts'
import type { Session } from '../admin/session.ts'
import { readBatches, readHeaderLine } from './batches.ts'
import { createBar, keepProgress, type Progress, readProgress } from './progress.ts'

/** The answer of `POST /users/import`. */
interface Report {
  imported: number
  skipped: number
  errors: { line: number; code: string }[]
  nextLine: number | null
}

export interface ImportOptions {
  isDryRun: boolean
  /** Begins with the first line, wherever an earlier run of the command came to. */
  isFromStart: boolean
  printError(error: { line: number; code: string }): void
}

const NOTHING: Progress = { lines: 0, bytes: 0, imported: 0, skipped: 0, errors: 0 }

/** An import that is under way. */
interface Run {
  session: Session
  /** The first line of the file, where every request has to bring it. */
  header: string | null
  options: ImportOptions
}

/**
 * Sends a file line by line, some thousand in a request. After each request it keeps how far it has come, so that the
 * same command goes on there after an interruption. Lines that are sent twice do no harm, because the service skips
 * whoever has an account.
 */
export async function importFile(session: Session, file: string, options: ImportOptions): Promise<Progress> {
  const path = resolve(file)
  const { size, mtimeMs } = await stat(path).catch(() => {
    throw new Failure(`${file} cannot be read. Name a file of NDJSON (docs/import.md).`)
  })
  const key = `${session.origin} ${path} ${size} ${mtimeMs}`
  const keep = async (progress: Progress | null) => {
    if (!options.isDryRun) await keepProgress(key, progress)
  }
  const kept = options.isDryRun || options.isFromStart ? null : await readProgress(key)
  let progress = kept ?? NOTHING
  if (kept !== null) console.error(`This import goes on behind line ${kept.lines}, where it was interrupted.`)
  const run = { session, header: await readHeaderLine(path), options }
  const show = createBar(size, progress)
  for await (const batch of readBatches(path, progress))
    for (let lines = batch; lines.length > 0; ) {
      const next = await sendLines(run, lines, progress)
      lines = lines.slice(next.lines - progress.lines)
      progress = next
      await keep(progress)
      show(progress)
    }
  await keep(null)
  return progress
}

/** Sends lines, and answers how far the import is then. The service may have left some of them for the next request. */
async function sendLines({ session, header, options }: Run, lines: string[], before: Progress): Promise<Progress> {
  const brought = header !== null && before.lines > 0 ? [header] : []
  const report = await send(session, [...brought, ...lines], options.isDryRun)
  const done = report.nextLine === null ? lines.length : report.nextLine - 1 - brought.length
  for (const { line, code } of report.errors) options.printError({ line: before.lines + line - brought.length, code })
  return {
    lines: before.lines + done,
    bytes: before.bytes + Buffer.byteLength(lines.slice(0, done).join('')),
    imported: before.imported + report.imported,
    skipped: before.skipped + report.skipped,
    errors: before.errors + report.errors.length,
  }
}

async function send(session: Session, lines: readonly string[], isDryRun: boolean): Promise<Report> {
  const query = isDryRun ? { dryRun: 'true' } : {}
  const response = await session.call('/users/import', { method: 'POST', query, lines: lines.join('') })
  return (await response.json()) as Report
}
