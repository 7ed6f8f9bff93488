import { IdParams } from '../contracts/common.ts'
import { listOf } from '../contracts/lists.ts'
import {
  DeliveryQuery,
  NewWebhook,
  NewWebhookSecret,
  Webhook,
  WebhookChanges,
  WebhookDelivery,
  WebhookWithSecret,
} from '../contracts/webhooks.ts'
import { json } from '../http/body.ts'
import { permission, reader } from '../http/guards.ts'
import { answer, route } from '../http/route.ts'
import { createRouter } from '../http/router.ts'
import {
  changeWebhook,
  createWebhook,
  deleteWebhook,
  readDeliveries,
  readWebhooks,
  replaceWebhookSecret,
} from '../services/webhooks/webhooks.ts'

const tags = ['Administration']

const listRoute = route({
  method: 'get',
  path: '/webhooks',
  tags,
  summary: 'All endpoints that are told of events',
  description: 'Needs the permission `webhooks:read`.',
  guard: reader({ permission: 'webhooks:read' }),
  answers: { 200: answer(listOf(Webhook), 'The newest first.') },
})

const createRoute = route({
  method: 'post',
  path: '/webhooks',
  tags,
  summary: 'Have events sent to an endpoint',
  description:
    'Needs the permission `webhooks:write`. `events` are types of the audit trail, or `audit.checkpoint`. Messages are signed as Standard Webhooks says.',
  guard: permission('webhooks:write', { isRecent: true }),
  body: json(NewWebhook),
  answers: { 201: answer(WebhookWithSecret, 'The endpoint, with its secret.') },
  refuses: ['webhook_limit_reached'],
})

const changeRoute = route({
  method: 'patch',
  path: '/webhooks/{id}',
  tags,
  summary: 'Change, disable or enable an endpoint',
  description: 'Needs the permission `webhooks:write`.',
  guard: permission('webhooks:write', { isRecent: true }),
  params: IdParams,
  body: json(WebhookChanges),
  answers: { 200: answer(Webhook, 'The endpoint as it is now.') },
  refuses: ['not_found'],
})

const deleteRoute = route({
  method: 'delete',
  path: '/webhooks/{id}',
  tags,
  summary: 'Remove an endpoint',
  description: 'Needs the permission `webhooks:write`. What waits to be sent to it is dropped.',
  guard: permission('webhooks:write', { isRecent: true }),
  params: IdParams,
  answers: { 204: { description: 'It is gone.' } },
  refuses: ['not_found'],
})

const secretRoute = route({
  method: 'post',
  path: '/webhooks/{id}/secret',
  tags,
  summary: 'Replace the secret of an endpoint',
  description:
    'Needs the permission `webhooks:write`. Messages are signed with the new and the former secret for a day, so that none is lost.',
  guard: permission('webhooks:write', { isRecent: true }),
  params: IdParams,
  answers: { 200: answer(NewWebhookSecret, 'The new secret.') },
  refuses: ['not_found'],
})

const deliveriesRoute = route({
  method: 'get',
  path: '/webhooks/{id}/deliveries',
  tags,
  summary: 'What was sent to an endpoint',
  description: 'Needs the permission `webhooks:read`. Messages that were given up are those with `status=failed`.',
  guard: reader({ permission: 'webhooks:read' }),
  params: IdParams,
  query: DeliveryQuery,
  answers: { 200: answer(listOf(WebhookDelivery), 'A page of messages, the newest first.') },
  refuses: ['not_found'],
})

export const webhookRoutes = createRouter()
  .openapi(listRoute, async (c) =>
    c.json({ items: await readWebhooks(c.get('platform'), c.get('readAsCaller')), nextCursor: null }, 200),
  )
  .openapi(createRoute, async (c) =>
    c.json(await createWebhook(c.get('platform'), c.get('caller').account, c.req.valid('json')), 201),
  )
  .openapi(changeRoute, async (c) => {
    const { id } = c.req.valid('param')
    return c.json(await changeWebhook(c.get('platform'), c.get('caller').account, id, c.req.valid('json')), 200)
  })
  .openapi(deleteRoute, async (c) => {
    await deleteWebhook(c.get('platform'), c.get('caller').account, c.req.valid('param').id)
    return c.body(null, 204)
  })
  .openapi(secretRoute, async (c) =>
    c.json(await replaceWebhookSecret(c.get('platform'), c.get('caller').account, c.req.valid('param').id), 200),
  )
  .openapi(deliveriesRoute, async (c) => {
    const { id } = c.req.valid('param')
    return c.json(await readDeliveries(c.get('platform'), c.get('readAsCaller'), id, c.req.valid('query')), 200)
  })
