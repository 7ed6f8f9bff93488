import type { ImportCode, ImportReport } from '../../contracts/import.ts'

/** Why a line makes no account. Whoever has one already is skipped, which is no error. */
export type NotImported = ImportCode | 'skipped'

/** Stops the reading of one line. The others go on. */
export class LineFault extends Error {
  override readonly name = 'LineFault'
  constructor(readonly code: NotImported) {
    super(code)
  }
}

/** Adds the outcome of a line to the report. */
export function noteOutcome(report: ImportReport, line: number, code: NotImported | null): void {
  if (code === null) report.imported += 1
  else if (code === 'skipped') report.skipped += 1
  else report.errors.push({ line, code })
}
