import { TotpEnrolment } from '../../src/contracts/factors.ts'
import {
  PasskeyAuthenticationOptions,
  PasskeyRegistrationOptions,
  RegisteredPasskey,
} from '../../src/contracts/passkeys.ts'
import { giveSecondFactor, mailedToken, signedIn } from './accounts.ts'
import { answerOf } from './answers.ts'
import { totpCode } from './authenticator.ts'
import { PASSWORD } from './client.ts'
import { rows } from './database.ts'
import { createAuthenticator } from './passkey-authenticator.ts'
import type { Ask } from './request-costs.ts'
import { beginLogin } from './second-factors.ts'
import { addPasskey, undoTokenOf } from './undo.ts'

/** Measures every route of the second factors and of the step-up. */
export async function measureFactors(ask: Ask): Promise<void> {
  await measureApp(ask)
  await measurePasskeys(ask)
  await measureStepUps(ask)
}

async function measureApp(ask: Ask): Promise<void> {
  const user = await signedIn()
  const { secret } = await answerOf(await ask('POST /auth/mfa/totp', { as: user }), TotpEnrolment, 201)
  await ask('POST /auth/mfa/totp/activate', { as: user, body: { code: totpCode(secret) } })
  await ask('POST /auth/mfa/recovery-codes', { as: user })
  await ask('POST /auth/step-up', { as: user, body: { method: 'totp', code: totpCode(secret, 1) }, note: 'by the app' })
  await ask('DELETE /auth/mfa/totp', { as: user, note: 'without another session' })
}

async function measurePasskeys(ask: Ask): Promise<void> {
  const user = await signedIn()
  const authenticator = createAuthenticator()
  const begun = await ask('POST /auth/passkeys/registration/options', { as: user })
  const registration = await answerOf(begun, PasskeyRegistrationOptions)
  const response = await authenticator.create(registration.options)
  const registered = await ask('POST /auth/passkeys/registration', {
    as: user,
    body: { ticket: registration.ticket, response },
    note: 'the first factor',
  })
  const { passkey } = await answerOf(registered, RegisteredPasskey, 201)
  await ask('GET /auth/passkeys', { as: user })
  const at = `/auth/passkeys/${passkey.id}`
  await ask('PATCH /auth/passkeys/{id}', { as: user, at, body: { name: 'Key' } })

  const sign = async (asked: Response) => {
    const { ticket, options } = await answerOf(asked, PasskeyAuthenticationOptions)
    return { ticket, response: await authenticator.get(options) }
  }
  const login = async (note: string, options = {}) => {
    const body = await sign(await ask('POST /auth/passkeys/authentication/options', { body: options, note }))
    await ask('POST /auth/passkeys/authentication', { body, note })
  }
  await login('alone')
  const mfaTicket = await beginLogin(user.email)
  await login('as the second factor', { mfaTicket })
  const proof = await sign(await ask('POST /auth/step-up/passkey', { as: user }))
  await ask('POST /auth/step-up', { as: user, body: { method: 'passkey', ...proof }, note: 'by a passkey' })
  await ask('DELETE /auth/passkeys/{id}', { as: user, at, note: 'with two other sessions' })
}

async function measureStepUps(ask: Ask): Promise<void> {
  const user = await signedIn()
  const body = { method: 'password', password: PASSWORD }
  await ask('POST /auth/step-up', { as: user, body, note: 'by the password' })
  await rows('update users set password_hash = null where id = ?', user.id)
  await ask('POST /auth/step-up/email', { as: user })
}

/** Measures how a security notice is undone, and how the removal of lost factors is asked for and stopped. */
export async function measureUndoing(ask: Ask): Promise<void> {
  const admin = await signedIn()
  await rows("insert into user_roles (user_id, role) values (?, 'admin')", admin.id)
  const user = await signedIn()
  await giveSecondFactor(user.id)
  await ask('DELETE /users/{id}/factors', { as: admin, at: `/users/${user.id}/factors` })
  await ask('POST /auth/keep-factors', { body: { token: await mailedToken(user.email, 'keep_factors') } })
  await addPasskey(user.email)
  await ask('POST /auth/not-me', { body: { token: await undoTokenOf(user.email, 'factor_added') } })
}
