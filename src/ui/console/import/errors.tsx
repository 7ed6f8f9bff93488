import type { LineError } from '../../../domain/import-upload.ts'
import { download } from '../../parts/download.ts'
import { text } from '../../texts/import/index.ts'
import { showNumber } from '../parts/show.tsx'
import { type Column, Table } from '../parts/table.tsx'
import type { ImportRun } from './run.ts'

/** More than these would make the page slow, and nobody reads them on a page. */
const MOST_SHOWN = 20

const COLUMNS: readonly Column<LineError>[] = [
  { title: text('errors.line'), show: ({ line }) => showNumber(line) },
  { title: text('errors.reason'), show: ({ code }) => explainCode(code) },
  { title: text('errors.code'), show: ({ code }) => <span class="mono">{code}</span> },
]

function explainCode(code: string): string {
  const key = `code.${code}`
  return text.has(key) ? text(key) : code
}

const writeReport = (errors: readonly LineError[]): string =>
  ['line,code', ...errors.map(({ line, code }) => `${line},${code}`), ''].join('\r\n')

/** The lines that were refused: the first of them in a table, and all in a file. */
export function Errors({ run: { file, errors } }: { run: ImportRun }) {
  const give = () => download(`${file.name}-errors.csv`, writeReport(errors), 'text/csv')
  return (
    <section class="panel">
      <h2>{text('errors')}</h2>
      <p>{text('errors.lead')}</p>
      <button class="small" type="button" onClick={give}>
        {text('errors.download')}
      </button>
      <Table
        caption={text('errors')}
        columns={COLUMNS}
        rows={errors.slice(0, MOST_SHOWN)}
        keyOf={({ line }) => String(line)}
        empty=""
      />
      {errors.length > MOST_SHOWN && (
        <p class="hint">{text('errors.first', { shown: showNumber(MOST_SHOWN), count: showNumber(errors.length) })}</p>
      )}
    </section>
  )
}
