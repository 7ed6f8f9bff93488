import { Webhook } from 'standardwebhooks'
import type { Platform } from '../../src/platform/platform.ts'
import type { WebhookRequest } from '../../src/platform/webhook-transport.ts'
import { followAuditTrail } from '../../src/services/audit/sealing.ts'
import type { administrator } from './accounts.ts'
import { rows } from './database.ts'
import { noteSecrets } from './log-leaks.ts'
import { jobPlatform } from './outbox.ts'

type Admin = Awaited<ReturnType<typeof administrator>>

/** A message as its receiver reads it. */
export interface Received {
  type: string
  timestamp: string
  data: { id: string; actorId: string | null; userId: string | null; details: Record<string, unknown> }
}

/** Builds a platform whose endpoints belong to the test, and whose clock stands still until the test moves it. */
export function webhookBench(bindings?: Env) {
  const bench = {
    now: Date.now(),
    /** This value replaces a random number from 0 to 1. */
    random: 0,
    /** Each try of a message, in order. */
    posted: [] as WebhookRequest[],
    announced: [] as string[],
    /** Says how the endpoint answers: null where it accepts the message, and otherwise why not. */
    answer: (_request: WebhookRequest): Promise<string | null> | string | null => null,
  }
  const platform: Platform = {
    ...jobPlatform(bindings),
    now: () => bench.now,
    random: () => bench.random,
    postWebhook: async (request) => {
      bench.posted.push(request)
      return await bench.answer(request)
    },
    announceWebhooks: async (ids) => {
      bench.announced.push(...ids)
    },
  }
  return Object.assign(bench, { platform })
}

/** Adds an endpoint through the API, and answers it with its secret. */
export async function addWebhook(admin: Admin, events: readonly string[], url = 'https://hooks.example.com/postern') {
  const response = await admin.send('POST', '/webhooks', { url, events })
  if (response.status !== 201) throw new Error(`webhook: ${response.status} ${await response.text()}`)
  const webhook = (await response.json()) as { id: string; secret: string }
  noteSecrets({ secret: webhook.secret })
  return webhook
}

/** Seals everything that the trail has, so that the events of the test come alone. */
export async function catchUp(): Promise<void> {
  await followAuditTrail(jobPlatform())
}

/** Verifies a message as a receiver does, by the library of Standard Webhooks, which also checks its time. */
export const verify = (secret: string, { headers, body }: WebhookRequest): Received =>
  new Webhook(secret).verify(body, { ...headers }) as Received

export const deliveriesOf = (webhookId: string) =>
  rows('select * from webhook_deliveries where webhook_id = ? order by created_at, rowid', webhookId)

/** Puts a message into the list of an endpoint, as the follower of the trail does. */
export async function putDelivery(webhookId: string, at: number, type = 'login.failed'): Promise<string> {
  const id = crypto.randomUUID()
  const payload = JSON.stringify({ type, timestamp: new Date(at).toISOString(), data: {} })
  await rows(
    'insert into webhook_deliveries (id, webhook_id, type, payload, created_at, next_attempt_at) values (?, ?, ?, ?, ?, ?)',
    ...[id, webhookId, type, payload, at, at],
  )
  return id
}
