import { z } from '@hono/zod-openapi'
import { Timestamp } from './common.ts'

export const CurrentSession = z
  .object({
    userId: z.string(),
    sessionId: z.string(),
    roles: z.array(z.string()),
    permissions: z.array(z.string()),
    authenticatedAt: Timestamp,
    methods: z.array(z.string()).openapi({ description: 'RFC 8176 authentication methods', example: ['pwd'] }),
    expiresAt: Timestamp,
  })
  .openapi('CurrentSession')

export const SessionView = z
  .object({
    id: z.string(),
    current: z.boolean(),
    createdAt: Timestamp,
    lastSeenAt: Timestamp,
    expiresAt: Timestamp,
    device: z.object({
      name: z.string(),
      userAgent: z.string().nullable(),
      rememberedUntil: Timestamp.nullable().openapi({
        description: 'Until when logins on this device do not ask for a second factor; null where they do.',
      }),
    }),
    location: z.object({ country: z.string(), city: z.string().nullable() }).nullable(),
  })
  .openapi('Session')
export type SessionView = z.infer<typeof SessionView>
