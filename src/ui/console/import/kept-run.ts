import type { ImportProgress, LineError } from '../../../domain/import-upload.ts'

/** How far an import of a file has come, which outlives the page. */
export interface KeptRun {
  progress: ImportProgress
  errors: readonly LineError[]
}

const PLACE = 'postern.import'

const nameOf = ({ name, size, lastModified }: File) => `${name} ${size} ${lastModified}`

/** Keeps how far an import has come. A browser that keeps nothing only loses where to go on. */
export function keepRun({ file, progress, errors }: KeptRun & { file: File }): void {
  try {
    localStorage.setItem(PLACE, JSON.stringify({ file: nameOf(file), progress, errors }))
  } catch {
    forgetRun()
  }
}

/** Answers how far an import of this file came that was interrupted; null for a new one. */
export function readKeptRun(file: File): KeptRun | null {
  try {
    const kept = JSON.parse(localStorage.getItem(PLACE) ?? 'null') as (KeptRun & { file: string }) | null
    return kept?.file === nameOf(file) ? kept : null
  } catch {
    return null
  }
}

export function forgetRun(): void {
  try {
    localStorage.removeItem(PLACE)
  } catch {
    // Nothing was kept.
  }
}
