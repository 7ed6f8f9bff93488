import * as z from 'zod'
import { named, timestamp } from './common.ts'
import { PageQuery } from './lists.ts'

export const AuditEvent = named('AuditEvent', () =>
  z.object({
    id: z.string(),
    type: z.string().meta({ example: 'login.failed' }),
    at: timestamp(),
    actorId: z.string().nullable(),
    userId: z.string().nullable(),
    ip: z.string().nullable(),
    country: z.string().nullable(),
    userAgent: z.string().nullable(),
    details: z.record(z.string(), z.unknown()),
  }),
)
export type AuditEvent = z.infer<typeof AuditEvent>

/** `from` is the first moment of the listed time, and `to` is the first moment after it. */
export const AuditQuery = z.lazy(() =>
  PageQuery.unwrap().extend({
    userId: z.string().max(64).optional(),
    type: z.string().max(64).optional(),
    from: timestamp().optional(),
    to: timestamp().optional(),
  }),
)
export type AuditQuery = z.infer<typeof AuditQuery>
