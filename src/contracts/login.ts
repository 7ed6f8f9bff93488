import * as z from 'zod'
import { onDemand } from '../domain/on-demand.ts'
import { delivery, named, opaqueToken, passwordAttempt, timestamp } from './common.ts'
import { User } from './users.ts'

export const LoginRequest = named('LoginRequest', () =>
  z.strictObject({
    identifier: z
      .string()
      .min(1)
      .max(320)
      .meta({ description: 'E-mail address or username', example: 'ada@example.com' }),
    password: passwordAttempt(),
    delivery: delivery(),
  }),
)

export const MfaMethod = onDemand(() => z.enum(['totp', 'recovery_code', 'email', 'passkey']))
export type MfaMethod = z.infer<typeof MfaMethod>

const factorCode = () => z.string().min(1).max(64)

/** Asks for a remembered device: its logins do not ask for a second factor for `MFA_REMEMBER_DAYS`. */
export const rememberDevice = () =>
  z
    .boolean()
    .default(false)
    .meta({ description: 'Ask this device for no second factor for a while. Ignored where that is switched off.' })

export const MfaLoginRequest = named('MfaLoginRequest', () =>
  z.strictObject({
    ticket: opaqueToken(),
    method: MfaMethod,
    code: factorCode(),
    delivery: delivery(),
    rememberDevice: rememberDevice(),
  }),
)

export const MfaEmailRequest = named('MfaEmailRequest', () => z.strictObject({ ticket: opaqueToken() }))

export const StepUpMethod = onDemand(() => z.enum(['password', ...MfaMethod.options]))
export type StepUpMethod = z.infer<typeof StepUpMethod>

/** A password, a code that was typed or mailed, or what a passkey has signed. */
export const StepUpRequest = named('StepUpRequest', () =>
  z.union([
    z.strictObject({ method: z.literal('password'), password: passwordAttempt() }),
    z.strictObject({ method: MfaMethod.exclude(['passkey']), code: factorCode() }),
    z.strictObject({
      method: z.literal('passkey'),
      ticket: opaqueToken(),
      response: z.record(z.string(), z.unknown()).meta({ description: 'As the browser gave it (WebAuthn)' }),
    }),
  ]),
)
export type StepUpRequest = z.infer<typeof StepUpRequest>

export const Tokens = named('Tokens', () =>
  z.object({
    tokenType: z.literal('Bearer'),
    accessToken: z.string(),
    expiresIn: z.int().meta({ description: 'Seconds' }),
    refreshToken: z.string(),
    refreshExpiresIn: z.int().meta({ description: 'Seconds' }),
  }),
)
export type Tokens = z.infer<typeof Tokens>

export const SignedIn = named('SignedIn', () =>
  z.object({
    status: z.literal('signed_in'),
    user: User,
    session: z.object({ id: z.string(), expiresAt: timestamp(), deviceToken: z.string().optional() }),
    tokens: z.optional(Tokens),
    deletionStopped: z
      .literal(true)
      .optional()
      .meta({ description: 'The account was to be deleted, and is kept because of this login.' }),
  }),
)

export const MfaNeeded = named('MfaNeeded', () =>
  z.object({ status: z.literal('mfa_required'), ticket: z.string(), expiresIn: z.int(), methods: z.array(MfaMethod) }),
)

export const LoginAnswer = onDemand(() => z.union([SignedIn, MfaNeeded]))

export const RefreshRequest = named('RefreshRequest', () => z.strictObject({ refreshToken: opaqueToken().optional() }))
export const LogoutRequest = named('LogoutRequest', () => z.strictObject({ refreshToken: opaqueToken().optional() }))
export const RefreshAnswer = onDemand(() => z.union([Tokens, z.object({ expiresIn: z.int() })]))
