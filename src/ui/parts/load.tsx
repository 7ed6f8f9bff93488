import type { ComponentChildren } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { PosternError } from '../../client/index.ts'
import { common } from '../texts/common/index.ts'
import { explain, type Trouble } from './problem.ts'

/** Something that is read from the service. What was read before stays in view while it is read anew. */
export interface Load<Value> {
  value: Value | null
  trouble: Trouble | null
  /** The reader may see it once they have a second factor, which one of their roles asks for. */
  needsFactor: boolean
  isLoading: boolean
  /** Reads it anew. */
  again(): Promise<void>
  set(value: Value): void
}

/** Reads something, and reads it anew when one of `inputs` changes. An answer that comes too late is dropped. */
export function useLoad<Value>(
  read: (signal: AbortSignal) => Promise<Value>,
  inputs: readonly unknown[] = [],
): Load<Value> {
  const [value, set] = useState<Value | null>(null)
  const [trouble, setTrouble] = useState<Trouble | null>(null)
  const [needsFactor, setNeedsFactor] = useState(false)
  const [isLoading, setLoading] = useState(true)
  const newest = useRef({ read, stop: new AbortController() })
  newest.current.read = read
  const again = async () => {
    newest.current.stop.abort()
    const stop = new AbortController()
    newest.current.stop = stop
    setLoading(true)
    try {
      const answer = await newest.current.read(stop.signal)
      if (stop.signal.aborted) return
      set(() => answer)
      setTrouble(null)
    } catch (error) {
      if (stop.signal.aborted) return
      setTrouble(explain(error))
      setNeedsFactor(error instanceof PosternError && error.code === 'enrolment_required')
    } finally {
      if (!stop.signal.aborted) setLoading(false)
    }
  }
  useEffect(() => {
    void again()
    return () => newest.current.stop.abort()
  }, [...inputs])
  return { value, trouble, needsFactor, isLoading, again, set: (next) => set(() => next) }
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
                {common('addFactor')}
              </a>
            ) : (
              <button class="small retry" type="button" onClick={again}>
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
