import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import {
  type ImportAnswer,
  type ImportProgress,
  type ImportUpload,
  type LineError,
  NOTHING_IMPORTED,
  NoLinesError,
  uploadLines,
} from '../../../src/domain/import-upload.ts'
import { Failure } from '../admin/failure.ts'
import type { Session } from '../admin/session.ts'
import { createBar, keepProgress, readProgress } from './progress.ts'

export interface ImportOptions {
  isDryRun: boolean
  /** Begins with the first line, wherever an earlier run of the command came to. */
  isFromStart: boolean
  printError(error: LineError): void
}

/**
 * Imports a file. After each request it keeps how far it has come, so that the same command goes on there after an
 * interruption.
 */
export async function importFile(session: Session, file: string, options: ImportOptions): Promise<ImportProgress> {
  const path = resolve(file)
  const { size, mtimeMs } = await stat(path).catch(() => {
    throw new Failure(`${file} cannot be read. Name a file of NDJSON (docs/import.md).`)
  })
  const key = `${session.origin} ${path} ${size} ${mtimeMs}`
  const keep = async (progress: ImportProgress | null) => {
    if (!options.isDryRun) await keepProgress(key, progress)
  }
  const kept = options.isDryRun || options.isFromStart ? null : await readProgress(key)
  let progress = kept ?? NOTHING_IMPORTED
  if (kept !== null) console.error(`This import goes on behind line ${kept.lines}, where it was interrupted.`)
  const show = createBar(size, progress)
  try {
    for await (const step of uploadLines(uploadOf(session, path, options.isDryRun), progress)) {
      step.errors.forEach(options.printError)
      progress = step.progress
      await keep(progress)
      show(progress)
    }
  } catch (error) {
    throw error instanceof NoLinesError ? new Failure(`${file} has no lines. Name a file of NDJSON.`) : error
  }
  await keep(null)
  return progress
}

const uploadOf = (session: Session, path: string, isDryRun: boolean): ImportUpload => ({
  read: (fromByte) => createReadStream(path, { start: fromByte }),
  async send(lines) {
    const query = isDryRun ? { dryRun: 'true' } : {}
    const response = await session.call('/users/import', { method: 'POST', query, lines: new Blob([...lines]) })
    return (await response.json()) as ImportAnswer
  },
})
