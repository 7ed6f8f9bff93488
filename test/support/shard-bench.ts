import { type EndedList, placeOf } from '../../src/domain/ended-sessions.ts'
import { readEndedList } from '../../src/platform/ended-lists.ts'
import { pass } from './locations.ts'
import { createProductionKv } from './production-kv.ts'
import { createShards, inObject, newSessionIn } from './shards.ts'

/** Builds one shard, with a KV that has the limits of production. */
export function createShard() {
  const kv = createProductionKv()
  const shards = createShards(kv.at('FRA'))
  const newId = () => newSessionIn(0)
  const stub = shards.stubFor(newId())
  const key = shards.keyFor(newId())
  return {
    kv,
    newId,
    stub,
    end: (...ids: string[]) => shards.binding.getByName('shard-0').end(ids.map((id) => placeOf(id).entry)),
    publish: shards.publish,
    writes: () => kv.writtenAt(key),
    /** Reads the list as a location reads it that has not cached anything. */
    list: (): Promise<EndedList> => readEndedList(createReader(kv), key),
    bytes: () => kv.bytesOf(key),
    alarmAt: () => inObject(stub, (_, { storage }) => storage.getAlarm()),
    rows: () => inObject(stub, (_, { storage }) => [...storage.sql.exec('select * from ended')].length),
  }
}

let lastReader = 0
/** Waits until a write has reached every location, and gives one that has cached nothing. */
export function createReader(kv: ReturnType<typeof createProductionKv>): KVNamespace {
  lastReader += 1
  pass(60_000)
  return kv.at(`reader-${lastReader}`)
}
