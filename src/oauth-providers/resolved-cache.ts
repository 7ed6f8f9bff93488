interface Entry<Value> {
  value: Value
  loadedAt: number
  /** When it was last loaded although it was fresh. */
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
 * It holds resolved values only. Two requests that both find nothing both load: joining one's pending promise would
 * hang the other for good once the first is aborted (docs/platform-notes.md; better-auth#10315). That is also why
 * jose's and oauth4webapi's own key set caches are not used: they share promises, of a fetch or of a key import.
 */
export interface ResolvedCache<Value> {
  /** The cached value, loaded first where it is missing or older than the cache's age. Failures are not remembered. */
  get(key: string, input: Load<Value>): Promise<Value>
  /**
   * Loads although the value is fresh, at most once in `minIntervalMs` for each key; where it is too soon, gives what
   * the last load brought.
   */
  reload(key: string, input: Load<Value> & { minIntervalMs: number }): Promise<Value>
  clear(): void
}

/**
 * Keys must come from configuration or from a provider's own documents, never from a request: entries are not evicted.
 */
export function createResolvedCache<Value>(maxAgeMs: number): ResolvedCache<Value> {
  const entries = new Map<string, Entry<Value>>()
  return {
    async get(key, { now, load }) {
      const entry = entries.get(key)
      if (entry !== undefined && now - entry.loadedAt < maxAgeMs) return entry.value
      const value = await load()
      entries.set(key, { value, loadedAt: now, forcedAt: entry?.forcedAt ?? Number.NEGATIVE_INFINITY })
      return value
    },
    async reload(key, { now, load, minIntervalMs }) {
      const entry = entries.get(key)
      if (entry !== undefined && now - entry.forcedAt < minIntervalMs) return entry.value
      const value = await load()
      entries.set(key, { value, loadedAt: now, forcedAt: now })
      return value
    },
    clear: () => entries.clear(),
  }
}
