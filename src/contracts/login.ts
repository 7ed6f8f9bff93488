import { z } from '@hono/zod-openapi'
import { Delivery, OpaqueToken, PasswordAttempt, Timestamp } from './common.ts'
import { User } from './users.ts'

export const LoginRequest = z
  .strictObject({
    identifier: z
      .string()
      .min(1)
      .max(320)
      .openapi({ description: 'E-mail address or username', example: 'ada@example.com' }),
    password: PasswordAttempt,
    delivery: Delivery,
  })
  .openapi('LoginRequest')

export const MfaMethod = z.enum(['totp', 'recovery_code', 'email', 'passkey'])
export type MfaMethod = z.infer<typeof MfaMethod>

const FactorCode = z.string().min(1).max(64)

/** Asks for a remembered device: its logins do not ask for a second factor for `MFA_REMEMBER_DAYS`. */
export const RememberDevice = z
  .boolean()
  .default(false)
  .openapi({ description: 'Ask this device for no second factor for a while. Ignored where that is switched off.' })

export const MfaLoginRequest = z
  .strictObject({
    ticket: OpaqueToken,
    method: MfaMethod,
    code: FactorCode,
    delivery: Delivery,
    rememberDevice: RememberDevice,
  })
  .openapi('MfaLoginRequest')

export const MfaEmailRequest = z.strictObject({ ticket: OpaqueToken }).openapi('MfaEmailRequest')

export const StepUpMethod = z.enum(['password', ...MfaMethod.options])
export type StepUpMethod = z.infer<typeof StepUpMethod>

/** A password, a code that was typed or mailed, or what a passkey has signed. */
export const StepUpRequest = z
  .union([
    z.strictObject({ method: z.literal('password'), password: PasswordAttempt }),
    z.strictObject({ method: MfaMethod.exclude(['passkey']), code: FactorCode }),
    z.strictObject({
      method: z.literal('passkey'),
      ticket: OpaqueToken,
      response: z.record(z.string(), z.unknown()).openapi({ description: 'As the browser gave it (WebAuthn)' }),
    }),
  ])
  .openapi('StepUpRequest')
export type StepUpRequest = z.infer<typeof StepUpRequest>

export const Tokens = z
  .object({
    tokenType: z.literal('Bearer'),
    accessToken: z.string(),
    expiresIn: z.int().openapi({ description: 'Seconds' }),
    refreshToken: z.string(),
    refreshExpiresIn: z.int().openapi({ description: 'Seconds' }),
  })
  .openapi('Tokens')
export type Tokens = z.infer<typeof Tokens>

export const SignedIn = z
  .object({
    status: z.literal('signed_in'),
    user: User,
    session: z.object({ id: z.string(), expiresAt: Timestamp, deviceToken: z.string().optional() }),
    tokens: Tokens.optional(),
  })
  .openapi('SignedIn')

export const MfaNeeded = z
  .object({ status: z.literal('mfa_required'), ticket: z.string(), expiresIn: z.int(), methods: z.array(MfaMethod) })
  .openapi('MfaNeeded')

export const LoginAnswer = z.union([SignedIn, MfaNeeded])

export const RefreshRequest = z.strictObject({ refreshToken: OpaqueToken.optional() }).openapi('RefreshRequest')
export const LogoutRequest = z.strictObject({ refreshToken: OpaqueToken.optional() }).openapi('LogoutRequest')
export const RefreshAnswer = z.union([Tokens, z.object({ expiresIn: z.int() })])
