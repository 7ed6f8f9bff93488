import * as z from 'zod'
import { named, timestamp } from './common.ts'

export const SigningKeyView = named('SigningKey', () =>
  z.object({
    kid: z.string(),
    state: z.enum(['next', 'current', 'former', 'unusable']).meta({
      description:
        '`next` is published and does not sign yet, `current` signs, `former` still verifies, and no secret of this deployment opens an `unusable` one.',
    }),
    createdAt: timestamp(),
    signsUntil: timestamp(),
    verifiesUntil: timestamp(),
  }),
)
export type SigningKeyView = z.infer<typeof SigningKeyView>
