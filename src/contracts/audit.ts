import * as z from 'zod'
import { onDemand } from '../domain/on-demand.ts'
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

/** An export: an event on each line, and on the last one `{ "nextCursor" }`. */
export const AuditLines = onDemand(() => z.string())

/** `from` is the first moment of the listed time, and `to` is the first moment after it. */
export const AuditQuery = onDemand(() =>
  PageQuery.extend({
    userId: z.string().max(64).optional(),
    actorId: z.string().max(64).optional(),
    type: z.string().max(64).optional(),
    from: timestamp().optional(),
    to: timestamp().optional(),
  }),
)
export type AuditQuery = z.infer<typeof AuditQuery>

/** What a verification found wrong, at the place of the first event that it concerns. */
const AUDIT_PROBLEMS = [
  'event_changed',
  'event_removed',
  'event_added',
  'seal_changed',
  'seal_removed',
  'not_vouched_for',
] as const

export const AuditVerification = named('AuditVerification', () =>
  z.object({
    intact: z.boolean(),
    from: timestamp().nullable().meta({ description: 'The time of the first event that was checked.' }),
    to: timestamp().nullable().meta({ description: 'The time of the last event that was checked.' }),
    rows: z.int().meta({ description: 'The number of sealed events that were checked.' }),
    firstBroken: z
      .object({
        sequence: z.int().meta({ description: 'The place in the trail, in the order in which events were written.' }),
        problem: z.enum(AUDIT_PROBLEMS),
      })
      .nullable(),
    nextCursor: z.string().nullable().meta({ description: 'The cursor of the next step; null after the last one.' }),
  }),
)
export type AuditVerification = z.infer<typeof AuditVerification>

export const AuditVerificationQuery = onDemand(() =>
  z.object({
    cursor: z
      .string()
      .regex(/^[1-9]\d{0,14}$/, 'No step gave this cursor.')
      .optional(),
    checkpoint: z
      .string()
      .regex(/^[1-9]\d{0,14}\.[\w-]{43}$/, 'Send the number and the hash of a checkpoint, with a dot between them.')
      .optional()
      .meta({ description: 'A checkpoint that was kept elsewhere, as `<number>.<hash>`; the last step looks for it.' }),
  }),
)
export type AuditVerificationQuery = z.infer<typeof AuditVerificationQuery>
