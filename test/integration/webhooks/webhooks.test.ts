import { env } from 'cloudflare:workers'
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { MAX_WEBHOOKS } from '../../../src/config.ts'
import { listOf } from '../../../src/contracts/lists.ts'
import { NewWebhookSecret, Webhook, WebhookDelivery, WebhookWithSecret } from '../../../src/contracts/webhooks.ts'
import { administrator } from '../../support/accounts.ts'
import { answerOf, expectNoContent, expectRefusal } from '../../support/answers.ts'
import { callWorker } from '../../support/call-worker.ts'
import { bearer } from '../../support/client.ts'
import { countRows, rows } from '../../support/database.ts'
import { changedBefore } from '../../support/intercept-env.ts'
import { addWebhook, deliveriesOf, putDelivery } from '../../support/webhooks.ts'

type Person = Awaited<ReturnType<typeof administrator>>
const URL_WITH_TOKEN = 'https://hooks.example.com/services/T0/token-of-the-receiver'
const EVENTS = ['login.failed']
let admin: Person

beforeAll(async () => {
  admin = await administrator()
})
beforeEach(async () => {
  await rows('delete from webhooks')
})

const trail = async (type: string) => await rows('select * from audit_events where type = ? order by sequence', type)

describe('POST /webhooks', () => {
  it('adds an endpoint, shows its secret this once, and stores it sealed (ASVS 13.3.1)', async () => {
    const answer = await admin.send('POST', '/webhooks', { url: URL_WITH_TOKEN, events: EVENTS })
    const { secret, ...webhook } = await answerOf(answer, WebhookWithSecret, 201)
    expect(webhook).toMatchObject({ url: URL_WITH_TOKEN, events: EVENTS, status: 'active' })
    expect(secret).toMatch(/^whsec_/)
    const listed = await admin.send('GET', '/webhooks')
    expect(listed.headers.get('Cache-Control')).toBe('no-store')
    expect(await answerOf(listed, listOf(Webhook))).toEqual({ items: [webhook], nextCursor: null })
    const [stored] = await rows('select seals from webhook_secrets where webhook_id = ?', webhook.id)
    expect(stored?.seals).not.toContain(secret.slice('whsec_'.length))
  })

  it('names the administrator in the trail, and the host of the endpoint, but not its path', async () => {
    const { id } = await addWebhook(admin, EVENTS, URL_WITH_TOKEN)
    const event = (await trail('webhook.created')).at(-1)
    expect(event).toMatchObject({ actor_id: admin.id, user_id: null })
    expect(JSON.parse(String(event?.details))).toEqual({
      webhookId: id,
      host: 'hooks.example.com',
      events: EVENTS,
    })
  })

  it.each([
    ['plain http', { url: 'http://hooks.example.com/' }],
    ['an address', { url: 'https://169.254.169.254/latest' }],
    ['a private name', { url: 'https://vault.internal/' }],
    ['a URL that is too long', { url: `https://hooks.example.com/${'a'.repeat(1024)}` }],
    ['no events', { events: [] }],
    ['an event that does not exist', { events: ['login.dreamt'] }],
    ['an unknown member', { secret: 'whsec_AAAA' }],
  ])('refuses %s', async (_, changes) => {
    const body = { url: URL_WITH_TOKEN, events: EVENTS, ...changes }
    await expectRefusal(await admin.send('POST', '/webhooks', body), 400, 'invalid_request')
    expect(await countRows('webhooks', 'true')).toBe(0)
  })

  it('adds no more than there may be, also when many are added at once', async () => {
    const add = () => admin.send('POST', '/webhooks', { url: URL_WITH_TOKEN, events: EVENTS })
    const answers = await Promise.all(Array.from({ length: MAX_WEBHOOKS + 3 }, add))
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(MAX_WEBHOOKS)
    const refused = answers.find(({ status }) => status !== 201)
    if (refused) await expectRefusal(refused, 409, 'webhook_limit_reached')
  })
})

describe('PATCH and DELETE /webhooks/{id}', () => {
  it('change the address, the events and the status, and remove the endpoint with all that waits', async () => {
    const { id } = await addWebhook(admin, EVENTS)
    await putDelivery(id, Date.now())
    const changes = { url: 'https://other.example.com/', events: ['roles.assigned'], status: 'disabled' }
    const changed = await answerOf(await admin.send('PATCH', `/webhooks/${id}`, changes), Webhook)
    expect(changed).toMatchObject({ id, ...changes })
    expect((await trail('webhook.changed')).at(-1)).toMatchObject({ actor_id: admin.id })
    await expectNoContent(await admin.send('DELETE', `/webhooks/${id}`))
    for (const table of ['webhook_secrets', 'webhook_deliveries'])
      expect(await countRows(table, 'webhook_id = ?', id)).toBe(0)
    expect((await trail('webhook.deleted')).at(-1)?.details).toContain(id)
  })

  it('refuse an address to which nothing is sent, and an endpoint that is not there', async () => {
    const { id } = await addWebhook(admin, EVENTS)
    const insecure = { url: 'http://hooks.example.com/' }
    await expectRefusal(await admin.send('PATCH', `/webhooks/${id}`, insecure), 400, 'invalid_request')
    const nowhere = `/webhooks/${crypto.randomUUID()}`
    await expectRefusal(await admin.send('PATCH', nowhere, { status: 'disabled' }), 404, 'not_found')
    await expectRefusal(await admin.send('DELETE', nowhere), 404, 'not_found')
    await expectRefusal(await admin.send('POST', `${nowhere}/secret`), 404, 'not_found')
    await expectRefusal(await admin.send('GET', `${nowhere}/deliveries`), 404, 'not_found')
  })

  it('change nothing for an administrator who loses the permission meanwhile', async () => {
    const clerk = await administrator(['webhooks:write'])
    const { id } = await addWebhook(admin, EVENTS)
    const racing = changedBefore(env as Env, /insert into "audit_events"/, () =>
      rows('delete from role_permissions where role = ?', clerk.role),
    )
    const init = { body: { status: 'disabled' }, headers: bearer(clerk.tokens.accessToken) }
    await expectRefusal(await callWorker(racing, 'PATCH', `/webhooks/${id}`, init), 403, 'forbidden')
    expect(await rows('select status from webhooks where id = ?', id)).toEqual([{ status: 'active' }])
  })
})

describe('POST /webhooks/{id}/secret', () => {
  it('makes a new secret, and lets the former one sign for a day', async () => {
    const { id, secret } = await addWebhook(admin, EVENTS)
    const replaced = await answerOf(await admin.send('POST', `/webhooks/${id}/secret`), NewWebhookSecret)
    expect(replaced.secret).not.toBe(secret)
    const inHours = (Date.parse(replaced.formerExpiresAt) - Date.now()) / 3_600_000
    expect(Math.round(inHours)).toBe(24)
    expect(await countRows('webhook_secrets', 'webhook_id = ?', id)).toBe(2)
  })

  it('leaves two secrets, one of them without an end, however many are asked for at once', async () => {
    const { id } = await addWebhook(admin, EVENTS)
    await Promise.all(Array.from({ length: 10 }, () => admin.send('POST', `/webhooks/${id}/secret`)))
    expect(await countRows('webhook_secrets', 'webhook_id = ?', id)).toBe(2)
    expect(await countRows('webhook_secrets', 'webhook_id = ? and expires_at is null', id)).toBe(1)
  })
})

describe('GET /webhooks/{id}/deliveries', () => {
  it('lists what was sent, newest first, by pages, and those that were given up alone', async () => {
    const { id } = await addWebhook(admin, EVENTS)
    const start = Date.now()
    const ids: string[] = []
    for (let index = 0; index < 5; index += 1) ids.push(await putDelivery(id, start + index))
    await rows(
      "update webhook_deliveries set state = 'failed', attempts = 10, last_error = 'time-out' where id = ?",
      ids[1],
    )
    const read = async (query: string) =>
      await answerOf(await admin.send('GET', `/webhooks/${id}/deliveries?${query}`), listOf(WebhookDelivery))
    const first = await read('limit=3')
    const second = await read(`limit=3&cursor=${first.nextCursor}`)
    expect([...first.items, ...second.items].map((delivery) => delivery.id)).toEqual(ids.toReversed())
    expect(second.nextCursor).toBeNull()
    const { items } = await read('status=failed')
    expect(items).toEqual([
      expect.objectContaining({
        id: ids[1],
        status: 'failed',
        attempts: 10,
        lastError: 'time-out',
        nextAttemptAt: null,
      }),
    ])
    expect(await deliveriesOf(id)).toHaveLength(5)
  })

  it('is empty for an endpoint to which nothing was sent', async () => {
    const { id } = await addWebhook(admin, EVENTS)
    const answer = await answerOf(await admin.send('GET', `/webhooks/${id}/deliveries`), listOf(WebhookDelivery))
    expect(answer).toEqual({ items: [], nextCursor: null })
  })
})

describe('who may manage webhooks', () => {
  it('is whoever holds webhooks:write; webhooks:read lets one see them, without their secrets', async () => {
    const [reader, writer] = [await administrator(['webhooks:read']), await administrator(['webhooks:write'])]
    const { id } = await addWebhook(writer, EVENTS)
    expect(await (await reader.send('GET', '/webhooks')).text()).not.toContain('whsec_')
    expect((await reader.send('GET', `/webhooks/${id}/deliveries`)).status).toBe(200)
    await expectRefusal(await writer.send('GET', '/webhooks'), 403, 'forbidden')
    await expectRefusal(await reader.send('POST', `/webhooks/${id}/secret`), 403, 'forbidden')
    await expectRefusal(await reader.send('DELETE', `/webhooks/${id}`), 403, 'forbidden')
  })

  it('asks for a recent login (ASVS 7.5.3)', async () => {
    const { id } = await addWebhook(admin, EVENTS)
    const late = await administrator(['webhooks:write'])
    await rows('update sessions set authenticated_at = 0 where user_id = ?', late.id)
    await expectRefusal(await late.send('POST', `/webhooks/${id}/secret`), 403, 'step_up_required')
  })
})
