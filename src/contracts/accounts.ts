import { z } from '@hono/zod-openapi'
import { EmailAddress, Name, OneTimeCode, OpaqueToken, PasswordAttempt, Username } from './common.ts'

export const RegisterRequest = z
  .strictObject({
    email: EmailAddress,
    password: PasswordAttempt,
    username: Username.optional(),
    name: Name.optional(),
  })
  .openapi('RegisterRequest')

const ByToken = { token: OpaqueToken }
const ByCode = { email: EmailAddress, code: OneTimeCode }

/** A mailed token, or the code of the same mail with the address it went to. */
export const VerifyEmailRequest = z
  .union([z.strictObject(ByToken), z.strictObject(ByCode)])
  .openapi('VerifyEmailRequest')

export const EmailRequest = z.strictObject({ email: EmailAddress }).openapi('EmailRequest')

export const ResetPasswordRequest = z
  .union([
    z.strictObject({ ...ByToken, password: PasswordAttempt }),
    z.strictObject({ ...ByCode, password: PasswordAttempt }),
  ])
  .openapi('ResetPasswordRequest')

export const ChangePasswordRequest = z
  .strictObject({ currentPassword: PasswordAttempt, newPassword: PasswordAttempt })
  .openapi('ChangePasswordRequest')

export const ChangeEmailRequest = z
  .strictObject({ newEmail: EmailAddress, password: PasswordAttempt.optional() })
  .openapi('ChangeEmailRequest')

/** A mailed token, or the code of the same mail with the new address that it went to. */
export const ConfirmEmailChangeRequest = z
  .union([z.strictObject(ByToken), z.strictObject(ByCode)])
  .openapi('ConfirmEmailChangeRequest')
