import * as z from 'zod'
import { Delivery, OpaqueToken, PasswordAttempt, Timestamp } from './common.ts'
import { User } from './users.ts'

export const LoginRequest = z
  .strictObject({
    identifier: z
      .string()
      .min(1)
      .max(320)
      .meta({ description: 'E-mail address or username', example: 'ada@example.com' }),
    password: PasswordAttempt,
    delivery: Delivery,
  })
  .meta({ id: 'LoginRequest' })

export const MfaMethod = z.enum(['totp', 'recovery_code', 'email', 'passkey'])
export type MfaMethod = z.infer<typeof MfaMethod>

export const MfaLoginRequest = z
  .strictObject({ ticket: OpaqueToken, method: MfaMethod, code: z.string().min(1).max(64), delivery: Delivery })
  .meta({ id: 'MfaLoginRequest' })

export const MfaEmailRequest = z.strictObject({ ticket: OpaqueToken }).meta({ id: 'MfaEmailRequest' })

export const Tokens = z
  .object({
    tokenType: z.literal('Bearer'),
    accessToken: z.string(),
    expiresIn: z.int().meta({ description: 'Seconds' }),
    refreshToken: z.string(),
    refreshExpiresIn: z.int().meta({ description: 'Seconds' }),
  })
  .meta({ id: 'Tokens' })
export type Tokens = z.infer<typeof Tokens>

export const SignedIn = z
  .object({
    status: z.literal('signed_in'),
    user: User,
    session: z.object({ id: z.string(), expiresAt: Timestamp, deviceToken: z.string().optional() }),
    tokens: Tokens.optional(),
  })
  .meta({ id: 'SignedIn' })

export const MfaNeeded = z
  .object({ status: z.literal('mfa_required'), ticket: z.string(), expiresIn: z.int(), methods: z.array(MfaMethod) })
  .meta({ id: 'MfaNeeded' })

export const LoginAnswer = z.union([SignedIn, MfaNeeded])

export const RefreshRequest = z.strictObject({ refreshToken: OpaqueToken.optional() }).meta({ id: 'RefreshRequest' })
export const LogoutRequest = z.strictObject({ refreshToken: OpaqueToken.optional() }).meta({ id: 'LogoutRequest' })
export const RefreshAnswer = z.union([Tokens, z.object({ expiresIn: z.int() })])
