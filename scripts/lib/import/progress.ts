import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { ImportProgress } from '../../../src/domain/import-upload.ts'
import { projectRoot } from '../wrangler.ts'

/** Git ignores this folder. */
const FILE = join(projectRoot, '.wrangler/admin/imports.json')

const readAll = async (): Promise<Record<string, ImportProgress>> =>
  JSON.parse(await readFile(FILE, 'utf8').catch(() => '{}')) as Record<string, ImportProgress>

/** Answers how far an import came that was interrupted; null for a new one. */
export const readProgress = async (key: string): Promise<ImportProgress | null> => (await readAll())[key] ?? null

/** Keeps how far an import has come, or forgets it where it is null. */
export async function keepProgress(key: string, progress: ImportProgress | null): Promise<void> {
  const { [key]: _, ...others } = await readAll()
  await mkdir(dirname(FILE), { recursive: true, mode: 0o700 })
  const scratch = `${FILE}.${process.pid}`
  await writeFile(scratch, JSON.stringify(progress === null ? others : { ...others, [key]: progress }))
  await rename(scratch, FILE)
}

const BAR_WIDTH = 24
const number = (value: number) => value.toLocaleString('en')

/** Shows a bar, the rate and the errors: in its place on a terminal, and otherwise as a line for each request. */
export function createBar(size: number, begun: ImportProgress) {
  const start = performance.now()
  return (progress: ImportProgress): void => {
    const share = size === 0 ? 1 : progress.bytes / size
    const filled = Math.round(share * BAR_WIDTH)
    const bar = `[${'#'.repeat(filled)}${'-'.repeat(BAR_WIDTH - filled)}]`
    const rate = ((progress.lines - begun.lines) / (performance.now() - start)) * 1000
    const parts = [
      `${bar} ${Math.floor(share * 100)} %`,
      `${number(progress.lines)} lines`,
      `${number(Math.round(rate))} a second`,
      `${number(progress.errors)} errors`,
    ]
    const isTerminal = process.stderr.isTTY === true
    process.stderr.write(isTerminal ? `\r\u001b[K${parts.join('  ')}` : `${parts.join('  ')}\n`)
  }
}
