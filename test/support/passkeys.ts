import {
  PasskeyAuthenticationOptions,
  PasskeyRegistrationOptions,
  RegisteredPasskey,
} from '../../src/contracts/passkeys.ts'
import { signedIn } from './accounts.ts'
import { answerOf } from './answers.ts'
import { bearer, post } from './client.ts'
import { type Authenticator, createAuthenticator, type Lies } from './passkey-authenticator.ts'

type Headers = Record<string, string>

/** Asks for the options of a registration. */
export const registrationOptions = async (headers: Headers) =>
  await answerOf(await post('/auth/passkeys/registration/options', undefined, headers), PasskeyRegistrationOptions)

/** Asks for the options of a login. */
export const loginOptions = async (mfaTicket?: string) =>
  await answerOf(
    await post('/auth/passkeys/authentication/options', mfaTicket === undefined ? {} : { mfaTicket }),
    PasskeyAuthenticationOptions,
  )

/** Registers a passkey of this authenticator. */
export async function register(headers: Headers, authenticator: Authenticator, name?: string) {
  const { ticket, options } = await registrationOptions(headers)
  const body = { ticket, response: await authenticator.create(options), ...(name === undefined ? {} : { name }) }
  return await answerOf(await post('/auth/passkeys/registration', body, headers), RegisteredPasskey, 201)
}

/** Creates a signed-in account with a passkey. */
export async function withPasskey(traits: Parameters<typeof createAuthenticator>[0] = {}) {
  const account = await signedIn()
  const headers = bearer(account.tokens.accessToken)
  const authenticator = createAuthenticator(traits)
  const { passkey } = await register(headers, authenticator)
  return { ...account, headers, authenticator, passkey }
}

/** Signs in with a passkey alone, or as the second factor of a waiting login. */
export async function logInWith(
  authenticator: Authenticator,
  { lies, mfaTicket, headers = {} }: { lies?: Lies; mfaTicket?: string; headers?: Headers } = {},
): Promise<Response> {
  const { ticket, options } = await loginOptions(mfaTicket)
  return await post(
    '/auth/passkeys/authentication',
    { ticket, response: await authenticator.get(options, lies) },
    headers,
  )
}
