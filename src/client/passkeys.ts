import type { PasskeyAssertion, PasskeyRegistration, RegisteredPasskey, SignedIn } from './api-types.ts'
import type { Client } from './client.ts'
import { PosternError } from './problem.ts'

/** A ticket lives for five minutes. A suggestion that waits for longer is made anew before its ticket dies. */
const SUGGESTION_LIFE_MS = 240_000

interface Ceremony {
  signal?: AbortSignal
}

interface SignInOptions extends Ceremony {
  /** The ticket of a login that answered `mfa_required`. */
  mfaTicket?: string
  rememberDevice?: boolean
}

/** Tells whether this browser can suggest passkeys in an input with `autocomplete="username webauthn"`. */
export const canSuggestPasskeys = async (): Promise<boolean> =>
  (await globalThis.PublicKeyCredential?.isConditionalMediationAvailable?.()) ?? false

/** Lets the person make a passkey, and registers it. It needs a recent login, for which `onStepUp` is asked. */
export async function registerPasskey(
  client: Client,
  { name, signal }: Ceremony & { name?: string } = {},
): Promise<RegisteredPasskey> {
  const { ticket, options } = await client.request('POST /auth/passkeys/registration/options')
  const publicKey = parseCreationOptions(options)
  const credential = await perform(() => navigator.credentials.create({ publicKey, ...given({ signal }) }))
  const response = toJson(credential) as unknown as PasskeyRegistration
  return await client.request('POST /auth/passkeys/registration', { body: { ticket, response, ...given({ name }) } })
}

/** Signs in with a passkey that the person chooses, or completes a login with one. */
export async function signInWithPasskey(client: Client, options: SignInOptions = {}): Promise<SignedIn> {
  return await signIn(client, options, {})
}

/**
 * Suggests passkeys in the input for the name, and resolves when the person took one. It waits for as long as the page
 * is open: end it by `signal` when the person signs in another way.
 */
export async function suggestPasskeys(client: Client, options: SignInOptions = {}): Promise<SignedIn> {
  for (;;) {
    await untilVisible()
    const tooOld = AbortSignal.timeout(SUGGESTION_LIFE_MS)
    const signal = options.signal === undefined ? tooOld : AbortSignal.any([options.signal, tooOld])
    try {
      return await signIn(client, { ...options, signal }, { mediation: 'conditional' })
    } catch (error) {
      if (!tooOld.aborted || options.signal?.aborted) throw error
    }
  }
}

/** Waits while nobody looks at the page, so that a forgotten tab asks for nothing. */
async function untilVisible(): Promise<void> {
  while (document.visibilityState === 'hidden')
    await new Promise((resolve) => document.addEventListener('visibilitychange', resolve, { once: true }))
}

/** Proves once more, by a passkey, who is signed in. It is for the callback `onStepUp`. */
export async function stepUpWithPasskey(client: Client, { signal }: Ceremony = {}): Promise<void> {
  const { ticket, options } = await client.request('POST /auth/step-up/passkey')
  const response = await ask(options, given({ signal }))
  await client.stepUp({ method: 'passkey', ticket, response: { ...response } })
}

async function signIn(
  client: Client,
  { mfaTicket, rememberDevice, signal }: SignInOptions,
  mediation: CredentialRequestOptions,
): Promise<SignedIn> {
  const { ticket, options } = await client.request('POST /auth/passkeys/authentication/options', {
    body: given({ mfaTicket }),
  })
  const response = await ask(options, { ...mediation, ...given({ signal }) })
  const body = { ticket, response, ...given({ rememberDevice }) }
  try {
    return await client.request('POST /auth/passkeys/authentication', { body })
  } catch (error) {
    if (error instanceof PosternError && error.members.unknownCredential) await forget(options.rpId, response.id)
    throw error
  }
}

async function ask(options: object, rest: CredentialRequestOptions): Promise<PasskeyAssertion> {
  const publicKey = parseRequestOptions(options)
  const credential = await perform(() => navigator.credentials.get({ publicKey, ...rest }))
  return toJson(credential) as unknown as PasskeyAssertion
}

/** Runs a dialog of the browser. A person who closes it has done nothing wrong. */
async function perform(dialog: () => Promise<Credential | null>): Promise<PublicKeyCredential> {
  const credential = await dialog().catch((cause: unknown) => {
    if ((cause as Error).name === 'NotAllowedError') throw new PosternError('cancelled', { cause })
    throw cause
  })
  if (credential === null) throw new PosternError('cancelled')
  return credential as PublicKeyCredential
}

/** Tells the authenticator that the service no longer knows a passkey (WebAuthn Level 3 §5.1.10). */
async function forget(rpId: string | undefined, credentialId: string): Promise<void> {
  const { signalUnknownCredential } = PublicKeyCredential as { signalUnknownCredential?(signal: object): Promise<void> }
  const signal = { rpId: rpId ?? location.hostname, credentialId }
  await signalUnknownCredential?.call(PublicKeyCredential, signal).catch(() => undefined)
}

// Browsers before 2025 lack the three functions of WebAuthn Level 3 that turn JSON into these objects and back.

function parseCreationOptions(options: object): PublicKeyCredentialCreationOptions {
  const native = globalThis.PublicKeyCredential?.parseCreationOptionsFromJSON
  return native?.call(PublicKeyCredential, options as never) ?? (parse(options) as PublicKeyCredentialCreationOptions)
}

function parseRequestOptions(options: object): PublicKeyCredentialRequestOptions {
  const native = globalThis.PublicKeyCredential?.parseRequestOptionsFromJSON
  return native?.call(PublicKeyCredential, options as never) ?? (parse(options) as PublicKeyCredentialRequestOptions)
}

/** Decodes what is bytes in WebAuthn: the challenge, and the ids of the user and of credentials. */
function parse(options: object): unknown {
  const { challenge, user, excludeCredentials, allowCredentials, ...rest } = options as Encoded
  const decodeId = <Item extends { id: string }>(item: Item) => ({ ...item, id: decode(item.id) })
  return {
    ...rest,
    challenge: decode(challenge),
    ...given({
      user: user && decodeId(user),
      excludeCredentials: excludeCredentials?.map(decodeId),
      allowCredentials: allowCredentials?.map(decodeId),
    }),
  }
}

interface Encoded {
  challenge: string
  user?: { id: string }
  excludeCredentials?: { id: string }[]
  allowCredentials?: { id: string }[]
}

const BYTES = ['clientDataJSON', 'attestationObject', 'authenticatorData', 'signature', 'userHandle'] as const

function toJson(credential: PublicKeyCredential): object {
  try {
    return credential.toJSON()
  } catch {
    const { id, type } = credential
    const given = credential.response as unknown as Record<string, ArrayBuffer | null | undefined>
    const response: Record<string, unknown> = {}
    for (const name of BYTES) if (given[name]) response[name] = encode(given[name])
    const { getTransports } = credential.response as Partial<AuthenticatorAttestationResponse>
    if (getTransports !== undefined) response.transports = getTransports.call(credential.response)
    return { id, rawId: id, type, response, clientExtensionResults: credential.getClientExtensionResults() }
  }
}

const decode = (text: string) =>
  Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (character) => character.charCodeAt(0))

/** Encodes bytes in base64url without padding. */
export const encode = (bytes: ArrayBuffer) =>
  btoa(String.fromCharCode(...new Uint8Array(bytes)))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '')

type Given<Members> = { [Name in keyof Members]?: Exclude<Members[Name], undefined> }

/** Leaves out the members that are undefined. */
const given = <Members extends object>(members: Members): Given<Members> =>
  Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as Given<Members>
