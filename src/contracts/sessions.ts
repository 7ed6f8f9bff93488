import * as z from 'zod'
import { named, timestamp } from './common.ts'

export const CurrentSession = named('CurrentSession', () =>
  z.object({
    userId: z.string(),
    sessionId: z.string(),
    roles: z.array(z.string()),
    permissions: z.array(z.string()),
    authenticatedAt: timestamp(),
    methods: z.array(z.string()).meta({ description: 'RFC 8176 authentication methods', example: ['pwd'] }),
    expiresAt: timestamp(),
  }),
)

export const SessionView = named('Session', () =>
  z.object({
    id: z.string(),
    current: z.boolean(),
    createdAt: timestamp(),
    lastSeenAt: timestamp(),
    expiresAt: timestamp(),
    device: z.object({
      name: z.string(),
      userAgent: z.string().nullable(),
      rememberedUntil: timestamp().nullable().meta({
        description: 'Until when logins on this device do not ask for a second factor; null where they do.',
      }),
    }),
    location: z.object({ country: z.string(), city: z.string().nullable() }).nullable(),
  }),
)
export type SessionView = z.infer<typeof SessionView>
