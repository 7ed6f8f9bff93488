import { createExecutionContext, createMessageBatch, getQueueResult } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import {
  MAX_WEBHOOKS,
  WEBHOOK_GIVE_UP_SECONDS,
  WEBHOOK_KEEP_SECONDS,
  WEBHOOK_LEASE_SECONDS,
  WEBHOOK_RETRY_DELAYS_SECONDS,
  WEBHOOK_SECRET_OVERLAP_SECONDS,
  WEBHOOK_TURN_MESSAGES,
} from '../../../src/config.ts'
import { consumeQueue } from '../../../src/jobs/queue.ts'
import { runScheduled } from '../../../src/jobs/scheduled.ts'
import { followAuditTrail } from '../../../src/services/audit/sealing.ts'
import { cleanUp } from '../../../src/services/housekeeping.ts'
import { takeWebhookTurn } from '../../../src/services/webhooks/delivery.ts'
import { resealWebhookSecrets } from '../../../src/services/webhooks/resealing.ts'
import { administrator, settings, verified } from '../../support/accounts.ts'
import { captureLog } from '../../support/captured-log.ts'
import { countRows, rows } from '../../support/database.ts'
import { interceptEnv } from '../../support/intercept-env.ts'
import { jobPlatform } from '../../support/outbox.ts'
import {
  addWebhook,
  catchUp,
  deliveriesOf,
  putDelivery,
  type Received,
  verify,
  webhookBench,
} from '../../support/webhooks.ts'

type Person = Awaited<ReturnType<typeof administrator>>
const DAY_MS = 24 * 3_600_000
let admin: Person
let log: ReturnType<typeof captureLog>

beforeEach(async () => {
  log = captureLog()
  admin = await administrator()
  await rows('delete from webhooks')
  await catchUp()
})
afterEach(() => {
  log.release()
  vi.unstubAllGlobals()
})

const turn = (bench: ReturnType<typeof webhookBench>, webhookId: string) => takeWebhookTurn(bench.platform, webhookId)

describe('an event of the trail', () => {
  it('reaches each endpoint that wants its type, signed and once, and no other', async () => {
    const bench = webhookBench()
    const [first, second] = [await addWebhook(admin, ['user.registered']), await addWebhook(admin, ['user.registered'])]
    const [other, disabled] = [
      await addWebhook(admin, ['roles.assigned']),
      await addWebhook(admin, ['user.registered']),
    ]
    await admin.send('PATCH', `/webhooks/${disabled.id}`, { status: 'disabled' })
    const { id: userId } = await verified()
    await runScheduled(bench.platform, '* * * * *')
    await runScheduled(bench.platform, '* * * * *')
    expect([...new Set(bench.announced)].sort()).toEqual([first.id, second.id].sort())
    for (const { id, secret } of [first, second]) {
      bench.posted = []
      await turn(bench, id)
      const [request, ...more] = bench.posted
      expect(more).toEqual([])
      if (!request) throw new Error('nothing was posted')
      const message = verify(secret, request)
      expect(message).toMatchObject({ type: 'user.registered', data: { actorId: null, userId } })
      const [event] = await rows(
        "select id, at from audit_events where user_id = ? and type = 'user.registered'",
        userId,
      )
      expect({ id: message.data.id, at: Date.parse(message.timestamp) }).toEqual(event)
      expect(await deliveriesOf(id)).toMatchObject([{ state: 'delivered', attempts: 1, last_error: null }])
    }
    for (const { id } of [other, disabled]) expect(await deliveriesOf(id)).toEqual([])
  })

  it('is told without the address and the browser of whoever caused it', async () => {
    const { id } = await addWebhook(admin, ['user.registered'])
    const { id: userId } = await verified()
    await rows("update audit_events set ip = '192.0.2.1', user_agent = 'secret browser' where user_id = ?", userId)
    await catchUp()
    const [delivery] = await deliveriesOf(id)
    expect(delivery?.payload).not.toMatch(/192\.0\.2\.1|secret browser/)
    expect(Object.keys((JSON.parse(String(delivery?.payload)) as Received).data)).toEqual([
      'id',
      'actorId',
      'userId',
      'details',
    ])
  })

  it('is told without its details where they are long, so that no event can stop the trail from being sealed', async () => {
    const { id } = await addWebhook(admin, ['user.updated'])
    await rows(
      "insert into audit_events (id, type, at, user_id, details) values (?, 'user.updated', ?, 'u', ?)",
      ...[crypto.randomUUID(), Date.now(), JSON.stringify({ long: 'x'.repeat(50_000) })],
    )
    await catchUp()
    const [delivery] = await deliveriesOf(id)
    expect((JSON.parse(String(delivery?.payload)) as { data: object }).data).toMatchObject({ details: null })
  })

  it('is put into each list once, also when two followers run at once', async () => {
    const { id } = await addWebhook(admin, ['user.registered'])
    for (let made = 0; made < 5; made += 1) await verified()
    await Promise.all([followAuditTrail(jobPlatform()), followAuditTrail(jobPlatform())])
    expect(await deliveriesOf(id)).toHaveLength(5)
  })
})

describe('the checkpoint of the audit trail', () => {
  it('leaves once a day, and the chain of the trail has it for ever after', async () => {
    const bench = webhookBench()
    const { id, secret } = await addWebhook(admin, ['audit.checkpoint'])
    await runScheduled(bench.platform, '17 3 * * *')
    await catchUp()
    bench.now = Date.now()
    await turn(bench, id)
    const [request] = bench.posted
    if (!request) throw new Error('nothing was posted')
    const { type, data } = verify(secret, request)
    expect(type).toBe('audit.checkpoint')
    const verified = await admin.send('GET', `/audit-events/verification?checkpoint=${data.details.checkpoint}`)
    expect(await verified.json()).toMatchObject({ intact: true })
    const rewritten = `${String(data.details.checkpoint).split('.')[0]}.${'A'.repeat(43)}`
    const answer = await admin.send('GET', `/audit-events/verification?checkpoint=${rewritten}`)
    expect(await answer.json()).toMatchObject({ intact: false })
  })
})

describe('a message', () => {
  it('keeps its id over all tries, and has the time of each try, so that nobody can replay an old one', async () => {
    const bench = webhookBench()
    const { id, secret } = await addWebhook(admin, ['login.failed'])
    const deliveryId = await putDelivery(id, bench.now)
    bench.answer = () => 'HTTP status 500'
    await turn(bench, id)
    const wait = 10 * 60
    bench.now += wait * 1000
    bench.answer = () => null
    await turn(bench, id)
    const [first, second] = bench.posted
    if (!first || !second) throw new Error('two tries were expected')
    expect(first.headers['webhook-id']).toBe(deliveryId)
    expect(second.headers['webhook-id']).toBe(deliveryId)
    expect(second.body).toBe(first.body)
    expect(Number(second.headers['webhook-timestamp']) - Number(first.headers['webhook-timestamp'])).toBe(wait)
    expect(() => verify(secret, first)).not.toThrow()
    // The second one is from ten minutes ahead of the clock of the receiver, which the library refuses.
    expect(() => verify(secret, second)).toThrow('Message timestamp too new')
  })

  it('is tried again after pauses that grow, with jitter, and is then given up and listed', async () => {
    const bench = webhookBench()
    bench.random = 0.5
    bench.answer = () => 'connection failed'
    const { id } = await addWebhook(admin, ['login.failed'])
    await putDelivery(id, bench.now)
    for (const delaySeconds of WEBHOOK_RETRY_DELAYS_SECONDS) {
      await turn(bench, id)
      const [row] = await deliveriesOf(id)
      expect(row).toMatchObject({ state: 'pending', last_error: 'connection failed' })
      expect(Number(row?.next_attempt_at) - bench.now).toBe(delaySeconds * 1250)
      bench.now = Number(row?.next_attempt_at) - 1
      await turn(bench, id)
      bench.now += 1
    }
    await turn(bench, id)
    expect(bench.posted).toHaveLength(WEBHOOK_RETRY_DELAYS_SECONDS.length + 1)
    const failed = (await (await admin.send('GET', `/webhooks/${id}/deliveries?status=failed`)).json()) as {
      items: { attempts: number; lastError: string }[]
    }
    expect(failed.items).toMatchObject([{ attempts: 10, lastError: 'connection failed' }])
    bench.now += 30 * DAY_MS
    await turn(bench, id)
    expect(bench.posted).toHaveLength(10)
    const [givenUp] = log.lines().filter(({ message }) => message === 'webhook given up')
    expect(givenUp).toMatchObject({ webhookId: id, attempts: 10 })
  })

  it('is tried over three days at least', () => {
    const seconds = WEBHOOK_RETRY_DELAYS_SECONDS.reduce((sum, delay) => sum + delay, 0)
    expect(seconds).toBeGreaterThan(3 * 24 * 3600)
    expect(seconds * 1.5).toBeLessThan(WEBHOOK_GIVE_UP_SECONDS + 24 * 3600)
  })

  it('is sent by one of two turns at once, and again by another where the Worker stopped in the middle', async () => {
    const bench = webhookBench()
    const { id } = await addWebhook(admin, ['login.failed'])
    await putDelivery(id, bench.now)
    await Promise.all([turn(bench, id), turn(bench, id), turn(bench, id)])
    expect(bench.posted).toHaveLength(1)
    await putDelivery(id, bench.now)
    bench.answer = () => Promise.reject(new Error('the Worker stopped'))
    await expect(turn(bench, id)).rejects.toThrow('the Worker stopped')
    bench.answer = () => null
    await turn(bench, id)
    expect(bench.posted).toHaveLength(2)
    bench.now += WEBHOOK_LEASE_SECONDS * 1000
    await turn(bench, id)
    expect(bench.posted).toHaveLength(3)
    expect(await countRows('webhook_deliveries', "webhook_id = ? and state = 'delivered'", id)).toBe(2)
  })

  it('waits while its endpoint is disabled, and is given up after five days', async () => {
    const bench = webhookBench()
    const { id } = await addWebhook(admin, ['login.failed'])
    await putDelivery(id, bench.now)
    await admin.send('PATCH', `/webhooks/${id}`, { status: 'disabled' })
    await turn(bench, id)
    expect(bench.posted).toEqual([])
    await cleanUp({ ...bench.platform, now: () => bench.now + (WEBHOOK_GIVE_UP_SECONDS + 1) * 1000 })
    expect(await deliveriesOf(id)).toMatchObject([{ state: 'failed', last_error: 'the endpoint was disabled' }])
    await cleanUp({ ...bench.platform, now: () => bench.now + (WEBHOOK_KEEP_SECONDS + 1) * 1000 })
    expect(await deliveriesOf(id)).toEqual([])
  })

  it('is not sent to an address that was allowed when it was configured, and is not any more', async () => {
    const bench = webhookBench({
      ...env,
      ENVIRONMENT: 'production',
      MAIL_TRANSPORT: 'binding',
      MAIL_FROM: 'a@example.com',
      ISSUER: 'https://auth.example.com',
    } as unknown as Env)
    const { id } = await addWebhook(admin, ['login.failed'], 'http://localhost:9000/hook')
    await putDelivery(id, bench.now)
    await turn(bench, id)
    expect(bench.posted).toEqual([])
    expect(await deliveriesOf(id)).toMatchObject([{ state: 'pending', last_error: 'nothing is sent to this URL' }])
  })
})

describe('a secret that is replaced', () => {
  it('signs beside the new one for a day, and never again after that', async () => {
    const bench = webhookBench()
    const { id, secret: former } = await addWebhook(admin, ['login.failed'])
    const { secret } = (await (await admin.send('POST', `/webhooks/${id}/secret`)).json()) as { secret: string }
    await putDelivery(id, bench.now)
    await turn(bench, id)
    const [during] = bench.posted
    if (!during) throw new Error('nothing was posted')
    for (const known of [former, secret]) expect(() => verify(known, during)).not.toThrow()
    bench.now += (WEBHOOK_SECRET_OVERLAP_SECONDS + 1) * 1000
    await putDelivery(id, bench.now)
    await turn(bench, id)
    expect(bench.posted.at(-1)?.headers['webhook-signature']?.split(' ')).toHaveLength(1)
    await cleanUp(bench.platform)
    expect(await countRows('webhook_secrets', 'webhook_id = ?', id)).toBe(1)
  })

  it('is sealed anew for the versions that AUTH_SECRET has now, and opens for its own endpoint alone', async () => {
    const bench = webhookBench()
    const { id } = await addWebhook(admin, ['login.failed'])
    const { id: thief } = await addWebhook(admin, ['login.failed'])
    const [v1] = settings.secrets
    const secrets = [{ version: 'v2', secret: new Uint8Array(32).fill(9) }, v1] as const
    await resealWebhookSecrets({ ...bench.platform, settings: { ...settings, secrets } })
    expect(await rows('select distinct sealed_for from webhook_secrets')).toEqual([{ sealed_for: 'v1,v2' }])
    await putDelivery(id, bench.now)
    await takeWebhookTurn({ ...bench.platform, settings: { ...settings, secrets: [secrets[0]] } }, id)
    expect(bench.posted).toHaveLength(1)
    const stolen =
      'update webhook_secrets set seals = (select seals from webhook_secrets where webhook_id = ?) where webhook_id = ?'
    await rows(stolen, id, thief)
    await putDelivery(thief, bench.now)
    await turn(bench, thief)
    expect(await deliveriesOf(thief)).toMatchObject([{ last_error: 'no secret of the endpoint can be opened' }])
    expect(bench.posted).toHaveLength(1)
  })
})

describe('a turn of an endpoint', () => {
  it('ends at the first failure, so that an endpoint which does not answer costs one try, whatever waits', async () => {
    const bench = webhookBench()
    bench.answer = () => 'time-out'
    const { id } = await addWebhook(admin, ['login.failed'])
    for (let put = 0; put < 5; put += 1) await putDelivery(id, bench.now + put - 10)
    await turn(bench, id)
    expect(bench.posted).toHaveLength(1)
    expect(bench.announced).toEqual([])
  })

  it('sends in order, and asks for another turn where more may wait', async () => {
    const bench = webhookBench()
    const { id } = await addWebhook(admin, ['login.failed'])
    const ids: string[] = []
    for (let put = 0; put < WEBHOOK_TURN_MESSAGES + 1; put += 1) ids.push(await putDelivery(id, bench.now))
    await turn(bench, id)
    expect(bench.announced).toEqual([id])
    await turn(bench, id)
    expect(bench.posted.map(({ headers }) => headers['webhook-id'])).toEqual(ids)
  })

  it('comes by the queue, which brings it again where it failed by a fault of our own', async () => {
    const bench = webhookBench()
    const { id } = await addWebhook(admin, ['login.failed'])
    await putDelivery(id, bench.now)
    const consume = async (platform: typeof bench.platform) => {
      const batch = createMessageBatch('postern-webhooks', [
        { id: crypto.randomUUID(), timestamp: new Date(), attempts: 1, body: { webhookId: id } },
      ])
      await consumeQueue(platform, batch)
      return await getQueueResult(batch, createExecutionContext())
    }
    const broken = { ...bench.platform, postWebhook: () => Promise.reject(new Error('broken')) }
    expect((await consume(broken)).retryMessages).toHaveLength(1)
    bench.now += WEBHOOK_LEASE_SECONDS * 1000
    expect((await consume(bench.platform)).explicitAcks).toHaveLength(1)
    expect(bench.posted).toHaveLength(1)
  })

  it('is announced by the cron for every endpoint with something due, in one query', async () => {
    const bench = webhookBench()
    const ids: string[] = []
    for (let made = 0; made < MAX_WEBHOOKS; made += 1) ids.push((await addWebhook(admin, ['mail.failed'])).id)
    for (const id of ids) await putDelivery(id, bench.now)
    await runScheduled(bench.platform, '* * * * *')
    expect(bench.announced.toSorted()).toEqual(ids.toSorted())
  })
})

describe('a queue that refuses', () => {
  it('fails no job, is logged, and loses nothing: the next minute announces the same', async () => {
    const refuse = () => Promise.reject(new Error('queue down'))
    const broken = interceptEnv(env as Env, (call, proceed) => (call.kind === 'queue' ? refuse() : proceed()))
    const { id } = await addWebhook(admin, ['login.failed'])
    await putDelivery(id, Date.now())
    await runScheduled(jobPlatform(broken), '* * * * *')
    expect(log.lines().map(({ message }) => message)).toContain('webhook queue refused')
    const bench = webhookBench()
    await runScheduled(bench.platform, '* * * * *')
    expect(bench.announced).toEqual([id])
  })
})

describe('what goes to an endpoint over the network', () => {
  const send = (answer: (request: Request) => Response | Promise<Response>) => {
    const seen: Request[] = []
    vi.stubGlobal('fetch', async (input: string, init: RequestInit) => {
      const request = new Request(input, init)
      seen.push(request)
      return await answer(request)
    })
    const post = jobPlatform().postWebhook
    return {
      seen,
      post: () => post({ url: 'https://hooks.example.com/x', headers: { 'webhook-id': 'a' }, body: '{}' }),
    }
  }

  it('is a POST of JSON, and counts as arrived for a status 2xx alone', async () => {
    const { seen, post } = send(() => new Response(null, { status: 204 }))
    expect(await post()).toBeNull()
    const [request] = seen
    expect(request?.method).toBe('POST')
    expect(request?.headers.get('Content-Type')).toBe('application/json')
    expect(request?.headers.get('webhook-id')).toBe('a')
    for (const status of [400, 404, 410, 429, 500, 503])
      expect(await send(() => new Response('why', { status })).post()).toBe(`HTTP status ${status}`)
  })

  it('follows no redirect, because that could lead to a private address (ASVS 15.3.2)', async () => {
    const { seen, post } = send(() => new Response(null, { status: 307, headers: { Location: 'http://10.0.0.1/' } }))
    expect(await post()).toBe('HTTP status 307')
    expect(seen.map(({ redirect }) => redirect)).toEqual(['manual'])
  })

  it('reads nothing of the answer, however long it is', async () => {
    let isCancelled = false
    const endless = new ReadableStream({
      pull: (controller) => controller.enqueue(new Uint8Array(65_536)),
      cancel: () => {
        isCancelled = true
      },
    })
    expect(await send(() => new Response(endless)).post()).toBeNull()
    expect(isCancelled).toBe(true)
  })

  it('fails without a word of the error, which may quote the address', async () => {
    const { post } = send(() => Promise.reject(new Error('https://hooks.example.com/x failed')))
    expect(await post()).toBe('connection failed')
  })
})
