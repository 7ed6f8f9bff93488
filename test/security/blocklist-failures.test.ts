import { createExecutionContext, createMessageBatch, getQueueResult } from 'cloudflare:test'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { ACCESS_TOKEN_MAX_TTL_SECONDS } from '../../src/config.ts'
import { placeOf } from '../../src/domain/ended-sessions.ts'
import worker from '../../src/index.ts'
import type { RevocationMessage } from '../../src/platform/blocklist.ts'
import { composePlatform } from '../../src/platform/compose.ts'
import { SYSTEM } from '../../src/platform/requester.ts'
import wranglerConfig from '../../wrangler.toml?raw'
import { signedIn, verified } from '../support/accounts.ts'
import { expectRefusal } from '../support/answers.ts'
import { logIn } from '../support/client.ts'
import { ENDINGS } from '../support/endings.ts'
import { blocklistOf, change, createDeployment, holdClock, logOut, pass, read } from '../support/locations.ts'

async function deliver(isolate: Env, queued: RevocationMessage[]) {
  const messages = queued.splice(0).map((body, index) => ({ id: `${index}`, timestamp: new Date(), attempts: 1, body }))
  const batch = createMessageBatch('postern-development-revocations', messages)
  const context = createExecutionContext()
  await worker.queue(batch, isolate, context)
  return await getQueueResult(batch, context)
}

beforeEach(() => {
  holdClock()
  vi.spyOn(console, 'error').mockImplementation(() => undefined)
  return () => {
    vi.useRealTimers()
    vi.restoreAllMocks()
  }
})

describe('when the object of an ended session does not answer', () => {
  it.each(ENDINGS)('%s is done, this isolate knows it, and the queue tells the object', async (_, end) => {
    const { here, at, shards, queued } = createDeployment()
    const { email } = await verified()
    const [victim, other] = [await logIn(email), await logIn(email)]
    shards.state.isDown = true
    expect((await end(here, { victim, other })).status).toBe(204)
    expect(queued.flatMap(({ places }) => places)).toContainEqual(placeOf(victim.session.id))
    expect([await change(here, victim), await read(here, victim)]).toEqual([401, 401])
    expect(await read(at('FRA'), victim)).toBe(200)

    const failed = await deliver(here, [...queued])
    expect(failed.explicitAcks).toEqual([])
    expect(failed.retryMessages).toHaveLength(queued.length)
    shards.state.isDown = false
    expect((await deliver(here, queued)).explicitAcks.length).toBeGreaterThan(0)
    await shards.publish()
    pass(30_000)
    expect(await read(at('FRA'), victim)).toBe(401)
  })

  it('a message that comes twice, or for what is known already, changes nothing', async () => {
    const { here, at, shards, kv } = createDeployment()
    const { session } = await signedIn()
    await blocklistOf(here).revoke(session.id)
    await shards.publish()
    pass(5000)
    for (let times = 0; times < 2; times += 1)
      expect((await deliver(here, [{ places: [placeOf(session.id)] }])).explicitAcks).toHaveLength(1)
    await shards.publish()
    expect(kv.take().writes).toBe(1)
    expect(await blocklistOf(at('FRA')).isRevoked(session.id)).toBe(true)
  })

  it('the queue tries for longer than any access token lives, with pauses that grow to an hour', async () => {
    const { here, shards } = createDeployment()
    const { session } = await signedIn()
    shards.state.isDown = true
    const [, consumer = ''] = wranglerConfig.split('[[env.production.queues.consumers]]\nqueue = "postern-revocations"')
    const retries = Number(/max_retries = (\d+)/.exec(consumer)?.[1])
    const pauses: number[] = []
    const retry = ({ delaySeconds = 0 }: QueueRetryOptions = {}) => pauses.push(delaySeconds)
    const body = { places: [placeOf(session.id)] }
    const messages = Array.from({ length: retries }, (_, tries) => {
      return { id: 'one', timestamp: new Date(), attempts: tries + 1, body, retry }
    })
    const batch = { queue: 'postern-revocations', messages } as unknown as MessageBatch
    await worker.queue(batch, here, createExecutionContext())
    expect([pauses[0], Math.max(...pauses)]).toEqual([30, 3600])
    expect(pauses.reduce((total, pause) => total + pause, 0)).toBeGreaterThan(ACCESS_TOKEN_MAX_TTL_SECONDS + 60)
  })

  it('a logout answers 503 with Retry-After and does nothing where the queue is down as well, and succeeds when it is tried again', async () => {
    const { here, shards, queue } = createDeployment()
    const victim = await signedIn()
    shards.state.isDown = true
    queue.isDown = true
    const refused = await logOut(here, victim)
    expect(refused.headers.get('Retry-After')).toMatch(/^\d+$/)
    await expectRefusal(refused, 503, 'dependency_unavailable')
    expect([await change(here, victim), await read(here, victim)]).toEqual([200, 200])
    shards.state.isDown = false
    queue.isDown = false
    expect((await logOut(here, victim)).status).toBe(204)
    expect([await change(here, victim), await read(here, victim)]).toEqual([401, 401])
  })
})

describe('a logout that is replayed or repeated', () => {
  it('succeeds each time, and is published once', async () => {
    const { here, kv, shards, queued } = createDeployment()
    const victim = await signedIn()
    const responses = await Promise.all([logOut(here, victim), logOut(here, victim), logOut(here, victim)])
    expect(responses.map(({ status }) => status)).toEqual([204, 204, 204])
    await shards.publish()
    pass(5000)
    expect((await logOut(here, victim)).status).toBe(204)
    await shards.publish()
    expect(kv.take()).toMatchObject({ writes: 1, tooManyWrites: 0 })
    expect(queued).toEqual([])
  })
})

describe('the objects of ended sessions', () => {
  it('are all asked for in the region of the deployment, each by the name of its shard', async () => {
    const asked: unknown[] = []
    const { here } = createDeployment()
    const { session } = await signedIn()
    const objects = here.ENDED_SESSIONS
    const watched = {
      ...here,
      REGION: 'apac',
      ENDED_SESSIONS: {
        ...objects,
        getByName: (...args: Parameters<typeof objects.getByName>) => {
          asked.push(args)
          return objects.getByName(...args)
        },
      },
    } as unknown as Env
    const { blocklist, probes } = composePlatform(watched, SYSTEM, { waitUntil: () => {} })
    await blocklist.revoke([placeOf(session.id)])
    await probes.endedSessions?.()
    const shardName = expect.stringMatching(/^shard-\d+$/)
    expect(asked).toEqual([
      [shardName, { locationHint: 'apac' }],
      ['shard-0', { locationHint: 'apac' }],
    ])
  })
})
