import type { ComponentChildren } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { PosternError } from '../../../client/index.ts'
import { explain, type Trouble } from '../../parts/problem.ts'
import { common } from '../../texts/common/index.ts'
import { text } from '../../texts/console/index.ts'

/** Something that is read from the service. What was read before stays in view while it is read anew. */
export interface Load<Value> {
  value: Value | null
  trouble: Trouble | null
  /** The reader may see it once they have a second factor, which one of their roles asks for. */
  needsFactor: boolean
  isLoading: boolean
  again(): void
  set(value: Value): void
}

/** Reads something, and reads it anew when `key` changes. An answer that comes too late is dropped. */
export function useLoad<Value>(key: string, read: (signal: AbortSignal) => Promise<Value>): Load<Value> {
  const [value, set] = useState<Value | null>(null)
  const [trouble, setTrouble] = useState<Trouble | null>(null)
  const [needsFactor, setNeedsFactor] = useState(false)
  const [isLoading, setLoading] = useState(true)
  const [tries, setTries] = useState(0)
  useEffect(() => {
    const stop = new AbortController()
    setLoading(true)
    read(stop.signal)
      .then(
        (answer) => {
          if (stop.signal.aborted) return
          set(() => answer)
          setTrouble(null)
        },
        (error: unknown) => {
          if (stop.signal.aborted) return
          setTrouble(explain(error))
          setNeedsFactor(error instanceof PosternError && error.code === 'enrolment_required')
        },
      )
      .finally(() => {
        if (!stop.signal.aborted) setLoading(false)
      })
    return () => stop.abort()
  }, [key, tries])
  return { value, trouble, needsFactor, isLoading, again: () => setTries(tries + 1), set: (next) => set(() => next) }
}

interface LoadedProps<Value> {
  load: Load<Value>
  /** How many lines of a text to reserve while nothing is there yet. */
  lines?: number
  children: (value: Value) => ComponentChildren
}

/** Shows what was read, a place for it before that, and what went wrong with a way to try again. */
export function Loaded<Value>({ load, lines = 6, children }: LoadedProps<Value>) {
  const { value, trouble, needsFactor, isLoading, again } = load
  return (
    <div aria-busy={isLoading}>
      <div role="alert">
        {trouble !== null && (
          <div class="notice problem with-action">
            <p>{trouble.text}</p>
            {needsFactor ? (
              <a class="small" href="/account#factors">
                {text('addFactor')}
              </a>
            ) : (
              <button class="small" type="button" onClick={again}>
                {common('retry')}
              </button>
            )}
          </div>
        )}
      </div>
      {value !== null && children(value)}
      {value === null && trouble === null && <Placeholder lines={lines} />}
    </div>
  )
}

export function Placeholder({ lines }: { lines: number }) {
  return (
    <div class="placeholder">
      <p class="unseen" role="status">
        {common('loading')}
      </p>
      {Array.from({ length: lines }, (_, line) => (
        <span key={line} aria-hidden="true" />
      ))}
    </div>
  )
}
