import { env } from 'cloudflare:workers'
import { vi } from 'vitest'
import { placeOf } from '../../src/domain/ended-sessions.ts'
import type { RevocationMessage } from '../../src/platform/blocklist.ts'
import { composePlatform } from '../../src/platform/compose.ts'
import { SYSTEM } from '../../src/platform/requester.ts'
import { callWorker } from './call-worker.ts'
import { bearer, type SignedIn } from './client.ts'
import { createProductionKv } from './production-kv.ts'
import { createShards } from './shards.ts'

/** A write needs this long at most to reach other locations. */
export const PROPAGATION_MS = 60_000
/** The objects of the ended sessions run in this location. */
const HOME = 'FRA'

/**
 * Builds a deployment with Workers in as many locations as a test likes, with KV as production has it, and a queue that
 * keeps what it is sent.
 */
export function createDeployment({ propagationMs = PROPAGATION_MS } = {}) {
  const kv = createProductionKv({ propagationMs })
  const shards = createShards(kv.at(HOME))
  const queued: RevocationMessage[] = []
  const queue = { isDown: false }
  const REVOCATION_QUEUE = {
    send: async (message: RevocationMessage) => {
      if (queue.isDown) throw new Error('queue failed')
      queued.push(message)
    },
    sendBatch: async () => undefined,
  }
  /** Builds a new isolate in a location. */
  const at = (location: string) =>
    ({ ...env, BLOCKLIST: kv.at(location), ENDED_SESSIONS: shards.binding, REVOCATION_QUEUE }) as unknown as Env
  return { kv, shards, queue, queued, at, here: at(HOME), there: at('SYD') }
}

/**
 * Stops the clock at the start of a second, an hour from now. The alarm of an object is then set for a time that does
 * not come while the test runs, so the test itself says when the object publishes.
 */
export function holdClock(): void {
  vi.useFakeTimers({ toFake: ['Date'], now: Math.ceil(Date.now() / 1000) * 1000 + 3_600_000 })
}
export const pass = (milliseconds: number) => vi.setSystemTime(Date.now() + milliseconds)

/** The blocklist of an isolate, which has done what it left for later before it answers. */
export function blocklistOf(isolate: Env) {
  const whenSettled = async <Answer>(ask: (blocklist: ReturnType<typeof compose>) => Promise<Answer>) => {
    const later: Promise<unknown>[] = []
    const answer = await ask(compose((promise) => void later.push(promise)))
    await Promise.all(later)
    return answer
  }
  const compose = (waitUntil: (promise: Promise<unknown>) => void) =>
    composePlatform(isolate, SYSTEM, { waitUntil }).blocklist
  return {
    isRevoked: (id: string) => whenSettled((blocklist) => blocklist.isRevoked(id)),
    revoke: (...ids: string[]) => whenSettled((blocklist) => blocklist.revoke(ids.map(placeOf))),
    revokeLate: (...ids: string[]) => whenSettled((blocklist) => blocklist.revokeLate({ places: ids.map(placeOf) })),
  }
}

type Holder = Pick<SignedIn, 'tokens'>

export const read = async (isolate: Env, { tokens }: Holder, path = '/auth/session') =>
  (await callWorker(isolate, 'GET', path, { headers: bearer(tokens.accessToken) })).status
export const change = async (isolate: Env, { tokens }: Holder) =>
  (await callWorker(isolate, 'PATCH', '/auth/me', { headers: bearer(tokens.accessToken), body: { name: 'Eve' } }))
    .status
export const logOut = (isolate: Env, { tokens }: Holder) =>
  callWorker(isolate, 'POST', '/auth/logout', { headers: bearer(tokens.accessToken) })
