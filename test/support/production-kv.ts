/** These counts tell what happened at a `ProductionKv`: how often it was asked, and what it refused. */
export interface KvOperations {
  reads: number
  writes: number
  /** These writes came within a second of another write to the same key (429). */
  tooManyWrites: number
  /** These calls had a time to live or a cache time that production refuses with 400. */
  badRequests: number
}

/**
 * This is a namespace with the limits of production (docs/platform-notes.md), seen from as many locations as a test
 * likes.
 */
export interface ProductionKv {
  /** Returns the binding of a Worker that runs in this location. */
  at(location: string): KVNamespace
  /** Returns the counts since the last call of this method. */
  take(): KvOperations
  /** Returns the moments at which a key was written, in milliseconds. */
  writtenAt(key: string): readonly number[]
  keys(): readonly string[]
  /** Returns how many bytes the last value of a key has. */
  bytesOf(key: string): number
  /** Makes each call fail, or hang for ever, until this method is called again. */
  break(how: 'refuse' | 'refuse writes' | 'hang' | 'work'): void
}

type Value = string | ArrayBuffer

interface Version {
  value: Value | null
  at: number
  expiresAt: number
  location: string
}

const MIN_TTL_SECONDS = 60
const MIN_CACHE_TTL_SECONDS = 30
const DEFAULT_CACHE_TTL_SECONDS = 60
const WRITE_INTERVAL_MS = 1000
const NONE: KvOperations = { reads: 0, writes: 0, tooManyWrites: 0, badRequests: 0 }

/** Keeps the bytes as they are now, as a write does. */
const copy = ({ buffer, byteOffset, byteLength }: ArrayBufferView): ArrayBuffer =>
  buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer

/**
 * Creates a KV that behaves as production does at its worst, whereas the local one is strongly consistent and accepts
 * everything:
 * - It refuses a second write to a key within a second with 429.
 * - It refuses an `expirationTtl` under 60 and a `cacheTtl` under 30 with 400.
 * - A write reaches other locations only after `propagationMs`; in its own location it is there at once.
 * - A location repeats what it has read for `cacheTtl` without looking again. This holds for a miss too, and also after
 *   a write of its own.
 *
 * The time is `Date.now()`, so `vi.setSystemTime` moves it.
 */
export function createProductionKv({ propagationMs = 60_000 } = {}): ProductionKv {
  const versions = new Map<string, Version[]>()
  const caches = new Map<string, Map<string, { value: Value | null; until: number }>>()
  let operations = { ...NONE }
  let state: Parameters<ProductionKv['break']>[0] = 'work'

  const refuse = (status: number, message: string): never => {
    operations[status === 429 ? 'tooManyWrites' : 'badRequests'] += 1
    throw new Error(`KV failed: ${status} ${message}`)
  }
  const assertWorking = async (isWrite: boolean): Promise<void> => {
    if (state === 'hang') await new Promise(() => undefined)
    if (state === 'refuse' || (state === 'refuse writes' && isWrite)) throw new Error('KV failed: 500 Internal error')
  }

  const read = async (location: string, key: string, options?: { cacheTtl?: number }): Promise<Value | null> => {
    operations.reads += 1
    const cacheTtl = options?.cacheTtl ?? DEFAULT_CACHE_TTL_SECONDS
    if (cacheTtl < MIN_CACHE_TTL_SECONDS) refuse(400, `Invalid cache_ttl of ${cacheTtl}`)
    await assertWorking(false)
    const now = Date.now()
    const cache = caches.get(location) ?? new Map<string, { value: Value | null; until: number }>()
    caches.set(location, cache)
    const cached = cache.get(key)
    if (cached && now < cached.until) return cached.value
    const seen = (versions.get(key) ?? []).findLast(
      (version) => version.at + (version.location === location ? 0 : propagationMs) <= now,
    )
    const value = seen && now < seen.expiresAt ? seen.value : null
    cache.set(key, { value, until: now + cacheTtl * 1000 })
    return value
  }

  const write = async (location: string, key: string, value: Value | null, ttl = Number.POSITIVE_INFINITY) => {
    operations.writes += 1
    if (ttl < MIN_TTL_SECONDS) refuse(400, `Invalid expiration_ttl of ${ttl}. Expiration TTL must be at least 60.`)
    await assertWorking(true)
    const now = Date.now()
    const known = versions.get(key) ?? []
    const last = known.at(-1)
    if (last && now - last.at < WRITE_INTERVAL_MS) refuse(429, 'Too Many Requests')
    versions.set(key, [...known, { value, at: now, expiresAt: now + ttl * 1000, location }])
  }

  const unsupported = (): never => {
    throw new Error('not in this double: use get, put and delete')
  }

  return {
    at(location) {
      const namespace = {
        get: async (key: string, options?: { cacheTtl?: number }) => await read(location, key, options),
        put: async (key: string, value: string | ArrayBufferView, options?: { expirationTtl?: number }) =>
          await write(location, key, typeof value === 'string' ? value : copy(value), options?.expirationTtl),
        delete: async (key: string) => await write(location, key, null),
        getWithMetadata: unsupported,
        list: unsupported,
      }
      return namespace as unknown as KVNamespace
    },
    take() {
      const taken = operations
      operations = { ...NONE }
      return taken
    },
    writtenAt: (key) => (versions.get(key) ?? []).map(({ at }) => at),
    keys: () => [...versions.keys()],
    bytesOf(key) {
      const value = versions.get(key)?.at(-1)?.value ?? ''
      return typeof value === 'string' ? value.length : value.byteLength
    },
    break(how) {
      state = how
    },
  }
}
