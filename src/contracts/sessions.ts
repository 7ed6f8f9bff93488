import * as z from 'zod'
import { Timestamp } from './common.ts'

export const CurrentSession = z
  .object({
    userId: z.string(),
    sessionId: z.string(),
    roles: z.array(z.string()),
    permissions: z.array(z.string()),
    authenticatedAt: Timestamp,
    methods: z.array(z.string()).meta({ description: 'RFC 8176 authentication methods', example: ['pwd'] }),
    expiresAt: Timestamp,
  })
  .meta({ id: 'CurrentSession' })

export const SessionView = z
  .object({
    id: z.string(),
    current: z.boolean(),
    createdAt: Timestamp,
    lastSeenAt: Timestamp,
    expiresAt: Timestamp,
    device: z.object({ name: z.string(), userAgent: z.string().nullable() }),
    location: z.object({ country: z.string(), city: z.string().nullable() }).nullable(),
  })
  .meta({ id: 'Session' })
export type SessionView = z.infer<typeof SessionView>
