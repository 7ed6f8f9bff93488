import * as z from 'zod'
import { WEBHOOK_URL_MAX_LENGTH } from '../config.ts'
import { onDemand } from '../domain/on-demand.ts'
import { WEBHOOK_EVENTS } from '../domain/webhook-events.ts'
import { named, timestamp } from './common.ts'
import { PageQuery } from './lists.ts'

const webhookUrl = () => z.string().max(WEBHOOK_URL_MAX_LENGTH).meta({ example: 'https://hooks.example.com/postern' })

const eventTypes = () =>
  z
    .array(z.enum(WEBHOOK_EVENTS))
    .min(1)
    .max(WEBHOOK_EVENTS.length)
    .meta({ example: ['login.failed', 'roles.assigned'] })

const webhookStatus = () => z.enum(['active', 'disabled'])

const webhookFields = () => ({
  id: z.string(),
  url: z.string(),
  events: z.array(z.string()),
  status: webhookStatus(),
  createdAt: timestamp(),
})

export const Webhook = named('Webhook', () => z.object(webhookFields()))
export type Webhook = z.infer<typeof Webhook>

const secret = () => z.string().meta({ description: 'It is shown this once.', example: 'whsec_...' })

export const WebhookWithSecret = named('WebhookWithSecret', () => z.object({ ...webhookFields(), secret: secret() }))
export type WebhookWithSecret = z.infer<typeof WebhookWithSecret>

export const NewWebhook = named('NewWebhook', () => z.strictObject({ url: webhookUrl(), events: eventTypes() }))
export type NewWebhook = z.infer<typeof NewWebhook>

export const WebhookChanges = named('WebhookChanges', () =>
  z.strictObject({
    url: webhookUrl().optional(),
    events: eventTypes().optional(),
    status: webhookStatus().optional(),
  }),
)
export type WebhookChanges = z.infer<typeof WebhookChanges>

export const NewWebhookSecret = named('NewWebhookSecret', () =>
  z.object({
    secret: secret(),
    formerExpiresAt: timestamp().meta({ description: 'Until then the former secret signs beside this one.' }),
  }),
)
export type NewWebhookSecret = z.infer<typeof NewWebhookSecret>

const deliveryStatus = () => z.enum(['pending', 'delivered', 'failed'])

export const WebhookDelivery = named('WebhookDelivery', () =>
  z.object({
    id: z.string().meta({ description: 'The `webhook-id` of each try.' }),
    type: z.string(),
    status: deliveryStatus().meta({ description: '`failed` is given up: no try follows.' }),
    attempts: z.int(),
    createdAt: timestamp(),
    nextAttemptAt: timestamp().nullable(),
    lastError: z.string().nullable(),
  }),
)
export type WebhookDelivery = z.infer<typeof WebhookDelivery>

export const DeliveryQuery = onDemand(() => PageQuery.extend({ status: deliveryStatus().optional() }))
export type DeliveryQuery = z.infer<typeof DeliveryQuery>
