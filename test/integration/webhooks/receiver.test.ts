import { beforeEach, describe, expect, it } from 'vitest'
import page from '../../../docs/webhooks.md?raw'
import type { WebhookRequest } from '../../../src/platform/webhook-transport.ts'
import { takeWebhookTurn } from '../../../src/services/webhooks/delivery.ts'
import { administrator, verified } from '../../support/accounts.ts'
import { rows } from '../../support/database.ts'
import { receive } from '../../support/webhook-receiver.ts'
import example from '../../support/webhook-receiver.ts?raw'
import { addWebhook, catchUp, webhookBench } from '../../support/webhooks.ts'

const toRequest = ({ url, headers, body }: WebhookRequest) => new Request(url, { method: 'POST', headers, body })

describe('the receiver of docs/webhooks.md', () => {
  let bench: ReturnType<typeof webhookBench>
  let webhook: Awaited<ReturnType<typeof addWebhook>>
  let handled: string[]
  let receiver: Parameters<typeof receive>[1]

  /** Has one event sent, and answers what was posted. */
  async function sendEvent(): Promise<WebhookRequest> {
    await verified()
    await catchUp()
    bench.now = Date.now()
    await takeWebhookTurn(bench.platform, webhook.id)
    const request = bench.posted.at(-1)
    if (!request) throw new Error('nothing was posted')
    return request
  }

  beforeEach(async () => {
    await rows('delete from webhooks')
    await catchUp()
    bench = webhookBench()
    webhook = await addWebhook(await administrator(), ['user.registered'])
    await catchUp()
    await rows('delete from webhook_deliveries')
    handled = []
    receiver = { secret: webhook.secret, seen: new Set(), handle: ({ type }) => handled.push(type) }
    bench.posted = []
  })

  it('is the code that is tested here', () => {
    expect(page).toContain(`\`\`\`ts\n${example.trim()}\n\`\`\``)
  })

  it('accepts a message, and handles it once, however often it comes', async () => {
    const request = await sendEvent()
    expect((await receive(toRequest(request), receiver)).status).toBe(204)
    expect((await receive(toRequest(request), receiver)).status).toBe(204)
    expect(handled).toEqual(['user.registered'])
  })

  it('refuses a message that somebody changed, or made under another secret, or kept for ten minutes', async () => {
    const request = await sendEvent()
    const changed = { ...request, body: request.body.replace('user.registered', 'user.deleted') }
    expect((await receive(toRequest(changed), receiver)).status).toBe(400)
    const { secret } = await addWebhook(await administrator(), ['user.registered'])
    expect((await receive(toRequest(request), { ...receiver, secret })).status).toBe(400)
    bench.now -= 10 * 60_000
    await rows("update webhook_deliveries set state = 'pending', next_attempt_at = 0")
    await takeWebhookTurn(bench.platform, webhook.id)
    const old = bench.posted.at(-1)
    if (!old) throw new Error('nothing was posted')
    expect((await receive(toRequest(old), receiver)).status).toBe(400)
    expect(handled).toEqual([])
  })
})
