import { listDurableObjectIds, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { placeOf } from '../../src/domain/ended-sessions.ts'
import type { EndedSessions } from '../../src/durable-objects/ended-sessions.ts'
import { endedListKey } from '../../src/platform/ended-lists.ts'

type Stub = DurableObjectStub<EndedSessions>

/** Runs something inside an object, in this life of it. */
export const inObject = <Result>(
  stub: Stub,
  run: (object: EndedSessions, state: DurableObjectState) => Result | Promise<Result>,
): Promise<Result> => runInDurableObject(stub, (object, state) => run(object as unknown as EndedSessions, state))

const countEntries = (stub: Stub, entry: number | null) =>
  inObject(stub, (_, { storage }) => {
    const found = storage.sql.exec('select 1 from ended where ?1 is null or entry = ?1', entry)
    return found.toArray().length
  })

/** Answers whether the blocklist of the deployment has been told that this session has ended. */
export async function isOnBlocklist(sessionId: string): Promise<boolean> {
  const { shard, entry } = placeOf(sessionId)
  return (await countEntries(env.ENDED_SESSIONS.getByName(`shard-${shard}`), entry)) === 1
}

/** Answers how many sessions all objects have been told of. */
export async function countEndedSessions(): Promise<number> {
  const ids = await listDurableObjectIds(env.ENDED_SESSIONS)
  const counts = await Promise.all(ids.map((id) => countEntries(env.ENDED_SESSIONS.get(id), null)))
  return counts.reduce((total, count) => total + count, 0)
}

let deployments = 0

/**
 * Builds objects for the ended sessions of one test, which publish in the given KV instead of the local one. A test
 * that holds the clock an hour ahead (`holdClock`) publishes by hand: the alarms then wait for a time that never comes.
 */
export function createShards(kv: KVNamespace) {
  deployments += 1
  const prefix = `test-${deployments}`
  const namespace = env.ENDED_SESSIONS
  const stubOf = (name: string): Stub => namespace.getByName(`${prefix}-${name}`)
  const nameOf = (shard: number) => `shard-${shard}`
  const told = new Set<string>()
  /** Gives the object, in this life of it, the KV of the test. */
  const connect = (stub: Stub) =>
    inObject(stub, (object) => {
      Object.assign(object, { env: { ...env, BLOCKLIST: kv } })
    })
  const state = { isDown: false }
  const binding = {
    idFromName: (name: string) => namespace.idFromName(`${prefix}-${name}`),
    getByName: (name: string) => ({
      end: async (entries: readonly number[]) => {
        if (state.isDown) throw new Error('object failed')
        told.add(name)
        await connect(stubOf(name))
        await stubOf(name).end(entries)
      },
      ping: () => stubOf(name).ping(),
    }),
  }
  return {
    binding,
    state,
    stubFor: (sessionId: string): Stub => stubOf(nameOf(placeOf(sessionId).shard)),
    keyFor: (sessionId: string): string => endedListKey(binding.idFromName(nameOf(placeOf(sessionId).shard))),
    /** Runs the alarm of every object that has set one. */
    async publish(): Promise<void> {
      for (const stub of [...told].map(stubOf)) {
        await connect(stub)
        await runDurableObjectAlarm(stub)
      }
    },
  }
}

/** Makes the id of a session in a shard, as the Worker makes ids: its end is random. */
export function newSessionIn(shard: number): string {
  const id = crypto.randomUUID()
  return `${id.slice(0, 21)}${shard.toString(16)}${id.slice(22)}`
}
