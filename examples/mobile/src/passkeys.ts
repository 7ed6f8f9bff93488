import type {
  Client,
  PasskeyAssertion,
  PasskeyAuthenticationOptions,
  PasskeyRegistration,
  PasskeyRegistrationOptions,
} from 'postern/client'

/** The passkeys of the system. The libraries for them take the options, and answer, as JSON. */
export interface Passkeys {
  create(options: PasskeyRegistrationOptions['options']): Promise<PasskeyRegistration>
  get(options: PasskeyAuthenticationOptions['options']): Promise<PasskeyAssertion>
}

/** Adds a passkey. It needs a recent login, for which the `onStepUp` of the client asks. */
export async function addPasskey(auth: Client, passkeys: Passkeys, name: string) {
  const { ticket, options } = await auth.request('POST /auth/passkeys/registration/options')
  const response = await passkeys.create(options)
  return await auth.request('POST /auth/passkeys/registration', { body: { ticket, name, response } })
}

export async function signInWithPasskey(auth: Client, passkeys: Passkeys) {
  const { ticket, options } = await auth.request('POST /auth/passkeys/authentication/options', { body: {} })
  const response = await passkeys.get(options)
  return await auth.request('POST /auth/passkeys/authentication', { body: { ticket, response } })
}
