import * as z from 'zod'
import { onDemand } from '../domain/on-demand.ts'
import { named, personNameOrNull, timestamp, username } from './common.ts'
import { PageQuery } from './lists.ts'
import { roleName } from './roles.ts'

const flag = () => z.enum(['true', 'false']).transform((value) => value === 'true')

/** A `...From` is the first moment of the listed time, and a `...To` is the first moment after it. */
export const UserQuery = onDemand(() =>
  PageQuery.extend({
    q: z.string().trim().min(1).max(100).optional().meta({
      description: 'The beginning of an e-mail address, a username or a name, whatever its case and accents',
    }),
    role: roleName().optional(),
    status: z.enum(['active', 'deactivated']).optional(),
    verified: flag()
      .optional()
      .meta({ type: 'string', enum: ['true', 'false'] }),
    factor: z.enum(['totp', 'passkey', 'none']).optional(),
    provider: z.string().max(32).optional(),
    createdFrom: timestamp().optional(),
    createdTo: timestamp().optional(),
    lastSeenFrom: timestamp().optional(),
    lastSeenTo: timestamp().optional(),
  }),
)
export type UserQuery = z.infer<typeof UserQuery>

export const UserChanges = named('UserChanges', () =>
  z.strictObject({
    status: z.enum(['active', 'deactivated']).optional(),
    name: personNameOrNull().optional(),
    username: username().nullable().optional(),
  }),
)

export type UserChanges = z.infer<typeof UserChanges>

export const UserMailRequest = named('UserMailRequest', () =>
  z.strictObject({
    kind: z.enum(['verification', 'password_reset']).meta({ description: 'What the link in the mail is for' }),
  }),
)
export type UserMailKind = z.infer<typeof UserMailRequest>['kind']

export const UserNote = named('UserNote', () =>
  z.object({ note: z.string().nullable(), changedAt: timestamp().nullable(), changedBy: z.string().nullable() }),
)
export type UserNote = z.infer<typeof UserNote>

export const UserNoteChange = named('UserNoteChange', () =>
  z.strictObject({ note: z.string().trim().min(1).max(1000).nullable() }),
)
