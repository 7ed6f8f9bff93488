import { useEffect, useId, useRef, useState } from 'preact/hooks'
import { text } from '../../texts/import/index.ts'
import { Confirm } from '../parts/confirm.tsx'
import { Facts, showBytes, showNumber } from '../parts/show.tsx'
import { continueRun, dropFile, type ImportRun, startRun, stopRun } from './run.ts'

interface StageProps {
  run: ImportRun
}

/** What an import does at the moment, how far it is, and what can be done next. */
export function Stage({ run }: StageProps) {
  const heading = useRef<HTMLHeadingElement>(null)
  const id = useId()
  const { stage, isDryRun, file, trouble } = run
  useEffect(() => heading.current?.focus({ preventScroll: true }), [stage])
  return (
    <section class="panel import" aria-labelledby={id}>
      <h2 id={id} ref={heading} tabIndex={-1}>
        {titleOf(run)}
      </h2>
      <p class="mono">{file.name}</p>
      <div role="alert">{trouble !== null && <p class="notice problem">{trouble}</p>}</div>
      {stage === 'chosen' ? <Facts facts={[[text('size'), showBytes(file.size)]]} /> : <Progress run={run} />}
      {stage === 'chosen' && <p class="hint">{text('check.lead')}</p>}
      {stage === 'stopped' && !isDryRun && (
        <p>{text('stage.stopped.lead', { lines: showNumber(run.progress.lines) })}</p>
      )}
      {stage === 'running' ? <Running run={run} /> : <Next run={run} />}
    </section>
  )
}

function titleOf({ stage, isDryRun }: ImportRun): string {
  if (stage === 'chosen') return text('stage.chosen')
  return text(isDryRun ? `stage.${stage}.dry` : `stage.${stage}`)
}

function Running({ run: { waitSeconds } }: StageProps) {
  return (
    <>
      <p class="hint" role="status">
        {waitSeconds === null ? text('running.lead') : text('stage.waiting', { count: waitSeconds })}
      </p>
      <button class="small" type="button" onClick={stopRun}>
        {text('stop')}
      </button>
    </>
  )
}

/** What can be done with a file while nothing is done with it. */
function Next({ run: { stage, isDryRun, progress } }: StageProps) {
  const [isAsking, setAsking] = useState(false)
  const count = showNumber(progress.imported)
  const isChecked = stage === 'done' && isDryRun
  return (
    <div class="row">
      {stage === 'stopped' && (
        <button class="small main" type="button" onClick={() => void continueRun()}>
          {text('continue')}
        </button>
      )}
      {isChecked && progress.imported > 0 && (
        <button class="small main" type="button" onClick={() => setAsking(true)}>
          {text('start', { count })}
        </button>
      )}
      {(stage === 'chosen' || stage === 'stopped') && (
        <button
          class={stage === 'chosen' ? 'small main' : 'small'}
          type="button"
          onClick={() => startRun({ isDryRun: true })}
        >
          {text('check')}
        </button>
      )}
      <button class="small" type="button" onClick={dropFile}>
        {text('another')}
      </button>
      {isAsking && (
        <Confirm
          title={text('start.title', { count })}
          lead={text('start.lead')}
          action={text('start.submit')}
          onConfirm={async () => startRun({ isDryRun: false })}
          onClose={() => setAsking(false)}
        />
      )}
    </div>
  )
}

function Progress({ run: { file, stage, isDryRun, progress, began } }: StageProps) {
  const { lines, bytes, imported, skipped, errors } = progress
  const seconds = (performance.now() - began.at) / 1000
  const rate = (lines - began.progress.lines) / seconds
  const secondsLeft = ((file.size - bytes) * seconds) / (bytes - began.progress.bytes)
  const isMoving = stage === 'running' && bytes > began.progress.bytes
  return (
    <>
      <progress aria-label={text('progress')} value={bytes} max={file.size} />
      <Facts
        facts={[
          [text('size'), `${showBytes(bytes)} / ${showBytes(file.size)}`],
          [text('lines'), showNumber(lines)],
          [text(isDryRun ? 'imported.dry' : 'imported'), showNumber(imported)],
          [text('skipped'), showNumber(skipped)],
          [text('refused'), showNumber(errors)],
          ...(isMoving
            ? ([
                [text('rate'), showNumber(Math.round(rate))],
                [text('left'), showTime(secondsLeft)],
              ] as const)
            : []),
        ]}
      />
    </>
  )
}

const showTime = (seconds: number) =>
  seconds > 90
    ? text('left.minutes', { count: showNumber(Math.round(seconds / 60)) })
    : text('left.seconds', { count: Math.ceil(seconds) })
