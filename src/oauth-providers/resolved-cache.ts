import { isRecent } from '../domain/recency.ts'

interface Entry<Value> {
  value: Value
  loadedAt: number
  /** The time at which it was last loaded although it was fresh. */
  forcedAt: number
}

interface Load<Value> {
  /** Unix time in milliseconds. */
  now: number
  load: () => Promise<Value>
}

/**
 * Remembers documents by URL for a time, in this isolate.
 *
 * It holds resolved values only. When two requests both find nothing, both load: a request that waited for another's
 * promise would hang for good once that other request is aborted (docs/platform-notes.md; better-auth#10315). For the
 * same reason jose's and oauth4webapi's own key set caches are not used, because they share the promises of a fetch or
 * of a key import.
 */
export interface ResolvedCache<Value> {
  /**
   * Gives the cached value, and loads it first where it is missing or older than the cache's age. Failures are not
   * remembered.
   */
  get(key: string, input: Load<Value>): Promise<Value>
  /**
   * Loads the value although it is fresh, at most once in `minIntervalMs` for each key. Where that is too soon, it
   * gives what the last load brought.
   */
  reload(key: string, input: Load<Value> & { minIntervalMs: number }): Promise<Value>
  clear(): void
}

/**
 * Makes a cache. Its keys must come from configuration or from a provider's own documents, never from a request,
 * because entries are not evicted.
 */
export function createResolvedCache<Value>(maxAgeMs: number): ResolvedCache<Value> {
  const entries = new Map<string, Entry<Value>>()
  return {
    async get(key, { now, load }) {
      const entry = entries.get(key)
      if (entry !== undefined && isRecent({ at: entry.loadedAt, now }, maxAgeMs)) return entry.value
      const value = await load()
      entries.set(key, { value, loadedAt: now, forcedAt: entry?.forcedAt ?? Number.NEGATIVE_INFINITY })
      return value
    },
    async reload(key, { now, load, minIntervalMs }) {
      const entry = entries.get(key)
      if (entry !== undefined && isRecent({ at: entry.forcedAt, now }, minIntervalMs)) return entry.value
      const value = await load()
      entries.set(key, { value, loadedAt: now, forcedAt: now })
      return value
    },
    clear: () => entries.clear(),
  }
}
