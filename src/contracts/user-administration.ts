import { z } from '@hono/zod-openapi'
import { Name, Timestamp, Username } from './common.ts'
import { PageQuery } from './lists.ts'
import { RoleName } from './roles.ts'

const Flag = z.enum(['true', 'false']).transform((value) => value === 'true')

/** A `...From` is the first moment of the listed time, and a `...To` is the first moment after it. */
export const UserQuery = PageQuery.extend({
  q: z.string().trim().min(1).max(100).optional().openapi({
    description: 'The beginning of an e-mail address, a username or a name, whatever its case and accents',
  }),
  role: RoleName.optional(),
  status: z.enum(['active', 'deactivated']).optional(),
  verified: Flag.optional().openapi({ type: 'string', enum: ['true', 'false'] }),
  factor: z.enum(['totp', 'passkey', 'none']).optional(),
  provider: z.string().max(32).optional(),
  createdFrom: Timestamp.optional(),
  createdTo: Timestamp.optional(),
  lastSeenFrom: Timestamp.optional(),
  lastSeenTo: Timestamp.optional(),
})
export type UserQuery = z.infer<typeof UserQuery>

export const UserChanges = z
  .strictObject({
    status: z.enum(['active', 'deactivated']).optional(),
    name: Name.nullable().optional(),
    username: Username.nullable().optional(),
  })
  .openapi('UserChanges')
export type UserChanges = z.infer<typeof UserChanges>
