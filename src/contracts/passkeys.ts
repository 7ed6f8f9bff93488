import * as z from 'zod'
import { delivery, named, opaqueToken, personName, timestamp } from './common.ts'
import { rememberDevice } from './login.ts'

/** Bytes in base64url without padding, as browsers write them. */
const base64url = (maxLength: number) =>
  z
    .string()
    .max(maxLength)
    .regex(/^[A-Za-z0-9_-]+$/, 'Send base64url without padding.')

/** WebAuthn Level 3 §4 allows 1023 bytes for the id of a credential. */
const credentialId = () => base64url(1364)
const clientData = () => base64url(8192)
const passkeyName = () => personName().pipe(z.string().max(64, 'Use at most 64 characters.'))

const ticketText = () =>
  z.string().meta({ description: 'Send it back with the answer of the browser. It works once, for five minutes.' })

const descriptor = () => z.object({ id: z.string(), type: z.string(), transports: z.array(z.string()).optional() })

const userVerification = () => z.enum(['required', 'preferred', 'discouraged'])

/** `PublicKeyCredentialCreationOptionsJSON` of WebAuthn Level 3 §5.1.9. */
export const PasskeyRegistrationOptions = named('PasskeyRegistrationOptions', () =>
  z.object({
    ticket: ticketText(),
    options: z.object({
      challenge: z.string(),
      rp: z.object({ id: z.string().optional(), name: z.string() }),
      user: z.object({ id: z.string(), name: z.string(), displayName: z.string() }),
      pubKeyCredParams: z.array(z.object({ type: z.string(), alg: z.int() })),
      timeout: z.int().optional(),
      excludeCredentials: z.array(descriptor()).optional(),
      authenticatorSelection: z
        .object({
          residentKey: z.string().optional(),
          requireResidentKey: z.boolean().optional(),
          userVerification: userVerification().optional(),
        })
        .optional(),
      attestation: z.string().optional(),
      hints: z.array(z.string()).optional(),
      extensions: z.object({ credProps: z.boolean().optional() }).optional(),
    }),
  }),
)

/** `PublicKeyCredentialRequestOptionsJSON` of WebAuthn Level 3 §5.1.9. */
export const PasskeyAuthenticationOptions = named('PasskeyAuthenticationOptions', () =>
  z.object({
    ticket: ticketText(),
    options: z.object({
      challenge: z.string(),
      rpId: z.string().optional(),
      timeout: z.int().optional(),
      allowCredentials: z.array(descriptor()).optional(),
      userVerification: userVerification().optional(),
    }),
  }),
)

/**
 * What a browser's `PublicKeyCredential.toJSON()` gives. Members that are not named here are left out and not refused,
 * because the browser adds them and not the page.
 */
const credential = <Response extends z.ZodRawShape>(response: Response) =>
  z.object({
    id: credentialId(),
    rawId: credentialId(),
    type: z.literal('public-key'),
    response: z.object(response),
    clientExtensionResults: z.object({ credProps: z.object({ rk: z.boolean().optional() }).optional() }).default({}),
  })

export const PasskeyRegistration = named('PasskeyRegistration', () =>
  credential({
    clientDataJSON: clientData(),
    attestationObject: base64url(16_384),
    transports: z
      .array(z.string().regex(/^[a-z-]{1,16}$/))
      .max(8)
      .default([]),
  }),
)

export type PasskeyRegistration = z.infer<typeof PasskeyRegistration>

export const PasskeyAssertion = named('PasskeyAssertion', () =>
  credential({
    clientDataJSON: clientData(),
    authenticatorData: base64url(4096),
    signature: base64url(2048),
    userHandle: base64url(86).nullish(),
  }),
)

export type PasskeyAssertion = z.infer<typeof PasskeyAssertion>

export const RegisterPasskeyRequest = named('RegisterPasskeyRequest', () =>
  z.strictObject({
    ticket: opaqueToken(),
    name: passkeyName().optional().meta({ description: 'Without one it is called by its provider or by the device.' }),
    response: PasskeyRegistration,
  }),
)

export const PasskeyOptionsRequest = named('PasskeyOptionsRequest', () =>
  z.strictObject({
    mfaTicket: opaqueToken().optional().meta({
      description: 'The ticket of a login that waits for its second factor',
    }),
  }),
)

export const PasskeyLoginRequest = named('PasskeyLoginRequest', () =>
  z.strictObject({
    ticket: opaqueToken(),
    response: PasskeyAssertion,
    delivery: delivery(),
    rememberDevice: rememberDevice(),
  }),
)

export const RenamePasskeyRequest = named('RenamePasskeyRequest', () => z.strictObject({ name: passkeyName() }))

export const Passkey = named('Passkey', () =>
  z.object({
    id: z.string(),
    credentialId: z.string().meta({ description: 'The id that the authenticator chose, in base64url' }),
    name: z.string(),
    createdAt: timestamp(),
    lastUsedAt: timestamp().nullable(),
    transports: z.array(z.string()),
    backedUp: z.boolean().meta({ description: 'Whether its provider has copied it to other devices' }),
    provider: z.string().nullable().meta({ example: 'Apple Passwords' }),
  }),
)

export type Passkey = z.infer<typeof Passkey>

export const RegisteredPasskey = named('RegisteredPasskey', () =>
  z.object({ passkey: Passkey, recoveryCodes: z.array(z.string()).optional() }),
)

/** The list has what `PublicKeyCredential.signalAllAcceptedCredentials()` asks for (WebAuthn Level 3 §5.1.10). */
export const PasskeyList = named('PasskeyList', () =>
  z.object({
    items: z.array(Passkey),
    nextCursor: z.string().nullable(),
    rpId: z.string(),
    userHandle: z.string().meta({ description: 'The id of the user as authenticators know it, in base64url' }),
  }),
)

export type PasskeyList = z.infer<typeof PasskeyList>

export const RelatedOrigins = named('RelatedOrigins', () => z.object({ origins: z.array(z.string()) }))

export const PasskeyEndpoints = named('PasskeyEndpoints', () => z.object({ enroll: z.url(), manage: z.url() }))
