import * as z from 'zod'
import { Name, Timestamp, Username } from './common.ts'

export const User = z
  .object({
    id: z.string(),
    email: z.string(),
    emailVerified: z.boolean(),
    username: z.string().nullable(),
    name: z.string().nullable(),
    pictureUrl: z.string().nullable(),
    status: z.enum(['active', 'deactivated']),
    roles: z.array(z.string()),
    permissions: z.array(z.string()),
    mfa: z.object({ totp: z.boolean(), passkeys: z.int(), recoveryCodesLeft: z.int() }),
    providers: z.array(z.string()),
    createdAt: Timestamp,
    lastSeenAt: Timestamp.nullable(),
  })
  .meta({ id: 'User' })
export type User = z.infer<typeof User>

export const UpdateProfileRequest = z
  .strictObject({ name: Name.nullable().optional(), username: Username.nullable().optional() })
  .meta({ id: 'UpdateProfileRequest' })

export const DeleteAccountRequest = z
  .strictObject({ password: z.string().min(1).max(256).optional() })
  .meta({ id: 'DeleteAccountRequest' })
