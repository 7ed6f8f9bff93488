import { useEffect, useRef, useState } from 'preact/hooks'
import type { Answer } from '../../../client/index.ts'
import { client } from '../../parts/client.ts'
import type { Load } from '../../parts/load.tsx'
import type { Query } from './query.ts'

const POLL_MS = 4000
/** More events than these would make the page slow; the older ones are on the next page. */
const MOST_SHOWN = 500

/**
 * Looks for new events while the page is looked at, and puts them on top. It answers how many the last look found. A
 * look that fails is followed by the next one.
 */
export function useTail(events: Load<Answer<'GET /audit-events'>> | null, query: Query): number {
  const [came, setCame] = useState(0)
  const latest = useRef(events)
  latest.current = events
  const isOn = events !== null
  useEffect(() => {
    if (!isOn) return
    const stop = new AbortController()
    const look = async () => {
      const before = latest.current?.value
      if (document.hidden || !before) return
      const { items } = await client.request('GET /audit-events', { query, signal: stop.signal })
      const known = new Set(before.items.map(({ id }) => id))
      const fresh = items.filter(({ id }) => !known.has(id))
      if (stop.signal.aborted || fresh.length === 0) return
      setCame(fresh.length)
      latest.current?.set({ ...before, items: [...fresh, ...before.items].slice(0, MOST_SHOWN) })
    }
    const timer = setInterval(() => void look().catch(() => undefined), POLL_MS)
    return () => {
      stop.abort()
      clearInterval(timer)
    }
  }, [isOn, JSON.stringify(query)])
  return came
}
