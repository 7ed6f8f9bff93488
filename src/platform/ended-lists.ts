import {
  ENDED_LIST_MAX_AGE_SECONDS,
  ENDED_LIST_RENEW_SECONDS,
  ENDED_LIST_STALE_MAX_SECONDS,
  ENDED_LIST_WAIT_MS,
  ENDED_SESSIONS_SHARDS,
  KV_MIN_CACHE_TTL_SECONDS,
} from '../config.ts'
import { type EndedList, NOBODY_ENDED } from '../domain/ended-sessions.ts'
import { isRecent } from '../domain/recency.ts'
import { within } from '../within.ts'
import { askDependency } from './dependency.ts'
import { logError } from './log.ts'

/**
 * What an isolate knows of one shard. It holds only values, so that no request waits for another's promise. Times are
 * in milliseconds, and 0 where something has not happened yet.
 */
export interface KnownShard {
  /** The published list, and when the request that read it began to. */
  list: EndedList | null
  readAt: number
  /** When a request last began to renew the list after its answer. */
  renewedAt: number
  /** When KV last failed to answer. */
  failedAt: number
  /** The sessions that this isolate has ended itself. The published list may not show them yet. */
  endedHere: Map<number, true>
}

export const newKnownShards = (): KnownShard[] =>
  Array.from({ length: ENDED_SESSIONS_SHARDS }, () => ({
    list: null,
    readAt: 0,
    renewedAt: 0,
    failedAt: 0,
    endedHere: new Map(),
  }))

/** Gives the key in KV under which an object publishes its list. */
export const endedListKey = (id: DurableObjectId): string => `ended-sessions:${id.toString()}`

/** Reads a published list. A shard in which nobody has ended yet has none. */
export async function readEndedList(namespace: KVNamespace, key: string): Promise<EndedList> {
  const bytes = await namespace.get(key, { type: 'arrayBuffer', cacheTtl: KV_MIN_CACHE_TTL_SECONDS })
  return bytes === null ? NOBODY_ENDED : new Float64Array(bytes)
}

interface Runtime {
  now: () => number
  waitUntil: (promise: Promise<unknown>) => void
}

/**
 * Gives the list of a shard, normally from memory. A list that grows old is renewed after the answer, and a request
 * waits for KV only where nobody has asked for the list in time, so that a quiet isolate is as quick to know as a busy
 * one. While KV fails, an older list serves for five minutes.
 * @throws {DependencyError} when KV fails and there is no list, or only an older one.
 */
export async function loadEndedList(
  known: KnownShard,
  read: () => Promise<EndedList>,
  runtime: Runtime,
): Promise<EndedList> {
  const now = runtime.now()
  const { list, readAt } = known
  const isYounger = (seconds: number) => isRecent({ at: readAt, now }, seconds * 1000)
  const wasRecently = (at: number) => isRecent({ at, now }, ENDED_LIST_RENEW_SECONDS * 1000)
  if (list === null || !isYounger(ENDED_LIST_STALE_MAX_SECONDS)) return await readInto(known, read, runtime)
  if (isYounger(ENDED_LIST_RENEW_SECONDS)) return list
  if (isYounger(ENDED_LIST_MAX_AGE_SECONDS)) {
    if (!wasRecently(known.renewedAt)) {
      known.renewedAt = now
      // Where this fails, the next request that needs a younger list tries again, and waits.
      runtime.waitUntil(readInto(known, read, runtime).catch(() => {}))
    }
    return list
  }
  const isFailing = known.failedAt > readAt
  if (isFailing && wasRecently(known.failedAt)) return list
  // While KV fails, one request tries it again, and the others go on with the list that they have.
  if (isFailing) known.failedAt = now
  return await tryToRenew(known, list, read, runtime)
}

/** Reads the list anew, and gives the older one when KV fails or is slow. */
async function tryToRenew(
  known: KnownShard,
  older: EndedList,
  read: () => Promise<EndedList>,
  runtime: Runtime,
): Promise<EndedList> {
  const { readAt } = known
  try {
    return await within(ENDED_LIST_WAIT_MS, readInto(known, read, runtime))
  } catch (error) {
    const isFirst = known.failedAt <= readAt
    known.failedAt = runtime.now()
    if (isFirst)
      logError('ended sessions not read', error, { ageSeconds: Math.floor((known.failedAt - readAt) / 1000) })
    return older
  }
}

async function readInto(known: KnownShard, read: () => Promise<EndedList>, { now }: Runtime): Promise<EndedList> {
  const readAt = now()
  const list = await askDependency('blocklist', read)
  // A slow answer does not replace that of a request which began later, unless the clock was set back since then.
  if (known.readAt <= readAt || known.readAt > now()) Object.assign(known, { list, readAt })
  return list
}
