import { listDurableObjectIds, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { dumpDatabase } from './stored-state.ts'

async function listObjects(): Promise<DurableObjectStub<undefined>[]> {
  const namespaces = [env.LOGIN_THROTTLE, env.ENDED_SESSIONS, env.DEV_MAILBOX] as unknown as DurableObjectNamespace[]
  const lists = await Promise.all(
    namespaces.map(async (objects) => (await listDurableObjectIds(objects)).map((id) => objects.get(id))),
  )
  return lists.flat()
}

/** Lets the alarm of every Durable Object ring that is set. */
export async function ringAlarms(): Promise<void> {
  for (const object of await listObjects()) await runDurableObjectAlarm(object)
}

/** Reads what a Durable Object keeps, in its tables and under its keys. */
const readObject = (object: DurableObjectStub) =>
  runInDurableObject(object, (_, { storage }) => {
    const tables = storage.sql
      .exec<{ name: string }>(
        "select name from sqlite_master where type = 'table' and name not like '\\_cf\\_%' escape '\\'",
      )
      .toArray()
    const found = tables.map(({ name }) => [name, storage.sql.exec(`select * from "${name}"`).toArray()])
    return { tables: Object.fromEntries(found), keys: [...storage.kv.list()] }
  })

/** Reads the keys and values of a namespace that have not expired by the clock of the test. */
async function readNamespace(namespace: KVNamespace) {
  const { keys } = await namespace.list()
  const live = keys.filter(({ expiration }) => expiration === undefined || expiration * 1000 > Date.now())
  return await Promise.all(live.map(async ({ name }) => [name, await namespace.get(name)]))
}

/** Reads all that the service keeps: every table, every key, every object of the bucket and every Durable Object. */
export async function readEverything() {
  const { objects } = await env.PICTURES.list()
  return {
    database: await dumpDatabase(),
    keys: await Promise.all([env.BLOCKLIST, env.COUNTERS].map(readNamespace)),
    bucket: await Promise.all(objects.map(async ({ key }) => [key, await (await env.PICTURES.get(key))?.text()])),
    durableObjects: await Promise.all((await listObjects()).map(readObject)),
  }
}
