import * as z from 'zod'
import { ACTIVITY_TYPES } from '../domain/account-activity.ts'
import { named, timestamp } from './common.ts'

export const Activity = named('Activity', () =>
  z.object({
    id: z.string(),
    type: z.enum(ACTIVITY_TYPES).meta({ example: 'login.failed' }),
    at: timestamp(),
    by: z.enum(['owner', 'administrator', 'service']).nullable().meta({
      description: 'Who did it; null for somebody who was not signed in, and for this service itself.',
    }),
    current: z.boolean().meta({ description: 'Whether it is about the session of this request.' }),
    device: z
      .object({ name: z.string(), userAgent: z.string() })
      .nullable()
      .meta({ description: 'What the request came from; null where that is unknown, or a matter of somebody else.' }),
    country: z.string().nullable(),
    details: z
      .record(z.string(), z.unknown())
      .meta({ description: 'docs/audit-events.md says what the owner of the account is shown of each event.' }),
  }),
)
export type Activity = z.infer<typeof Activity>
