import * as z from 'zod'
import { named, removablePersonName, timestamp, username } from './common.ts'

export const User = named('User', () =>
  z.object({
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
    createdAt: timestamp(),
    lastSeenAt: timestamp().nullable(),
  }),
)
export type User = z.infer<typeof User>

export const UpdateProfileRequest = named('UpdateProfileRequest', () =>
  z.strictObject({ name: removablePersonName().optional(), username: username().nullable().optional() }),
)

export const DeleteAccountRequest = named('DeleteAccountRequest', () =>
  z.strictObject({ password: z.string().min(1).max(256).optional() }),
)
