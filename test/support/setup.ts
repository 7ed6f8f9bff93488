import { applyD1Migrations, type D1Migration, listDurableObjectIds, reset, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterAll, vi } from 'vitest'
import { forgetIsolate } from '../../src/platform/compose.ts'
import { loadWebAuthn } from '../../src/services/factors/passkeys/webauthn.ts'
import { expectKnownDetails } from './audited-details.ts'
import { mailsSettled } from './database.ts'

const { TEST_MIGRATIONS } = env as unknown as { TEST_MIGRATIONS: D1Migration[] }
const migrate = () => applyD1Migrations(env.DB, TEST_MIGRATIONS)
await migrate()
// The Worker loads this with the first ceremony. Here no request can load a module, so it is loaded before.
await loadWebAuthn()

/** Each test file finds an empty deployment, although many files share one workerd. */
afterAll(async () => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
  await mailsSettled()
  await stopAlarms()
  await wakeStorage()
  await reset()
  // The migration runs at once, because messages may be left in a queue.
  await migrate()
  forgetIsolate()
})

// The last hook runs first, while the database is still as the tests have left it.
afterAll(expectKnownDetails)

/** Deletes the alarms that would otherwise publish ended sessions while the next test file runs. */
async function stopAlarms(): Promise<void> {
  const shards = (await listDurableObjectIds(env.ENDED_SESSIONS)).map((id) => env.ENDED_SESSIONS.get(id))
  await Promise.all(shards.map((shard) => runInDurableObject(shard, (_, { storage }) => storage.deleteAlarm())))
}

/** Calls every storage, because `reset` skips what has been idle for ten seconds. */
async function wakeStorage(): Promise<void> {
  const throttles = await listDurableObjectIds(env.LOGIN_THROTTLE)
  await Promise.all([
    ...throttles.map((id) => env.LOGIN_THROTTLE.get(id).ping()),
    env.DEV_MAILBOX.getByName('mailbox').list('nobody@example.com'),
    env.BLOCKLIST.get('nothing'),
    env.COUNTERS.get('nothing'),
    env.PICTURES.head('nothing'),
  ])
}
