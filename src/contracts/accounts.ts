import * as z from 'zod'
import { emailAddress, named, oneTimeCode, opaqueToken, passwordAttempt, personName, username } from './common.ts'

export const RegisterRequest = named('RegisterRequest', () =>
  z.strictObject({
    email: emailAddress(),
    password: passwordAttempt(),
    username: username().optional(),
    name: personName().optional(),
  }),
)

const byToken = () => ({ token: opaqueToken() })
const byCode = () => ({ email: emailAddress(), code: oneTimeCode() })

/** The token of a link that has no code beside it. */
export const MailedLink = named('MailedLink', () => z.strictObject(byToken()))

/** A mailed token, or the code of the same mail with the address it went to. */
export const VerifyEmailRequest = named('VerifyEmailRequest', () =>
  z.union([z.strictObject(byToken()), z.strictObject(byCode())]),
)

export const EmailRequest = named('EmailRequest', () => z.strictObject({ email: emailAddress() }))

export const ResetPasswordRequest = named('ResetPasswordRequest', () =>
  z.union([
    z.strictObject({ ...byToken(), password: passwordAttempt() }),
    z.strictObject({ ...byCode(), password: passwordAttempt() }),
  ]),
)

export const AcceptInvitationRequest = named('AcceptInvitationRequest', () =>
  z.strictObject({ ...byToken(), password: passwordAttempt() }),
)

export const ChangePasswordRequest = named('ChangePasswordRequest', () =>
  z.strictObject({ currentPassword: passwordAttempt(), newPassword: passwordAttempt() }),
)

export const ChangeEmailRequest = named('ChangeEmailRequest', () =>
  z.strictObject({ newEmail: emailAddress(), password: passwordAttempt().optional() }),
)

/** A mailed token, or the code of the same mail with the new address that it went to. */
export const ConfirmEmailChangeRequest = named('ConfirmEmailChangeRequest', () =>
  z.union([z.strictObject(byToken()), z.strictObject(byCode())]),
)
