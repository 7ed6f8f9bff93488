import * as z from 'zod'
import { EmailAddress, Name, OneTimeCode, OpaqueToken, PasswordAttempt, Username } from './common.ts'

export const RegisterRequest = z
  .strictObject({
    email: EmailAddress,
    password: PasswordAttempt,
    username: Username.optional(),
    name: Name.optional(),
  })
  .meta({ id: 'RegisterRequest' })

const ByToken = { token: OpaqueToken }
const ByCode = { email: EmailAddress, code: OneTimeCode }

/** A mailed token, or the code of the same mail with the address it went to. */
export const VerifyEmailRequest = z
  .union([z.strictObject(ByToken), z.strictObject(ByCode)])
  .meta({ id: 'VerifyEmailRequest' })

export const EmailRequest = z.strictObject({ email: EmailAddress }).meta({ id: 'EmailRequest' })

export const ResetPasswordRequest = z
  .union([
    z.strictObject({ ...ByToken, password: PasswordAttempt }),
    z.strictObject({ ...ByCode, password: PasswordAttempt }),
  ])
  .meta({ id: 'ResetPasswordRequest' })

export const ChangePasswordRequest = z
  .strictObject({ currentPassword: PasswordAttempt, newPassword: PasswordAttempt })
  .meta({ id: 'ChangePasswordRequest' })

export const ChangeEmailRequest = z
  .strictObject({ newEmail: EmailAddress, password: PasswordAttempt })
  .meta({ id: 'ChangeEmailRequest' })

/** A mailed token, or the code of the same mail with the new address that it went to. */
export const ConfirmEmailChangeRequest = z
  .union([z.strictObject(ByToken), z.strictObject(ByCode)])
  .meta({ id: 'ConfirmEmailChangeRequest' })
