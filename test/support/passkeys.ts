import {
  PasskeyAuthenticationOptions,
  PasskeyRegistrationOptions,
  RegisteredPasskey,
} from '../../src/contracts/passkeys.ts'
import { verifyAttestation } from '../../src/services/factors/passkeys/attestation.ts'
import { toPasskey } from '../../src/services/factors/passkeys/management.ts'
import { newId } from '../../src/services/identifiers.ts'
import { passkeys } from '../../src/storage/schema/index.ts'
import { settings, signedIn } from './accounts.ts'
import { answerOf } from './answers.ts'
import { bearer, post } from './client.ts'
import { rows } from './database.ts'
import { jobPlatform } from './outbox.ts'
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

/** Lets every session of a user count as one in which a strong factor was shown a moment ago. */
const makeStrong = (userId: string) =>
  rows('update sessions set strong_authenticated_at = authenticated_at where user_id = ?', userId)

/** Creates an account with a passkey as a registration leaves it, in a session that has shown it. */
export async function withPasskey(traits: Parameters<typeof createAuthenticator>[0] = {}) {
  const account = await signedIn()
  const authenticator = createAuthenticator(traits)
  const challenge = Buffer.from(crypto.randomUUID()).toString('base64url')
  const user = { id: Buffer.from(account.id).toString('base64url') }
  const response = await authenticator.create({ challenge, rp: settings.relyingParty, user })
  const verified = await verifyAttestation({ settings }, { challenge, response })
  if (!verified.ok) throw new Error(verified.error)
  const owned = { id: newId(), userId: account.id, name: 'My passkey', createdAt: Date.now(), lastUsedAt: null }
  const stored = { ...verified.value, ...owned }
  await jobPlatform().db.insert(passkeys).values(stored)
  await makeStrong(account.id)
  return { ...account, headers: bearer(account.tokens.accessToken), authenticator, passkey: await toPasskey(stored) }
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
