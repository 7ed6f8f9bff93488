import { useId } from 'preact/hooks'
import { text } from '../../texts/import/index.ts'
import { Page } from '../parts/page.tsx'
import { Errors } from './errors.tsx'
import { chooseFile, useImportRun } from './run.ts'
import { Stage } from './stage.tsx'

/** Imports accounts from a file: first a check that changes nothing, and then the import. */
export function Import() {
  const run = useImportRun()
  return (
    <Page title={text('title')} lead={text('lead')}>
      {run === null ? <FileField /> : <Stage run={run} />}
      {run !== null && run.errors.length > 0 && <Errors run={run} />}
    </Page>
  )
}

function FileField() {
  const id = useId()
  return (
    <section class="panel">
      <div class="field">
        <label for={id}>{text('file')}</label>
        <input
          id={id}
          type="file"
          accept=".ndjson,.jsonl,application/x-ndjson"
          aria-describedby={`${id}-hint`}
          onChange={({ currentTarget: { files } }) => {
            const file = files?.[0]
            if (file !== undefined) chooseFile(file)
          }}
        />
        <p class="hint" id={`${id}-hint`}>
          {text('file.hint')}
        </p>
      </div>
    </section>
  )
}
